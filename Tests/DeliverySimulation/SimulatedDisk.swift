import MetricsTopic

/// A spool's folder in memory that fails as disks do. Like the real one it appends only to the file created last, which it
/// keeps open.
final class SimulatedDisk: SpoolDisk, @unchecked Sendable {
    // Sendable by proof: a world and all in it are used by one thread.
    unowned let world: World
    var stored: StoredFiles
    let path = "spool"
    private var active: (name: String, inode: Int)?
    /// After so many changes the process is killed in the midst of one.
    var changesUntilKill: Int?
    /// The folder at the moment of the kill; what the doomed process does later does not reach it.
    private(set) var killed: StoredFiles?
    /// Whether anything was refused.
    private(set) var hasFailed = false
    private(set) var hasFailedToSync = false
    /// The most that the segment files have held.
    private(set) var mostBytes = 0

    init(world: World, stored: StoredFiles) {
        self.world = world
        self.stored = stored
        mostBytes = stored.bytes(suffix: ".spool")
    }

    // MARK: Faults

    private func comes(to fault: Fault) -> Bool {
        world.yield(to: .disk)
        guard killed == nil, world.strikes(fault, percent: 12) else { return false }
        hasFailed = true
        world.note(.diskFault, fault.rawValue)
        return true
    }

    private func refuse(_ code: SpoolError.Code, _ attempt: String) -> SpoolError {
        hasFailed = true
        if code == .noSpace { world.diskWasFull = true }
        return SpoolError(code: code, message: "cannot \(attempt): simulated")
    }

    /// Counts a change; when the kill's time has come, the folder stays as it is now, or with the change half done.
    private func change(half: ((inout StoredFiles) -> Void)? = nil) {
        guard let left = changesUntilKill, killed == nil else { return }
        changesUntilKill = left - 1
        guard left <= 0 else { return }
        var image = stored
        if let half, world.random.percent(60) { half(&image) }
        killed = image
    }

    // MARK: Reading

    func list() throws(SpoolError) -> [(name: String, size: Int)] {
        world.yield(to: .disk)
        var list: [(name: String, size: Int)] = [(".lock", 4)]
        for (name, inode) in stored.names.sorted(by: { $0.key < $1.key }) {
            list.append((name, stored.files[inode]?.bytes.count ?? 0))
        }
        // In no order that could be relied on.
        if list.count > 1 { list.swapAt(world.random.below(list.count), world.random.below(list.count)) }
        return list
    }

    func read(_ name: String) throws(SpoolError) -> [UInt8] {
        // What a start cannot read is an error of the initialiser; here it is what the sender meets.
        if world.isStarting {
            world.yield(to: .disk)
        } else if comes(to: .readFails) {
            throw refuse(.inputOutput, "read")
        }
        guard let inode = stored.names[name], let file = stored.files[inode] else {
            throw refuse(.notFound, "read \(name)")
        }
        return file.bytes
    }

    // MARK: Writing

    func create(_ name: String) throws(SpoolError) {
        if comes(to: .createFails) { throw refuse(.noSpace, "create \(name)") }
        change()
        guard stored.names[name] == nil else { throw refuse(.inputOutput, "create \(name), which is there") }
        let inode = stored.create(name)
        active = (name, inode)
        world.note(.diskCreate, inode)
    }

    private func open(_ name: String) throws(SpoolError) -> Int {
        guard let active, active.name == name else { throw refuse(.notFound, "write \(name), which is not open") }
        return active.inode
    }

    func append(_ bytes: [UInt8], to name: String) throws(SpoolError) {
        let inode = try open(name)
        if comes(to: .shortWrite) {
            let part = bytes.prefix(world.random.below(bytes.count))
            stored.files[inode]?.append(part, at: world.clock.time)
            throw refuse(.inputOutput, "append to \(name)")
        }
        if comes(to: .appendFails) {
            throw refuse(world.random.percent(50) ? .noSpace : .inputOutput, "append to \(name)")
        }
        let time = world.clock.time
        if let space = world.diskSpace, stored.totalBytes + bytes.count > space {
            let left = max(0, space - stored.totalBytes)
            stored.files[inode]?.append(bytes.prefix(left), at: time)
            throw refuse(.noSpace, "append to \(name)")
        }
        let part = world.random.below(bytes.count + 1)
        change { $0.files[inode]?.append(bytes.prefix(part), at: time) }
        stored.files[inode]?.append(bytes[...], at: time)
        mostBytes = max(mostBytes, stored.bytes(suffix: ".spool"))
        world.note(.diskWrite, inode, bytes.count)
    }

    func truncate(_ name: String, to size: Int) throws(SpoolError) {
        let inode = try open(name)
        if comes(to: .truncateFails) { throw refuse(.inputOutput, "cut \(name)") }
        change()
        guard let count = stored.files[inode]?.bytes.count, count > size else { return }
        stored.files[inode]?.bytes.removeLast(count - size)
        world.note(.diskTruncate, inode, size)
    }

    func sync(_ name: String) throws(SpoolError) {
        guard let inode = stored.names[name] else { throw refuse(.notFound, "sync \(name)") }
        // What a start cannot sync is an error of the initialiser, like what it cannot read.
        if !world.isStarting, comes(to: .syncFails) {
            stored.files[inode]?.failSync(forgets: world.random.percent(60))
            hasFailedToSync = true
            throw refuse(.inputOutput, "sync \(name)")
        }
        change()
        stored.files[inode]?.sync()
        world.note(.diskSync, inode)
    }

    func syncFolder() throws(SpoolError) {
        if !world.isStarting, comes(to: .folderSyncFails) {
            hasFailedToSync = true
            throw refuse(.inputOutput, "sync the folder")
        }
        change()
        stored.syncNames()
    }

    func delete(_ name: String) throws(SpoolError) {
        if !world.isStarting, comes(to: .deleteFails) { throw refuse(.inputOutput, "delete \(name)") }
        change()
        guard let inode = stored.names.removeValue(forKey: name) else { return }
        world.note(.diskDelete, inode)
    }

    func overwrite(_ name: String, _ bytes: [UInt8]) throws(SpoolError) {
        if comes(to: .cursorFails) { throw refuse(.inputOutput, "write \(name)") }
        let inode = stored.names[name] ?? stored.create(name)
        let count = world.random.below(bytes.count + 1)
        change { image in
            if image.names[name] == nil { _ = image.create(name) }
            guard let inode = image.names[name] else { return }
            let rest = image.files[inode]?.bytes.dropFirst(count) ?? []
            image.files[inode]?.bytes = Array(bytes.prefix(count) + rest)
        }
        stored.files[inode]?.bytes = bytes
        world.note(.cursor)
    }

    func quarantine(_ name: String, _ bytes: [UInt8]) throws(SpoolError) {
        if !world.isStarting, comes(to: .quarantineFails) { throw refuse(.noSpace, "write \(name)") }
        change()
        stored.quarantined[name] = bytes.count
    }

    /// The world keeps the folder for the next process.
    func close() { active = nil }

    // MARK: What is there

    /// The frames above the cursor that the process could read, or of which a sync has said that they are safe.
    static func frames(in stored: StoredFiles, promisedOnly: Bool) -> [FrameScanner.Frame] {
        var frames: [FrameScanner.Frame] = []
        let cursor = cursor(in: stored)
        let files = stored.names.filter { $0.key.hasSuffix(".spool") }.sorted { $0.key < $1.key }
        let contents = files.map { name, inode -> [FrameScanner.Frame] in
            guard let file = stored.files[inode], !promisedOnly || stored.stableNames[name] == inode else { return [] }
            return FrameScanner.frames(promisedOnly ? file.promised : file.bytes[...])
        }
        var floor = cursor
        for (index, content) in contents.enumerated() {
            var end = UInt64.max
            if index + 1 < contents.count {
                // A file ends where the next one begins, unless that has nothing that is not here.
                let here = Set(content)
                let begin = UInt64(files[index + 1].key.prefix(20)) ?? .max
                if content.contains(where: { $0.position >= begin }), !contents[index + 1].allSatisfy(here.contains) {
                    end = UInt64(files[index + 1].key.prefix(20)) ?? .max
                }
            }
            for frame in content where frame.position >= floor && frame.position < end {
                frames.append(frame)
                floor = frame.position + 1
            }
        }
        return frames
    }

    /// The files and the positions in them, for people.
    static func listing(of stored: StoredFiles) -> String {
        let files = stored.names.sorted { $0.key < $1.key }.map { name, inode in
            let positions = FrameScanner.frames(stored.files[inode]?.bytes[...] ?? []).map { "\($0.position)" }
            return "\(name) [\(positions.joined(separator: " "))]"
        }
        return "cursor \(cursor(in: stored)), \(files.joined(separator: ", "))"
    }

    static func cursor(in stored: StoredFiles) -> UInt64 {
        stored.names["acknowledged"].flatMap { stored.files[$0] }.map { FrameScanner.cursor($0.bytes) } ?? 0
    }
}
