/// A key as it was pressed on a terminal.
enum Key: Sendable, Hashable {
    /// A letter, digit, sign or blank.
    case character(Character)
    /// A letter with the control key held: `c` for Ctrl-C.
    case control(Character)
    case enter, escape, backspace, tab, delete
    case up, down, left, right, pageUp, pageDown, home, end
}
