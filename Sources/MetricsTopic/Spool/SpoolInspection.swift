public import FoundationEssentials

/// What lies in a spool's folder, looked at without changing anything; also while a forwarder uses it.
public struct SpoolInspection: Sendable, Hashable {
    /// The events of one run that are not acknowledged.
    public struct Run: Sendable, Hashable {
        /// Identity of the query.
        public var queryId: UUID
        /// Identity of the run.
        public var runId: UUID
        /// The query's name, if one of the events says it.
        public var queryName: String?
        /// How many events.
        public var events: Int
        /// Numbers in the run of the oldest and the newest.
        public var sequences: ClosedRange<UInt64>
        /// When the oldest and the newest were taken over, in milliseconds since 1970.
        public var timestampsMs: ClosedRange<Int64>
        /// Bytes of their values.
        public var bytes: Int
    }

    /// The folder.
    public var directory: String
    /// Whether a forwarder has it open, and its process where that is known.
    public var holder: SpoolHolder
    /// Segment files that hold such events.
    public var files: Int
    /// Bytes of these files.
    public var bytes: Int
    /// By run, the one with the oldest event first.
    public var runs: [Run]
    /// What could not be read.
    public var damages: [SpoolDamage]
    /// Files of the quarantine: events that were sent shortened or refused, and copies of damaged files.
    public var quarantined: [String]

    /// Events that are not acknowledged.
    public var events: Int { runs.reduce(0) { $0 + $1.events } }

    /// Looks into a folder.
    ///
    /// - Throws: ``SpoolError`` when the folder is not there, is no spool or cannot be read, or is of a newer version.
    public init(directory: String) throws(SpoolError) {
        self.directory = directory
        let disk = try LocalSpoolDisk(inspecting: directory)
        holder = disk.holder
        let recovery = try SpoolRecovery(disk: disk, readOnly: true)
        files = recovery.segments.count
        bytes = recovery.segments.reduce(0) { $0 + $1.size }
        damages = recovery.damages
        quarantined = try disk.listQuarantine()
        var found = Found()
        for segment in recovery.segments {
            do throws(SpoolError) {
                found.add(try disk.read(segment.name), segment, from: recovery.cursor)
            } catch {
                // Delivered and deleted since it was listed.
                guard error.code == .notFound else { throw error }
            }
        }
        runs = found.runs
    }

    /// The runs in the order in which they are found.
    private struct Found {
        var runs: [Run] = []
        private var places: [UUID: Int] = [:]

        mutating func add(_ file: [UInt8], _ segment: Spool.Segment, from cursor: UInt64) {
            let first = SpoolFormat.firstPosition(fileName: segment.name)
            let reader = try? SpoolSegmentReader(file, name: segment.name, first: first, floor: segment.first)
            guard let block = reader?.block else { return }
            block.bytes.withUnsafeBytes { bytes in
                // The file may hold others that do not count: those that stand in the next one again.
                for position in block.positions where position >= cursor && position <= segment.last {
                    guard let body = block.body(at: position), let event = SpooledEvent(body: body, in: bytes) else {
                        continue
                    }
                    note(event, name: event.name.map { String(decoding: bytes[$0], as: UTF8.self) })
                }
            }
        }

        private mutating func note(_ event: SpooledEvent, name: String?) {
            guard let place = places[event.runId] else {
                places[event.runId] = runs.count
                runs.append(
                    Run(
                        queryId: event.queryId, runId: event.runId, queryName: name, events: 1,
                        sequences: event.sequence...event.sequence,
                        timestampsMs: event.timestampMs...event.timestampMs, bytes: event.value.count))
                return
            }
            runs[place].queryName = name ?? runs[place].queryName
            runs[place].events += 1
            runs[place].bytes += event.value.count
            runs[place].sequences = runs[place].sequences.widened(to: event.sequence)
            runs[place].timestampsMs = runs[place].timestampsMs.widened(to: event.timestampMs)
        }
    }
}

extension ClosedRange {
    /// The range that holds a value too.
    fileprivate func widened(to value: Bound) -> ClosedRange {
        Swift.min(lowerBound, value)...Swift.max(upperBound, value)
    }
}

/// Who has a spool's folder open.
public enum SpoolHolder: Sendable, Hashable {
    /// Nobody.
    case nobody
    /// A forwarder; its process where that is known.
    case process(Int?)
}
