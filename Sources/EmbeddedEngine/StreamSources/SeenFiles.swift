/// The files a source has taken already, bounded by age: an entry older than `maxFileAge` before the newest file is
/// forgotten, and a file older than that is never new.
struct SeenFiles {
    private var entries: [String: Int64] = [:]
    private var newest: Int64 = 0
    /// Files before this time are too old, as of the last ``purge()``.
    private var purgedBefore: Int64 = 0
    private let maxAgeMilliseconds: Int64
    private let fileNameOnly: Bool

    /// - Parameter fileNameOnly: whether a file is known by its last path component only.
    init(maxAgeMilliseconds: Int64, fileNameOnly: Bool) {
        self.maxAgeMilliseconds = maxAgeMilliseconds
        self.fileNameOnly = fileNameOnly
    }

    /// How many files are remembered.
    var count: Int { entries.count }

    /// Remembers a file.
    mutating func add(_ path: String, modifiedMilliseconds: Int64) {
        entries[key(path)] = modifiedMilliseconds
        newest = max(newest, modifiedMilliseconds)
    }

    /// Whether a file was not taken before and is not too old.
    func isNew(_ path: String, modifiedMilliseconds: Int64) -> Bool {
        modifiedMilliseconds >= purgedBefore && entries[key(path)] == nil
    }

    /// Forgets what is too old; returns how many entries.
    @discardableResult
    mutating func purge() -> Int {
        purgedBefore = max(purgedBefore, newest - maxAgeMilliseconds)
        let before = entries.count
        entries = entries.filter { $0.value >= purgedBefore }
        return before - entries.count
    }

    private func key(_ path: String) -> String { fileNameOnly ? CheckpointPath.name(of: path) : path }
}
