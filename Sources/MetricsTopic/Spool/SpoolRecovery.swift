/// What was found in a spool's folder when it was opened.
struct SpoolRecovery {
    /// Files with events that are not settled, in order.
    var segments: [Spool.Segment] = []
    /// Positions of the events that are not settled, in runs without gaps.
    var positions: [ClosedRange<UInt64>] = []
    /// Below this everything is settled.
    var cursor: UInt64 = 0
    /// What could not be read.
    var damages: [SpoolDamage] = []

    /// Events that are not settled.
    var eventCount: Int { positions.reduce(0) { $0 + $1.count } }
    /// The position of the next event.
    var next: UInt64 { max(cursor, positions.last.map { $0.upperBound + 1 } ?? 0) }

    /// Reads a folder; damaged files go to the quarantine once what is whole in them counts. What is kept is synced first: a
    /// process that was killed may have left bytes that only the system's memory held.
    ///
    /// - Parameter readOnly: Looks only, and changes nothing.
    /// - Throws: ``SpoolError`` when the folder or a file cannot be read or synced, or is of a newer version.
    init(disk: any SpoolDisk, readOnly: Bool = false) throws(SpoolError) {
        let files = try disk.list()
        if files.contains(where: { $0.name == SpoolFormat.cursorName }) {
            cursor = SpoolCursor.position(try disk.read(SpoolFormat.cursorName)) ?? 0
        }
        let named = files.compactMap { file in
            SpoolFormat.firstPosition(fileName: file.name).map { (first: $0, name: file.name) }
        }
        let sorted = named.sorted { $0.first < $1.first }
        for (index, file) in sorted.enumerated() {
            try add(
                file.name, first: file.first, next: index + 1 < sorted.count ? sorted[index + 1] : nil, disk, readOnly)
        }
        guard !readOnly, !segments.isEmpty else { return }
        for segment in segments { try disk.sync(segment.name) }
        try disk.syncFolder()
    }

    /// Where a file ends: where the next one begins. What stands behind was cut off once, and a loss of power brought it back,
    /// whole or torn. But a next file that holds nothing else is one that could not be deleted.
    private static func end(
        of block: FrameBlock, before next: (first: UInt64, name: String)?, _ disk: any SpoolDisk
    ) throws(SpoolError) -> UInt64 {
        guard let next, let last = block.positions.last, last >= next.first else { return .max }
        let other: FrameBlock
        do throws(SpoolError) {
            other = try SpoolSegmentReader(try disk.read(next.name), name: next.name, first: next.first).block
        } catch {
            // Nothing in it counts, or it is gone; what else is wrong with it is said when its turn comes.
            return .max
        }
        let isCopy = other.positions.allSatisfy { position in
            guard let here = block.body(at: position), let there = other.body(at: position) else { return false }
            return block.bytes[here] == other.bytes[there]
        }
        return isCopy ? .max : next.first
    }

    private mutating func add(
        _ name: String, first: UInt64, next: (first: UInt64, name: String)?, _ disk: any SpoolDisk, _ readOnly: Bool
    ) throws(SpoolError) {
        let bytes: [UInt8]
        do throws(SpoolError) {
            bytes = try disk.read(name)
        } catch {
            // Somebody who only looks may find a file delivered and deleted meanwhile.
            if readOnly, error.code == .notFound { return }
            throw error
        }
        let floor = max(first, positions.last.map { $0.upperBound + 1 } ?? 0)
        let reader: SpoolSegmentReader
        do throws(SpoolError) {
            reader = try SpoolSegmentReader(bytes, name: "\(disk.path)/\(name)", first: first, floor: floor)
        } catch {
            guard error.code == .damaged else { throw error }
            // A file that was just being made holds nothing yet.
            let isTorn = bytes.count < SpoolFormat.fileHeaderSize
            if !isTorn { damages.append(SpoolDamage(file: "\(disk.path)/\(name)", offset: 0, bytes: bytes.count)) }
            if !readOnly { try set(aside: name, isTorn ? nil : bytes, disk) }
            return
        }
        if reader.isMisnamed {
            // Where it belongs nothing says; it is not for this place in any case.
            damages.append(SpoolDamage(file: "\(disk.path)/\(name)", offset: 0, bytes: bytes.count))
            if !readOnly { try set(aside: name, bytes, disk) }
            return
        }
        for damage in reader.damages {
            damages.append(
                SpoolDamage(
                    file: "\(disk.path)/\(name)", offset: damage.offset, bytes: damage.count,
                    events: damage.frames.map(Int.init(clamping:)), isTornTail: damage.isTail))
        }
        let end = try Self.end(of: reader.block, before: next, disk)
        let open = reader.block.positions.drop { $0 < cursor }.prefix { $0 < end }
        let isDamaged = reader.damages.contains { !$0.isTail }
        if isDamaged, !readOnly { try disk.quarantine(name, bytes) }
        guard let firstOpen = open.first, let last = open.last else {
            if !readOnly { try disk.delete(name) }
            return
        }
        note(open)
        segments.append(
            Spool.Segment(name: name, first: firstOpen, last: last, size: bytes.count, durable: (bytes.count, last)))
    }

    private func set(aside name: String, _ bytes: [UInt8]?, _ disk: any SpoolDisk) throws(SpoolError) {
        if let bytes { try disk.quarantine(name, bytes) }
        try disk.delete(name)
    }

    private mutating func note(_ open: ArraySlice<UInt64>) {
        for position in open {
            if let last = positions.last, last.upperBound + 1 == position {
                positions[positions.count - 1] = last.lowerBound...position
            } else {
                positions.append(position...position)
            }
        }
    }
}

/// Bytes of a spool file that could not be read.
public struct SpoolDamage: Sendable, Hashable, CustomStringConvertible {
    /// The file.
    public var file: String
    /// Where the bytes begin in it.
    public var offset: Int
    /// How many they are.
    public var bytes: Int
    /// How many events they held; nil when nothing tells.
    public var events: Int?
    /// Whether they are the end of the file, as a crash leaves an event that was being written.
    public var isTornTail = false

    /// One sentence with all of it.
    public var description: String {
        let what = isTornTail ? "the end is torn" : "bytes are damaged"
        let lost = events.map { ", \($0) events are lost" } ?? ""
        return "\(file): \(what): \(bytes) bytes from offset \(offset)\(lost)"
    }
}
