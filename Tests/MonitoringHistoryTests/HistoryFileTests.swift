import Foundation
import GRDB
import LiveMonitoring
import Monitoring
import Testing

@testable import MonitoringHistory

/// Files that are no history, or of another version, or broken, or in use.
@Suite struct HistoryFileTests {
    private let file = HistoryFile()

    private func refusal() throws -> HistoryError? {
        let reading = #expect(throws: HistoryError.self) { try HistoryReader(path: file.path) }
        let writing = #expect(throws: HistoryError.self) { try SteppedHistory(file) }
        #expect(reading?.message.contains(file.path) == true)
        if reading?.code != .damaged { #expect(reading?.code == writing?.code) }
        return writing
    }

    @Test func `a file that is no database is refused and left as it is`() throws {
        let text = Data(String(repeating: "some notes of mine\n", count: 300).utf8)
        try text.write(to: URL(filePath: file.path))
        #expect(try refusal()?.code == .notAHistory)
        #expect(try Data(contentsOf: URL(filePath: file.path)) == text)
    }

    @Test func `an empty file has nothing to read, and is written to`() throws {
        try Data().write(to: URL(filePath: file.path))
        let error = #expect(throws: HistoryError.self) { try HistoryReader(path: file.path) }
        #expect(
            error?.message.contains("it is empty: nothing has been recorded in it") == true, "\(error?.message ?? "")")
        let history = try SteppedHistory(file)
        history.write(Batches().batches(0..<3))
        #expect(try HistoryReader(path: file.path).queries().count == 1)
    }

    @Test func `another program's database is refused and left as it is`() throws {
        let other = try DatabaseQueue(path: file.path)
        try other.write { try $0.execute(sql: "CREATE TABLE recipes (name TEXT)") }
        try other.close()
        let before = try Data(contentsOf: URL(filePath: file.path))
        let error = try refusal()
        #expect(error?.code == .notAHistory && error?.message.contains("another program's") == true)
        #expect(try Data(contentsOf: URL(filePath: file.path)) == before)
    }

    @Test func `a history of a later version is refused by its number`() throws {
        try SteppedHistory(file).recorder.end()
        let later = try DatabaseQueue(path: file.path)
        try later.write { try $0.execute(sql: "PRAGMA user_version = 99") }
        try later.close()
        let error = try refusal()
        #expect(error?.code == .newerVersion && error?.message.contains("99") == true)
    }

    @Test(arguments: ["", ":memory:", "file:x.db?mode=memory", "/no/such/folder/history.db", "/tmp"])
    func `a path that is no file's is refused`(path: String) {
        let error = #expect(throws: HistoryError.self) { try HistoryRecorder(path: path) }
        #expect(error?.code == .cannotOpen)
    }

    @Test func `a reader makes no file`() {
        let error = #expect(throws: HistoryError.self) { try HistoryReader(path: file.path) }
        #expect(error?.code == .cannotOpen)
        #expect(!FileManager.default.fileExists(atPath: file.path))
    }

    @Test func `half a file is told, and so is damage when it is met`() throws {
        let history = try SteppedHistory(file)
        history.write(Batches().batches(0..<2000))
        history.recorder.end()
        let bytes = try Data(contentsOf: URL(filePath: file.path))
        try bytes.prefix(bytes.count / 2).write(to: URL(filePath: file.path))
        #expect(throws: HistoryError.self) { try SteppedHistory(file) }
        var (found, seed) = (0, SeededNumbers(state: 5))
        for _ in 0..<20 {
            var broken = bytes
            let start = Int.random(in: 100..<(bytes.count - 512), using: &seed)
            for index in start..<(start + 512) { broken[index] = UInt8(truncatingIfNeeded: index &* 131) }
            for suffix in ["-wal", "-shm"] { try? FileManager.default.removeItem(atPath: file.path + suffix) }
            try broken.write(to: URL(filePath: file.path))
            do {
                _ = try SteppedHistory(file).content()
            } catch let error as HistoryError {
                #expect(error.message.contains(file.path))
                found += 1
            }
        }
        // SQLite has no checksums: a figure that is another figure is not seen.
        #expect(found > 0)
    }

    @Test func `one process writes and others read meanwhile`() throws {
        let history = try SteppedHistory(file)
        history.write(Batches().batches(0..<10))
        let error = #expect(throws: HistoryError.self) { try SteppedHistory(file) }
        #expect(error?.code == .busy && error?.message.contains("another process writes to it") == true)
        let reader = try HistoryReader(path: file.path)
        let before = try reader.content(now: history.clock.now)
        history.write(Batches().batches(10..<20))
        let after = try reader.content(now: history.clock.now)
        #expect(try after != before && after == history.content())
        history.recorder.end()
        #expect(try HistoryReader(path: file.path).content(now: history.clock.now) == after)
        #expect(try SteppedHistory(file).content(now: history.clock.now) == after)
    }
}
