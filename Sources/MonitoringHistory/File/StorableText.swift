extension String {
    /// The text as a history can hold it: SQLite's texts end at a NUL for most who read them, so that there is another mark in its place.
    var storable: String { contains("\0") ? replacing("\0", with: "\u{fffd}") : self }
}
