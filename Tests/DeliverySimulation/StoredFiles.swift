/// The files of a simulated folder: what a process sees of them, and what of it would outlast a loss of power.
struct StoredFiles {
    struct File {
        /// What a reader sees.
        var bytes: [UInt8] = []
        /// What the last successful sync put on the medium.
        var stable: [UInt8] = []
        /// The longest content since then: the medium may show it again when the file was cut and not synced.
        var longest: [UInt8] = []
        /// Places that a failed sync has made the system forget to write; no later sync brings them back.
        var forgotten: [Range<Int>] = []
        /// When the oldest bytes that are not synced were written.
        var dirtySince: Int?

        mutating func append(_ new: ArraySlice<UInt8>, at time: Int) {
            guard !new.isEmpty else { return }
            bytes += new
            if bytes.count > longest.count { longest = bytes }
            if dirtySince == nil { dirtySince = time }
        }

        mutating func sync() {
            stable = bytes
            for range in forgotten where range.lowerBound < stable.count {
                for index in range.lowerBound..<min(range.upperBound, stable.count) { stable[index] = 0 }
            }
            longest = bytes
            dirtySince = nil
        }

        /// A sync failed: the system may drop what it could not write, and call the next sync a success.
        mutating func failSync(forgets: Bool) {
            if forgets, bytes.count > stable.count { forgotten.append(stable.count..<bytes.count) }
        }

        /// The bytes of which a sync has said that they are safe.
        var promised: ArraySlice<UInt8> {
            var count = 0
            let most = min(stable.count, bytes.count)
            while count < most, stable[count] == bytes[count] { count += 1 }
            return bytes[..<count]
        }

        /// What is there after a loss of power: something between the medium's last word and all that was written.
        mutating func losePower(_ random: inout SeededRandom) {
            var outcome = stable
            let newest = random.percent(30) ? longest : bytes
            if newest.starts(with: stable), random.percent(75) {
                let count =
                    random.percent(40) ? newest.count : stable.count + random.below(newest.count - stable.count + 1)
                outcome = Array(newest[..<count])
                // Pieces of the tail may be on the medium while those before them are not.
                if count > stable.count, random.percent(40) {
                    let start = stable.count + random.below(count - stable.count)
                    let fill: UInt8 = random.percent(70) ? 0 : UInt8(truncatingIfNeeded: random.next())
                    for index in start..<min(start + random.within(1...600), count) { outcome[index] = fill }
                }
            } else if bytes.count <= stable.count, random.percent(50) {
                // A file written in place, or cut back.
                outcome = bytes
            }
            self = File(bytes: outcome, stable: outcome, longest: outcome)
        }
    }

    var files: [Int: File] = [:]
    var names: [String: Int] = [:]
    /// The names that the medium has.
    var stableNames: [String: Int] = [:]
    var quarantined: [String: Int] = [:]
    private(set) var nextInode = 1

    mutating func create(_ name: String) -> Int {
        let inode = nextInode
        nextInode += 1
        files[inode] = File()
        names[name] = inode
        return inode
    }

    var totalBytes: Int { names.values.reduce(0) { $0 + (files[$1]?.bytes.count ?? 0) } }

    /// Bytes of all files whose name ends so.
    func bytes(suffix: String) -> Int {
        names.reduce(0) { $0 + ($1.key.hasSuffix(suffix) ? files[$1.value]?.bytes.count ?? 0 : 0) }
    }

    /// Loses half of the oldest segment file, as no disk may.
    mutating func forgetOneFile() {
        guard let name = names.keys.filter({ $0.hasSuffix(".spool") }).min(), let inode = names[name],
            let count = files[inode]?.bytes.count
        else { return }
        files[inode]?.bytes.removeLast(count / 2)
    }

    mutating func syncNames() { stableNames = names }

    /// A file whose name ends so, of which the name or some bytes were never synced.
    func unsyncedName(suffix: String) -> String? {
        names.keys.sorted().first { name in
            guard name.hasSuffix(suffix), let inode = names[name] else { return false }
            return stableNames[name] != inode || files[inode]?.dirtySince != nil
        }
    }

    mutating func losePower(_ random: inout SeededRandom) {
        var outcome: [String: Int] = [:]
        for name in Set(names.keys).union(stableNames.keys).sorted() {
            let (old, new) = (stableNames[name], names[name])
            // A change of names that was not synced is there or not.
            if let inode = old == new || random.percent(50) ? new : old { outcome[name] = inode }
        }
        names = outcome
        stableNames = outcome
        let kept = Set(outcome.values)
        files = files.filter { kept.contains($0.key) }
        for inode in files.keys.sorted() { files[inode]?.losePower(&random) }
    }
}
