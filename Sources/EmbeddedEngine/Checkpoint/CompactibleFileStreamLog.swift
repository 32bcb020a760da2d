import Synchronization

/// Settings of a log that is compacted.
struct CompactionSettings: Sendable, Hashable {
    /// Every so many files the log is written as one; what is on disk already wins over it.
    var interval: Int64 = 10
    /// How many of the newest numbers must stay readable.
    var minBatchesToRetain: Int64 = 100
    /// How old a superseded file must be before it is deleted, milliseconds by file time.
    var cleanupDelayMs: Int64 = 600_000
}

/// A log of lines in files `N`, of which each `interval`-th is `N.compact` and repeats all lines before it.
///
///     0  1  2.compact  3  4  5.compact  6        interval 3: (N + 1) % 3 == 0
///
/// Lines since the last compaction are kept as bytes, so that adding never reads a file but, once per interval, the last
/// compact one, which is copied as it is.
final class CompactibleFileStreamLog: Sendable {
    /// The folder.
    let directory: String
    let files: any CheckpointFileManager
    private let settings: CompactionSettings
    /// What is on disk.
    private struct State {
        var latest: Int64?
        var interval: Int64
        var newestCompaction: Int64?
        /// The lines of the files after the newest compaction, oldest first; `nil` for a file not read yet.
        var tail: [Int64: [UInt8]] = [:]
    }
    private let state: Mutex<State>

    /// Opens the log and makes its folder if it is missing.
    init(directory: String, files: any CheckpointFileManager, settings: CompactionSettings) throws {
        guard settings.interval > 0 else {
            throw EngineError(
                .illegalArgument, "cannot use \(settings.interval) as the compaction interval of \(directory)",
                hint: "it must be a positive integer")
        }
        self.directory = directory
        self.files = files
        self.settings = settings
        try files.createDirectories(directory)
        let names = try files.list(directory).compactMap(Name.init)
        let compactions = names.filter(\.isCompact).map(\.number).sorted()
        state = Mutex(
            State(
                latest: names.map(\.number).max(),
                interval: CompactibleFileStreamLog.interval(compactions: compactions, setting: settings.interval),
                newestCompaction: compactions.last))
    }

    /// The newest number; nil if the log is empty.
    var latest: Int64? { state.withLock { $0.latest } }

    /// The interval in use.
    var interval: Int64 { state.withLock { $0.interval } }

    /// Adds a file; throws ``EngineError/Code/checkpointInUse`` if its number is taken.
    ///
    /// - Parameters:
    ///   - lines: JSON lines without line breaks between or around them.
    ///   - compacting: may shorten the lines that a compaction takes over; without it they are copied unread.
    func add(
        _ number: Int64, _ lines: [String], compacting: (([Substring]) throws -> [Substring])? = nil
    ) throws {
        var own: [UInt8] = []
        for line in lines {
            own.append(UInt8(ascii: "\n"))
            own.append(contentsOf: line.utf8)
        }
        let isCompact = isCompaction(number)
        var bytes = Array("v1".utf8)
        if isCompact { bytes.append(contentsOf: try compacted(before: number, compacting)) }
        bytes.append(contentsOf: own)
        let file = path(number, isCompact)
        do {
            // A log written by another interval may have this number under its other name.
            if try files.exists(path(number, !isCompact)) { throw AlreadyExists(path: path(number, !isCompact)) }
            try files.createAtomic(file, bytes, .failIfExists)
        } catch is AlreadyExists {
            throw MetadataLog.concurrentUpdate(number, file)
        }
        state.withLock { state in
            state.latest = max(state.latest ?? number, number)
            if isCompact {
                state.newestCompaction = number
                state.tail.removeAll()
            } else {
                state.tail[number] = own
            }
        }
        try deleteExpired(newest: number, file)
    }

    /// The lines of the file of a number, which in a compact file are all lines up to it; nil if there is no such file.
    func file(_ number: Int64) throws -> LogText? {
        for isCompact in [false, true] {
            let path = path(number, isCompact)
            if try files.exists(path) {
                return try LogText(try files.read(path), path: path, repair: repair(path))
            }
        }
        return nil
    }

    /// The files that together hold every line up to the newest: the newest compact one and all after it.
    func allFiles() throws -> [LogText] {
        guard let latest else { return [] }
        return try files(through: latest)
    }

    /// Whether a number is written as a compact file.
    func isCompaction(_ number: Int64) -> Bool { (number + 1) % interval == 0 }

    // MARK: Compaction

    /// The interval that files on disk were written with: what they say wins over the setting.
    static func interval(compactions: [Int64], setting: Int64) -> Int64 {
        guard let newest = compactions.last else { return setting }
        if compactions.count > 1 { return newest - compactions[compactions.count - 2] }
        let length = newest + 1
        if length <= setting { return length }
        guard setting < length / 2 else { return length }
        return (setting...length / 2).first { length % $0 == 0 } ?? length
    }

    /// All lines before a number, each after a line break.
    private func compacted(
        before number: Int64, _ compacting: (([Substring]) throws -> [Substring])?
    ) throws -> [UInt8] {
        guard number > 0 else { return [] }
        if let compacting {
            let kept = try compacting(try files(through: number - 1).flatMap(\.lines))
            return kept.flatMap { [UInt8(ascii: "\n")] + Array($0.utf8) }
        }
        let (newest, tail) = state.withLock { ($0.newestCompaction, $0.tail) }
        var bytes: [UInt8] = []
        for earlier in (newest ?? 0)..<number {
            if let lines = tail[earlier] {
                bytes.append(contentsOf: lines)
            } else {
                bytes.append(contentsOf: try linesOnDisk(earlier))
            }
        }
        return bytes
    }

    /// A file's bytes behind its header, unread but for that.
    private func linesOnDisk(_ number: Int64) throws -> ArraySlice<UInt8> {
        for isCompact in [true, false] {
            let path = path(number, isCompact)
            guard try files.exists(path) else { continue }
            let bytes = try files.read(path)
            let headerEnd = bytes.firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
            _ = try LogText(Array(bytes[..<headerEnd]), path: path, repair: repair(path))
            let lines = bytes[headerEnd...]
            return lines.last == UInt8(ascii: "\n") ? lines.dropLast() : lines
        }
        throw missing(number)
    }

    private func files(through last: Int64) throws -> [LogText] {
        var texts: [LogText] = []
        var number = last
        while number >= 0 {
            let compact = path(number, true)
            if try files.exists(compact) {
                texts.append(try LogText(try files.read(compact), path: compact, repair: repair(compact)))
                break
            }
            guard let text = try file(number) else { throw missing(number) }
            texts.append(text)
            number -= 1
        }
        return texts.reversed()
    }

    /// Deletes what a compaction made superfluous, except what the retained batches may still ask for.
    private func deleteExpired(newest: Int64, _ newestFile: String) throws {
        let interval = interval
        let oldestNeeded = newest + 1 - settings.minBatchesToRetain
        // Once per interval is enough, and spares the listing.
        guard oldestNeeded > 0, isCompaction(newest) || oldestNeeded % interval == 0 else { return }
        let kept = oldestNeeded - oldestNeeded % interval - 1
        let expiry = (try files.status(newestFile)?.modificationTimeMs ?? 0) - settings.cleanupDelayMs
        for name in try files.list(directory).compactMap(Name.init) where name.number < kept {
            let path = path(name.number, name.isCompact)
            if let status = try files.status(path), status.modificationTimeMs <= expiry {
                try files.deleteWithSidecar(path)
            }
        }
    }

    // MARK: Names

    /// `12` or `14.compact`.
    private struct Name {
        var number: Int64
        var isCompact: Bool

        init?(_ name: String) {
            isCompact = name.hasSuffix(".compact")
            guard let number = CheckpointPath.number(isCompact ? name.dropLast(".compact".count) : Substring(name))
            else { return nil }
            self.number = number
        }
    }

    private func path(_ number: Int64, _ isCompact: Bool) -> String {
        "\(directory)/\(number)" + (isCompact ? ".compact" : "")
    }

    private func missing(_ number: Int64) -> EngineError {
        let path = path(number, false)
        return EngineError(
            .checkpointCorrupt,
            "\(path) doesn't exist (latestId: \(latest ?? -1), compactInterval: \(interval))", hint: repair(path))
    }

    private func repair(_ path: String) -> String { "restore \(path) from a copy, or start over with a new checkpoint" }
}
