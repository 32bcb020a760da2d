import Foundation
import GRDB
import MetricsStore
import Testing

/// Fault row F41's like: files that are no store, or of another version, or broken.
@Suite struct StoreFileTests {
    private let file = StoreFile()

    private func refusal() throws -> MetricsStoreError? {
        #expect(throws: MetricsStoreError.self) { try file.open() }
    }

    @Test func `a file that is no database is refused and left as it is`() throws {
        let text = Data(String(repeating: "some notes of mine\n", count: 300).utf8)
        try text.write(to: URL(filePath: file.path))
        #expect(try refusal()?.code == .notAStore)
        #expect(try Data(contentsOf: URL(filePath: file.path)) == text)
    }

    @Test func `another program's database is refused and left as it is`() throws {
        let other = try DatabaseQueue(path: file.path)
        try other.write { try $0.execute(sql: "CREATE TABLE recipes (name TEXT)") }
        try other.close()
        let before = try Data(contentsOf: URL(filePath: file.path))
        let error = try refusal()
        #expect(error?.code == .notAStore)
        #expect(error?.message.contains("another program's") == true)
        #expect(try Data(contentsOf: URL(filePath: file.path)) == before)
    }

    @Test func `a store of a later version is refused by its number`() throws {
        try file.open().close()
        let later = try DatabaseQueue(path: file.path)
        try later.write { try $0.execute(sql: "PRAGMA user_version = 99") }
        try later.close()
        let error = try refusal()
        #expect(error?.code == .newerVersion)
        #expect(error?.message.contains("99") == true)
        #expect(error?.message.contains(file.path) == true)
    }

    @Test func `a folder that is not there and a file that cannot be written are told`() throws {
        let error = #expect(throws: MetricsStoreError.self) { try MetricsStore(path: "/no/such/folder/metrics.db") }
        #expect(error?.code == .cannotOpen)
        #expect(throws: MetricsStoreError.self) { try MetricsStore(path: FileManager.default.temporaryDirectory.path) }
    }

    @Test func `damage is found when the store is opened or used, and gives an error that names the file`() async throws
    {
        let make = RecordMaker()
        let whole = try file.open()
        let records = (0..<500 as Range<Int64>).map { make.progress(batch: $0, sequence: UInt64($0), offset: $0) }
        try await whole.append(make.batch(records, next: 500))
        try whole.close()
        let bytes = try Data(contentsOf: URL(filePath: file.path))
        var (found, seed) = (0, UInt64(7))
        for _ in 0..<40 {
            seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            var broken = bytes
            // A whole stretch, beyond the first page's header: a single bit in a text cannot be told from another text.
            let start = 100 + Int(seed >> 33) % (bytes.count - 612)
            for index in start..<(start + 512) { broken[index] = UInt8(truncatingIfNeeded: index &* 131) }
            try broken.write(to: URL(filePath: file.path))
            do {
                let store = try file.open()
                _ = try store.events(limit: 1000).map { try $0.event }
            } catch let error as MetricsStoreError {
                #expect(error.message.contains(file.path))
                found += 1
            } catch {
                found += 1
            }
        }
        #expect(found >= 35)
        try bytes.prefix(bytes.count / 2).write(to: URL(filePath: file.path))
        #expect(try refusal()?.code == .damaged)
    }

    @Test(arguments: ["", ":memory:", "file:store.db?mode=memory"])
    func `what SQLite would keep in memory only is refused`(path: String) {
        let error = #expect(throws: MetricsStoreError.self) { try MetricsStore(path: path) }
        #expect(error?.code == .cannotOpen)
    }
}
