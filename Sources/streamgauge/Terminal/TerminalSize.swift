import Glibc

/// How many characters a terminal shows.
struct TerminalSize: Sendable, Hashable {
    var columns: Int
    var rows: Int

    /// What terminals had when they were things; for one that does not say.
    static let usual = TerminalSize(columns: 80, rows: 24)
    /// Wider and higher ones are drawn up to here.
    private static let largest = 1000

    /// A terminal's size now.
    static func current(of descriptor: Int32) -> TerminalSize {
        var size = winsize()
        guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else { return usual }
        return TerminalSize(columns: min(Int(size.ws_col), largest), rows: min(Int(size.ws_row), largest))
    }
}
