import Foundation
import GRDB
import LiveMonitoring
import Monitoring
import StreamingMetrics
import Synchronization
import Testing

@testable import MonitoringHistory

/// The JSON of batches in a history.
@Suite struct HistoryTextTests {
    private let file = HistoryFile()

    private func json(_ event: StreamingQueryEvent) throws -> String {
        guard case .progress(let event) = event else { return "" }
        return event.progress.json
    }

    private func stored(_ history: SteppedHistory, _ maker: Batches, _ batch: Int64) throws -> String? {
        try history.recorder.reader.progressJSON(of: maker.id, runId: maker.runId, batchId: batch)
            .map { String(decoding: $0, as: UTF8.self) }
    }

    private func count(_ table: String) throws -> Int {
        try DatabaseQueue(path: file.path).read { try Int.fetchOne($0, sql: "SELECT count(*) FROM \(table)") ?? -1 }
    }

    @Test func `each batch's JSON comes back as it was, of each run`() throws {
        let history = try SteppedHistory(file)
        let makers = [Batches(1), Batches(1, run: 2), Batches(2, name: nil, interval: 61_000)]
        history.write(makers.flatMap { $0.batches(0..<120) })
        for maker in makers {
            for batch in Int64(0)..<120 { #expect(try stored(history, maker, batch) == json(maker.batch(batch))) }
            #expect(try stored(history, maker, 120) == nil)
        }
        #expect(try stored(history, Batches(3), 1) == nil && stored(history, Batches(1, run: 3), 1) == nil)
        // Most is what they share.
        let bytes = try DatabaseQueue(path: file.path).read {
            try Int.fetchOne($0, sql: "SELECT sum(length(packed)) FROM texts") ?? -1
        }
        let whole = try makers[0].batches(0..<120).reduce(0) { try $0 + json($1).utf8.count }
        #expect(bytes < whole && bytes > 0, "\(bytes) of \(3 * whole)")
    }

    @Test func `what two writers take in another order has the same JSON, and copies change nothing`() throws {
        let history = try SteppedHistory(file)
        let maker = Batches(1)
        var numbers = SeededNumbers(state: 4)
        for part in maker.batches(0..<300).shuffled(using: &numbers).chunks(of: 17) { history.write(part + part) }
        for batch in Int64(0)..<300 { #expect(try stored(history, maker, batch) == json(maker.batch(batch))) }
        #expect(try count("texts") == 300)
    }

    @Test func `batches are listed by their time, the newest first`() throws {
        let history = try SteppedHistory(file)
        let (maker, other) = (Batches(1), Batches(1, run: 2))
        history.write(maker.batches(0..<50) + (50..<100).map { other.batch($0) } + Batches(2).batches(0..<100))
        func listed(_ from: Int64?, _ through: Int64?, _ limit: Int = 500) throws -> [Int64] {
            let time = { (seconds: Int64?) in seconds.map { Batches.time(seconds: $0) } }
            return try history.recorder.reader.batches(
                of: maker.id, from: time(from), through: time(through), limit: limit
            )?.map(\.batchId) ?? [-1]
        }
        #expect(try listed(nil, nil) == (0..<100).reversed())
        #expect(try listed(nil, nil, 3) == [99, 98, 97])
        #expect(try listed(100, 120) == [12, 11, 10])
        #expect(try listed(nil, 490, 2) == [49, 48])
        #expect(try listed(5000, nil) == [])
        let keys = try #require(
            try history.recorder.reader.batches(of: maker.id, from: nil, through: nil, limit: 60))
        #expect(keys[0] == BatchKey(runId: other.runId, batchId: 99, time: Batches.time(seconds: 990)))
        #expect(keys[59].runId == maker.runId)
        #expect(try history.recorder.reader.batches(of: UUID(), from: nil, through: nil, limit: 9) == nil)
    }

    @Test func `a trigger that read nothing is no batch, and one that is unlike all others is kept whole`() throws {
        let history = try SteppedHistory(file)
        let maker = Batches(1)
        var odd = maker.batch(3)
        if case .progress(var event) = odd {
            event.progress.sink = SinkProgress(description: String(repeating: "ä\u{0}\"x", count: 30_000))
            odd = .progress(event)
        }
        history.write([maker.batch(0), maker.batch(1), maker.batch(2, rows: 0), odd, maker.batch(4)])
        #expect(try stored(history, maker, 2) == nil)
        #expect(try stored(history, maker, 3) == json(odd))
        #expect(try stored(history, maker, 4) == json(maker.batch(4)))
    }

    @Test func `after a day they are gone, with what they were packed by`() throws {
        let history = try SteppedHistory(file)
        let maker = Batches(1, interval: 600_000)
        history.write(maker.batches(0..<10))
        let next = Batches(2, interval: 600_000)
        for batch in Int64(10)..<300 { history.write([next.batch(batch)]) }
        #expect(try stored(history, maker, 9) == nil)
        #expect(try count("texts") <= 146)
        #expect(try count("models") == 1, "the first query's run has ended long ago")
        #expect(try stored(history, next, 299) == json(next.batch(299)))
        // A run that comes back is one like any other.
        history.write([maker.batch(290)])
        #expect(try stored(history, maker, 290) == json(maker.batch(290)))
    }

    @Test func `what came later of a day before takes no model from what is still kept`() throws {
        let history = try SteppedHistory(file)
        // Today from noon to six, then yesterday's, unlike today's, and then on to tomorrow.
        let maker = Batches(1, interval: 600_000)
        history.write(maker.batches(216..<252))
        var odd: [StreamingQueryEvent] = []
        for batch in Int64(72)..<80 {
            guard case .progress(var event) = maker.batch(batch) else { continue }
            event.progress.sink = SinkProgress(description: String(repeating: "\(batch * 7919)", count: 400))
            odd.append(.progress(event))
        }
        history.write(odd)
        for batch in Int64(366)..<372 { history.write([maker.batch(batch)]) }
        for batch in Int64(228)..<252 {
            #expect(try stored(history, maker, batch) == json(maker.batch(batch)), "batch \(batch)")
        }
    }

    @Test func `a trigger from the future has its figures and no text`() throws {
        let history = try SteppedHistory(file, at: Batches.time(hours: 1))
        let maker = Batches(1)
        history.write([maker.batch(0), maker.batch(1, at: Batches.time(days: 900)), maker.batch(2)])
        #expect(try stored(history, maker, 0) != nil && stored(history, maker, 2) != nil)
        #expect(try count("texts") == 2 && count("points") == 3)
    }

    @Test func `a text larger than what a compressor looks back on is packed all the same`() throws {
        let history = try SteppedHistory(file)
        let maker = Batches(1)
        func large(_ batch: Int64) -> StreamingQueryEvent {
            guard case .progress(var event) = maker.batch(batch) else { return maker.batch(batch) }
            let partitions = (0..<9000).map { "\"\($0)\":\(1_000_000 + $0 * 37 + Int(batch))" }.joined(separator: ",")
            event.progress.sink = SinkProgress(description: partitions)
            return .progress(event)
        }
        history.write((0..<6).map(large))
        for batch in Int64(0)..<6 { #expect(try stored(history, maker, batch) == json(large(batch))) }
    }

    @Test func `a file that another program writes to is not taken on`() throws {
        let first = try SteppedHistory(file)
        first.write(Batches(1).batches(0..<3))
        try DatabaseQueue(path: file.path).write { try $0.execute(sql: "PRAGMA user_version = 1") }
        #expect(throws: HistoryError.self) { try SteppedHistory(file) }
        let version = try DatabaseQueue(path: file.path).read { try Int.fetchOne($0, sql: "PRAGMA user_version") }
        #expect(version == 1)
    }

    @Test func `of a file that grows too large texts go first`() throws {
        var limits = HistoryLimits()
        limits.maximumBytes = 1_500_000
        let history = try SteppedHistory(file, limits)
        let makers = (1...10).map { Batches(UInt8($0), name: "query \($0)", interval: 5_000) }
        for start in stride(from: Int64(0), to: 1440, by: 120) {
            history.write(makers.flatMap { $0.batches(start..<(start + 120)) })
        }
        #expect(try count("points") > 10_000)
        #expect(try count("texts") < 8000)
        #expect(try stored(history, makers[0], 1439) == json(makers[0].batch(1439)))
        #expect(try stored(history, makers[0], 0) == nil)
    }

    @Test func `a transaction that breaks off takes its models with it`() throws {
        let history = try SteppedHistory(file)
        let maker = Batches(1)
        history.recorder.breakOff { _ in throw DatabaseError(resultCode: .SQLITE_FULL) }
        history.write(maker.batches(0..<10))
        #expect(history.recorder.health.error != nil)
        history.recorder.breakOff { _ in }
        history.write(maker.batches(10..<20))
        for batch in Int64(0)..<20 { #expect(try stored(history, maker, batch) == json(maker.batch(batch))) }
    }

    @Test func `a file of version 1 is read as it is, and has texts once it is written to`() async throws {
        let maker = Batches(1)
        do {
            let history = try SteppedHistory(file)
            history.write(maker.batches(0..<20))
            history.recorder.end()
        }
        try await DatabaseQueue(path: file.path).write { database in
            try database.execute(sql: "DROP TABLE texts; DROP TABLE models; PRAGMA user_version = 1")
            for name in ["state_rows_updated", "state_rows_removed"] {
                try database.execute(sql: "ALTER TABLE points DROP COLUMN \(name)")
                for (table, end) in ["minutes", "hours"].flatMap({ table in
                    ["count", "sum", "least", "greatest"].map { (table, $0) }
                }) {
                    try database.execute(sql: "ALTER TABLE \(table) DROP COLUMN \(name)_\(end)")
                }
            }
        }
        let reader = try HistoryReader(path: file.path)
        let query = try #require(try reader.queries().first)
        for step in [HistoryRange.Step.raw, .seconds(60), .seconds(3600)] {
            let rows = try reader.rows(of: query, HistoryRange(step: step), now: Batches.time(hours: 1)).rows
            #expect(!rows.isEmpty && rows.allSatisfy { $0.figures.count(.stateRowsUpdated) == 0 })
        }
        #expect(try reader.progressJSON(of: maker.id, runId: maker.runId, batchId: 3) == nil)
        #expect(try reader.batches(of: maker.id, from: nil, through: nil, limit: 9) == [])
        let history = try SteppedHistory(file)
        history.write(maker.batches(0..<25))
        #expect(try stored(history, maker, 3) == nil, "it counted long ago")
        #expect(try stored(history, maker, 24) == json(maker.batch(24)))
        #expect(
            try await history.recorder.progressJSON(of: maker.id, runId: maker.runId, batchId: 22)
                == Array(json(maker.batch(22)).utf8))
        #expect(
            try await history.recorder.batches(of: maker.id, from: nil, through: nil, limit: 2)?.map(\.batchId) == [
                24, 23,
            ])
    }
}

extension Array {
    fileprivate func chunks(of count: Int) -> [[Element]] {
        stride(from: 0, to: self.count, by: count).map { Array(self[$0..<Swift.min($0 + count, self.count)]) }
    }
}
