import Glibc
import Synchronization

@testable import MetricsTopic

/// A folder in which one operation fails: the one with a given number, counted over all that change something.
final class FailingDisk: SpoolDisk {
    private struct Count: Sendable {
        var done = 0
        var hasFailed = false
    }

    private let disk: LocalSpoolDisk
    private let failing: Int
    private let code: Int32
    private let count = Mutex(Count())

    init(_ disk: LocalSpoolDisk, failing: Int, code: Int32) {
        self.disk = disk
        self.failing = failing
        self.code = code
    }

    /// Whether the operation with the number came.
    var hasFailed: Bool { count.withLock { $0.hasFailed } }
    var path: String { disk.path }

    private func check(_ attempt: String) throws(SpoolError) {
        let fails = count.withLock { count in
            defer { count.done += 1 }
            if count.done == failing { count.hasFailed = true }
            return count.done == failing
        }
        if fails { throw SpoolError(code, attempt) }
    }

    func list() throws(SpoolError) -> [(name: String, size: Int)] { try disk.list() }
    func read(_ name: String) throws(SpoolError) -> [UInt8] { try disk.read(name) }

    func create(_ name: String) throws(SpoolError) {
        try check("create \(name)")
        try disk.create(name)
    }

    /// Half of the bytes are written before it fails.
    func append(_ bytes: [UInt8], to name: String) throws(SpoolError) {
        do throws(SpoolError) {
            try check("append to \(name)")
        } catch {
            try disk.append(Array(bytes[..<(bytes.count / 2)]), to: name)
            throw error
        }
        try disk.append(bytes, to: name)
    }

    func truncate(_ name: String, to size: Int) throws(SpoolError) {
        try check("truncate \(name)")
        try disk.truncate(name, to: size)
    }

    func sync(_ name: String) throws(SpoolError) {
        try check("sync \(name)")
        try disk.sync(name)
    }

    func syncFolder() throws(SpoolError) {
        try check("sync the folder")
        try disk.syncFolder()
    }

    func delete(_ name: String) throws(SpoolError) {
        try check("delete \(name)")
        try disk.delete(name)
    }

    func overwrite(_ name: String, _ bytes: [UInt8]) throws(SpoolError) {
        try check("overwrite \(name)")
        try disk.overwrite(name, bytes)
    }

    func quarantine(_ name: String, _ bytes: [UInt8]) throws(SpoolError) {
        try check("quarantine \(name)")
        try disk.quarantine(name, bytes)
    }

    func close() { disk.close() }
}
