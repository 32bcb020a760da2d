import StreamingMetrics

/// The text of a log file, line by line, with errors that say where the damage is.
///
///     v1            header: the format's version
///     …             lines, separated by one \n; Spark writes none after the last, a reader accepts one
struct LogText {
    /// The file's path, for errors.
    let path: String
    /// The lines after the header.
    let lines: [Substring]
    /// What a user can do when the file is damaged.
    let repair: String

    /// Splits a file's bytes and checks the header against the version this engine reads.
    ///
    /// - Parameter exactly: whether a newer format would be another log altogether (commits), which only changes the words.
    init(_ bytes: [UInt8], path: String, repair: String, exactly: Bool = false) throws {
        self.path = path
        self.repair = repair
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw EngineError(.checkpointCorrupt, "cannot read \(path): it is not UTF-8 text", hint: repair)
        }
        guard !text.isEmpty else {
            throw EngineError(
                .checkpointCorrupt, "cannot read \(path): Incomplete log file, it is empty", hint: repair)
        }
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        if lines.count > 1, lines.last == "" { lines.removeLast() }
        self.lines = Array(lines.dropFirst())
        try checkVersion(lines[0], exactly: exactly)
    }

    private func checkVersion(_ header: Substring, exactly: Bool) throws {
        guard header != "v1" else { return }
        guard header.hasPrefix("v"), let version = CheckpointPath.number(header.dropFirst()), version > 0 else {
            throw EngineError(
                .checkpointCorrupt,
                "cannot read \(path), line 1: MALFORMED_LOG_FILE, failed to read a log version from "
                    + "\"\(LogText.excerpt(header))\"", hint: repair)
        }
        throw EngineError(
            .checkpointIncompatible,
            exactly
                ? "cannot read \(path), line 1: INVALID_LOG_VERSION.EXACT_MATCH_VERSION, the only supported log version is "
                    + "v1, but encountered v\(version)"
                : "cannot read \(path), line 1: INVALID_LOG_VERSION.MAX_SUPPORTED_VERSION, the maximum supported log "
                    + "version is v1, but encountered v\(version)",
            hint: "the file was written by a newer release; go on with that release, or use a new checkpoint")
    }

    /// The JSON object in a line; `index` counts from 0 after the header.
    func object(_ index: Int) throws -> [JSONValue.Member] {
        let value: JSONValue
        do {
            value = try JSONValue(parsing: String(lines[index]))
        } catch {
            throw damage(index, "\(error)", cause: error)
        }
        guard let members = value.members else { throw damage(index, "a JSON object is needed") }
        return members
    }

    /// An error about a line; `index` counts from 0 after the header.
    func damage(_ index: Int, _ reason: String, cause: (any Error)? = nil) -> EngineError {
        let excerpt = index < lines.count ? ": \"\(LogText.excerpt(lines[index]))\"" : ""
        return EngineError(
            .checkpointCorrupt, "cannot read \(path), line \(index + 2): \(reason)\(excerpt)", hint: repair,
            cause: cause)
    }

    private static func excerpt(_ text: Substring) -> String { text.count > 80 ? text.prefix(80) + "…" : String(text) }
}
