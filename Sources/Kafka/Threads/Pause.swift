import Glibc

/// Lets other threads run for a tenth of a millisecond.
func pauseBriefly() {
    usleep(100)
}
