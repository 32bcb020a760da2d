/// A broken promise ends the program, which is how libFuzzer learns of it.
func check(_ holds: Bool, _ promise: @autoclosure () -> String) {
    if !holds { fatalError("FINDING: " + promise()) }
}
