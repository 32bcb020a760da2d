import Foundation
import GRDB
import LiveMonitoring
import Monitoring
import StreamingMetrics
import Testing

@testable import MonitoringHistory

@Suite struct HistoryRecorderTests {
    private let file = HistoryFile()

    @Test func `a disk that stays full is told once a minute, and what finds no room is counted`() throws {
        let history = try SteppedHistory(file)
        let maker = Batches(interval: 1000)
        history.recorder.breakOff { _ in throw DatabaseError(resultCode: .SQLITE_FULL, message: "disk is full") }
        for second in 0..<150 as Range<Int64> {
            history.uptime.now = MonitorTime(millisecondsSinceEpoch: second * 1000)
            history.write([maker.batch(second)])
        }
        #expect(history.faults.all.count == 3, "\(history.faults.all)")
        #expect(history.faults.all[0].contains(file.path) && history.faults.all[0].contains("make room"))
        #expect(!history.recorder.health.isWriting && history.recorder.health.pending == 150)
        for number in 150..<25_000 as Range<Int64> {
            history.recorder.take(maker.batch(number), at: Batches.time(), queryName: nil, changes: [])
        }
        #expect(history.recorder.health.pending == HistoryRecorder.maximumPending)
        #expect(history.recorder.health.lost == 5_000)
        history.recorder.breakOff { _ in }
        history.recorder.step()
        #expect(history.recorder.health.isWriting && history.recorder.health.error == nil)
        #expect(history.recorder.health.written == 20_000 && history.recorder.health.pending == 0)
        // The oldest are there, and what was given up comes with the next reading.
        history.write(maker.batches(0..<25_000))
        let query = try #require(try history.recorder.reader.queries().first)
        let rows = try history.recorder.reader.rows(
            of: query, HistoryRange(step: .raw, limit: .max), now: history.clock.now)
        #expect(rows.rows.count == 20_000)
        history.write(maker.batches(20_000..<25_000))
        let now = try #require(try history.recorder.reader.queries().first)
        let again = try history.recorder.reader.rows(
            of: now, HistoryRange(step: .seconds(3600), limit: .max), now: history.clock.now)
        let triggers = again.rows.map { Int($0.figures.triggers) }.reduce(0, +)
        #expect(triggers == 25_000)
    }

    @Test func `large batches wait for a full disk up to so many bytes, and are all there when it has room again`()
        throws
    {
        let history = try SteppedHistory(file)
        let recorder = history.recorder
        recorder.breakOff { _ in throw DatabaseError(resultCode: .SQLITE_FULL) }
        let (text, count) = (String(repeating: "x", count: 1 << 20), Int64(50))
        var maker = Batches(interval: 1000)
        maker.name = text
        for number in 0..<count {
            recorder.take(maker.batch(number), at: Batches.time(), queryName: nil, changes: [])
            if number % 9 == 0 { recorder.step() }
        }
        let room = HistoryRecorder.maximumPendingBytes / text.utf8.count
        #expect((room - 1...room).contains(recorder.health.pending))
        #expect(recorder.health.lost == UInt64(count) - UInt64(recorder.health.pending))
        recorder.breakOff { _ in }
        recorder.step()
        #expect(recorder.health.pending == 0)
        let query = try #require(try recorder.reader.queries().first)
        let rows = try recorder.reader.rows(of: query, HistoryRange(step: .raw, limit: .max), now: history.clock.now)
        #expect(rows.rows.compactMap(\.batchId) == (0..<Int64(recorder.health.written)).map { $0 })
    }

    @Test func `of an exception no more waits than is kept, and it counts as bytes that wait`() throws {
        var entries = HistoryEntries()
        for _ in 0..<10 {
            entries.add(
                Batches().terminated(String(repeating: "x", count: 1 << 20)), at: Batches.time(), queryName: nil)
        }
        #expect((10 * 8192..<10 * 8192 + 10_000).contains(entries.byteCount))
        let history = try SteppedHistory(file)
        history.write([Batches().terminated(String(repeating: "é", count: 8192))])
        let query = try #require(try history.recorder.reader.queries().first)
        #expect(query.failure?.contains(String(repeating: "é", count: 4096)) == true)
        #expect(query.failure?.contains(String(repeating: "é", count: 4097)) == false)
    }

    @Test func `a fault that will not pass gives up what met it, and goes on`() throws {
        let history = try SteppedHistory(file)
        history.recorder.breakOff { _ in throw DatabaseError(resultCode: .SQLITE_CONSTRAINT) }
        history.write(Batches().batches(0..<10))
        #expect(history.recorder.health.lost == 10 && history.recorder.health.pending == 0)
        history.recorder.breakOff { _ in }
        history.write(Batches().batches(10..<20))
        #expect(history.recorder.health.written == 10 && history.recorder.health.isWriting)
    }

    @Test func `who reads old events waits for room, and not while nothing can be written`() async throws {
        let history = try SteppedHistory(file)
        let recorder = history.recorder
        await recorder.makeRoom()
        for number in 0..<5_000 as Range<Int64> {
            recorder.take(Batches().batch(number), at: Batches.time(), queryName: nil, changes: [])
        }
        async let waiting: Void = recorder.makeRoom()
        while recorder.waiterCount == 0 { try await Task.sleep(for: .milliseconds(1)) }
        recorder.step()
        await waiting
        recorder.breakOff { _ in throw DatabaseError(resultCode: .SQLITE_FULL) }
        history.write(Batches(2).batches(0..<6_000))
        await recorder.makeRoom()
        #expect(recorder.health.pending == 6_000)
    }

    @Test func `a recording through a hub is all there when the recorder stops`() async throws {
        let recorder = try HistoryRecorder(path: file.path)
        let hub = MonitoringHub(settings: .replay, observers: [recorder])
        let maker = Batches(interval: 1000)
        for event in [maker.started] + maker.batches(0..<6_000) {
            hub.take(event, at: event.ownTime)
            await hub.makeRoom()
        }
        await recorder.stop()
        #expect(recorder.health.lost == 0 && recorder.health.written == 6_001)
        // After the end nothing is kept, and nobody waits.
        hub.take(maker.batch(6_000), at: Batches.time(hours: 10))
        await hub.makeRoom()
        #expect(recorder.health.lost >= 1)
        await recorder.stop()
        let reader = try HistoryReader(path: file.path)
        let query = try #require(try reader.queries().first)
        #expect(
            try reader.rows(of: query, HistoryRange(step: .raw, limit: .max), now: .systemTime).rows.count == 6_000)
        let states = try reader.transitions(of: query, from: nil, through: nil)
        #expect(states.first?.to == .starting && states.contains { $0.to == .processing })
        let again = try HistoryRecorder(path: file.path)
        #expect(again.takenThrough != nil)
        await again.stop()
    }

    @Test func `an event that claims to be of the future is not what the file says was read`() throws {
        let now = Batches.time(days: 1)
        let history = try SteppedHistory(file, at: now)
        let maker = Batches()
        history.recorder.take(maker.batch(1), at: Batches.time(), queryName: nil, changes: [])
        history.recorder.step()
        history.recorder.take(
            maker.batch(2), at: MonitorTime(millisecondsSinceEpoch: .max), queryName: nil, changes: [])
        history.recorder.step()
        history.recorder.end()
        let again = try SteppedHistory(file, at: now)
        #expect(again.recorder.takenThrough == now)
        again.recorder.end()
    }
}
