import Synchronization

@testable import MetricsTopic

/// A spool's folder in memory that fails when it is told to.
final class ScriptedDisk: SpoolDisk {
    enum Operation: Sendable {
        case read, create, append, truncate, sync, syncFolder, delete
    }

    private struct Content: Sendable {
        var files: [String: [UInt8]] = [:]
        var active: String?
        var failures: [(operation: Operation, code: SpoolError.Code)] = []
        /// Files with bytes that no sync has covered, and whether the folder's names are such.
        var unsynced: Set<String> = []
        var namesAreUnsynced = false
    }

    let path = "scripted"
    private let content: Mutex<Content>

    /// A folder as a killed process leaves it: nothing in it was synced.
    init(files: [String: [UInt8]] = [:]) {
        content = Mutex(Content(files: files, unsynced: Set(files.keys), namesAreUnsynced: !files.isEmpty))
    }

    /// Lets the next operation of a kind fail; said twice, the next two.
    func fail(_ operation: Operation, _ code: SpoolError.Code = .inputOutput) {
        content.withLock { $0.failures.append((operation, code)) }
    }

    var files: [String: [UInt8]] { content.withLock { $0.files } }
    /// What a loss of power could take: files, and the folder as ".".
    var unsynced: Set<String> {
        content.withLock { content in
            content.unsynced.intersection(content.files.keys).union(content.namesAreUnsynced ? ["."] : [])
        }
    }
    var segmentNames: [String] { files.keys.filter { $0.hasSuffix(".spool") }.sorted() }

    private func run(_ operation: Operation, _ body: (inout Content) -> Void) throws(SpoolError) {
        let failure = content.withLock { content -> SpoolError.Code? in
            guard let index = content.failures.firstIndex(where: { $0.operation == operation }) else { return nil }
            return content.failures.remove(at: index).code
        }
        if let failure { throw SpoolError(code: failure, message: "scripted") }
        content.withLock { body(&$0) }
    }

    func list() throws(SpoolError) -> [(name: String, size: Int)] { files.map { ($0.key, $0.value.count) } }

    func read(_ name: String) throws(SpoolError) -> [UInt8] {
        try run(.read) { _ in }
        guard let bytes = files[name] else { throw SpoolError(code: .notFound, message: name) }
        return bytes
    }

    func create(_ name: String) throws(SpoolError) {
        try run(.create) { content in
            content.files[name] = []
            content.active = name
            content.namesAreUnsynced = true
        }
    }

    func append(_ bytes: [UInt8], to name: String) throws(SpoolError) {
        do throws(SpoolError) {
            try run(.append) { content in
                content.files[name, default: []] += bytes
                content.unsynced.insert(name)
            }
        } catch {
            // Half of it is there.
            content.withLock { $0.files[name, default: []] += bytes.prefix(bytes.count / 2) }
            throw error
        }
    }

    func truncate(_ name: String, to size: Int) throws(SpoolError) {
        try run(.truncate) { $0.files[name] = Array($0.files[name, default: []].prefix(size)) }
    }

    func sync(_ name: String) throws(SpoolError) { try run(.sync) { $0.unsynced.remove(name) } }
    func syncFolder() throws(SpoolError) { try run(.syncFolder) { $0.namesAreUnsynced = false } }
    func delete(_ name: String) throws(SpoolError) { try run(.delete) { $0.files[name] = nil } }
    func overwrite(_ name: String, _ bytes: [UInt8]) throws(SpoolError) { content.withLock { $0.files[name] = bytes } }
    func quarantine(_ name: String, _ bytes: [UInt8]) throws(SpoolError) {}
    func close() {}
}
