/// A broken promise ends the program, which is how libFuzzer learns of it.
public func check(_ holds: Bool, _ promise: @autoclosure () -> String) {
    if !holds { fatalError("FINDING: " + promise()) }
}
