import Foundation
import GRDB
import LiveMonitoring
import Monitoring
import StreamingMetrics
import Synchronization
import Testing

@testable import MonitoringHistory

@Suite struct HistoryWriterTests {
    /// A run of three hours with every kind of event.
    private static let events: [StreamingQueryEvent] = {
        var events = [Batches(1).started] + Batches(1).batches(0..<400) + [Batches(1).terminated("it broke\nhere")]
        let (second, other) = (Batches(1, run: 2), Batches(2, name: nil, interval: 61_000))
        events += (400..<700).map { second.batch($0, rows: $0 % 5 == 0 ? 0 : $0) }
        events += other.batches(0..<150)
        return events
    }()

    @Test func `minutes and hours have the sums and bounds of their triggers`() throws {
        let file = HistoryFile()
        let history = try SteppedHistory(file)
        history.write(Batches().batches(0..<720))
        let query = try #require(try history.recorder.reader.queries().first)
        func rows(_ step: HistoryRange.Step) throws -> [HistoryRow] {
            try history.recorder.reader.rows(of: query, HistoryRange(step: step), now: history.clock.now).rows
        }
        #expect(try rows(.raw).count == 720)
        let minutes = try rows(.seconds(60))
        #expect(minutes.count == 120 && minutes.allSatisfy { $0.figures.triggers == 6 && $0.figures.batches == 6 })
        #expect(minutes[1].time == Batches.time(seconds: 60))
        #expect(minutes[1].figures.sum(.inputRows) == 600)
        #expect(minutes[1].figures.least(.stateRows) == 1006 && minutes[1].figures.greatest(.stateRows) == 1011)
        #expect(minutes[1].figures.mean(.stateRows) == 1008.5)
        // Batches 6 to 11: 500 ms and the number modulo 7.
        let mean = try #require(minutes[1].figures.mean(.durationSeconds))
        #expect(abs(mean - 3.016 / 6) < 1e-9)
        #expect(minutes[1].figures.mean(.inputRowsPerSecond) == 33.333)
        #expect(minutes[1].phaseSeconds["walCommit"] == 0.02 && minutes[1].phaseSeconds["triggerExecution"] == nil)
        #expect(minutes[1].figures.count(.lagRecords) == 0 && minutes[1].figures.mean(.lagRecords) == nil)
        #expect(minutes[1].figures.mean(.watermarkDelaySeconds) == 4)
        let hours = try rows(.seconds(3600))
        #expect(hours.map(\.figures.triggers) == [360, 360])
        #expect(hours[1].figures.sum(.lateRows) == 360)
        #expect(hours[1].figures.greatest(.stateBytes) == 2_945_024)
    }

    @Test func `the same events read again change nothing`() throws {
        let file = HistoryFile()
        let history = try SteppedHistory(file)
        history.write(Self.events)
        let before = try history.content()
        history.write(Self.events)
        history.write(Array(Self.events.reversed()))
        #expect(try history.content() == before)
        #expect(before.split(separator: "\n").count > 1000)
    }

    @Test(arguments: [1, 2, 3, 4, 5] as [UInt64])
    func `whatever the order and the transactions, the content is the same`(seed: UInt64) throws {
        let (first, second) = (HistoryFile(), HistoryFile())
        let history = try SteppedHistory(first)
        history.write(Self.events)
        let other = try SteppedHistory(second)
        var numbers = SeededNumbers(state: seed)
        var rest = Self.events.shuffled(using: &numbers)
        while !rest.isEmpty {
            let count = Int.random(in: 1...60, using: &numbers)
            other.write(Array(rest.prefix(count)) + Array(rest.prefix(3)))
            rest.removeFirst(min(count, rest.count))
        }
        #expect(try other.content() == history.content())
    }

    @Test func `a late event falls into its minute after that was rolled up`() throws {
        let file = HistoryFile()
        let history = try SteppedHistory(file)
        let maker = Batches()
        history.write(maker.batches(0..<3) + maker.batches(4..<1000))
        history.write([maker.batch(3, rows: 5000)])
        let query = try #require(try history.recorder.reader.queries().first)
        let minute = try #require(
            try history.recorder.reader.rows(
                of: query, HistoryRange(step: .seconds(60)), now: history.clock.now
            ).rows.first)
        #expect(minute.figures.triggers == 6 && minute.figures.greatest(.inputRows) == 5000)
    }

    @Test func `copies of batches do not count when their points are long gone`() throws {
        let file = HistoryFile()
        let history = try SteppedHistory(file)
        let maker = Batches(interval: 240_000)
        for start in stride(from: Int64(0), to: 1100, by: 100) { history.write(maker.batches(start..<(start + 100))) }
        let before = try history.content()
        #expect(before.split(separator: "\n").filter { $0.hasPrefix("raw") }.count == 361)
        history.write(maker.batches(0..<1100))
        #expect(try history.content() == before)
        // One that is really new counts, however late.
        history.write([Batches(1, run: 9, interval: 240_000).batch(5)])
        #expect(try history.content() != before)
    }

    @Test func `triggers without a batch count once each, also when their points are gone`() throws {
        let file = HistoryFile()
        let history = try SteppedHistory(file)
        // As Spark up to 3.3 tells of them: the number is that of the batch to come.
        let maker = Batches(interval: 120_000)
        let idle = (0..<2000).map { number in maker.batch(7, rows: 0, at: Batches.time(seconds: Int64(number) * 120)) }
        let last = maker.batch(7, at: Batches.time(seconds: 2000 * 120))
        for start in stride(from: 0, to: 2000, by: 500) { history.write(Array(idle[start..<(start + 500)])) }
        history.write([last])
        let before = try history.content()
        let hours = before.split(separator: "\n").filter { $0.hasPrefix("seconds(3600)") }
        #expect(hours.count == 67 && hours[3].contains(" 30 0 "), "\(hours)")
        history.write(idle + [last])
        #expect(try history.content() == before)
    }

    @Test func `a transaction that breaks off behind any of its steps leaves nothing behind`() throws {
        let whole = HistoryFile()
        let undisturbed = try SteppedHistory(whole)
        undisturbed.write(Self.events)
        let expected = try undisturbed.content()
        for broken in 0..<5 {
            let file = HistoryFile()
            let history = try SteppedHistory(file)
            history.write(Array(Self.events.prefix(300)))
            let before = try history.content()
            let steps = Mutex(0)
            history.recorder.breakOff { _ in
                let step = steps.withLock { steps in
                    defer { steps += 1 }
                    return steps
                }
                if step == broken { throw DatabaseError(resultCode: .SQLITE_FULL) }
            }
            history.write(Array(Self.events.dropFirst(300)))
            #expect(try history.content() == before)
            #expect(history.recorder.health.error?.contains("make room on the disk") == true)
            #expect(history.recorder.health.pending == Self.events.count - 300)
            history.recorder.step()
            #expect(try history.content() == expected, "broken off behind step \(broken)")
            #expect(history.recorder.health.error == nil && history.recorder.health.lost == 0)
        }
    }

    @Test func `runs tell their names, their ends and their restarts`() async throws {
        let file = HistoryFile()
        let history = try SteppedHistory(file)
        let (first, second) = (Batches(1), Batches(1, run: 2))
        history.write([first.terminated("java.lang.Error: no\n at x"), first.started] + first.batches(0..<10))
        history.write(second.batches(10..<20))
        var query = try #require(try history.recorder.reader.queries().first)
        #expect(query.name == "orders" && query.runs == 2 && !query.hasEnded)
        #expect(query.firstAt == Batches.time(seconds: -1))
        history.write([second.terminated("java.lang.Error: no\n at x")])
        query = try #require(try history.recorder.reader.queries().first)
        #expect(query.hasEnded && query.failure == "java.lang.Error: no")
        let stored = try await history.recorder.history(of: first.id, HistoryRange())
        #expect(stored?.restarts == [Batches.time(seconds: 100)])
        #expect(try await history.recorder.history(of: UUID(), HistoryRange()) == nil)
    }

    @Test func `changes of state are kept in their order, and told again they are known`() throws {
        let file = HistoryFile()
        let maker = Batches()
        func change(_ from: QueryState, _ to: QueryState, _ seconds: Int64) -> QueryTransition {
            QueryTransition(
                id: maker.id, runId: maker.runId, from: from, to: to, at: Batches.time(seconds: seconds), reason: "so")
        }
        let all = [
            change(.unknown, .processing, 1), change(.processing, .behind, 5), change(.behind, .processing, 9),
        ]
        let history = try SteppedHistory(file)
        history.write([maker.started])
        history.recorder.take(all)
        history.recorder.step()
        // Who reads the events again judges them again, and begins with nothing.
        history.recorder.take([change(.unknown, .starting, 0), change(.starting, .processing, 10)] + all)
        history.recorder.take([change(.processing, .idle, 20)])
        history.recorder.step()
        let query = try #require(try history.recorder.reader.queries().first)
        let found = try history.recorder.reader.transitions(of: query, from: nil, through: nil)
        #expect(found == all + [change(.processing, .idle, 20)])
        let late = try history.recorder.reader.transitions(of: query, from: Batches.time(seconds: 7), through: nil)
        #expect(late.map(\.to) == [.behind, .processing, .idle])
    }

    @Test func `values beyond all measure neither stop it nor overflow`() throws {
        let file = HistoryFile()
        let history = try SteppedHistory(file, at: Batches.time(hours: 1))
        let maker = Batches()
        var events: [StreamingQueryEvent] = []
        for number in 0..<50 as Range<Int64> {
            guard case .progress(var event) = maker.batch(number, rows: .max) else { continue }
            event.progress.processedRowsPerSecond = number % 2 == 0 ? .infinity : 1e300
            event.progress.inputRowsPerSecond = .nan
            event.progress.durationMs = ["addBatch": .max, "walCommit": .min, "x\(number)": number]
            event.progress.batchDuration = .max
            events.append(.progress(event))
        }
        let far = ProgressTimestamp(millisecondsSinceEpoch: 253_402_300_799_000)
        guard case .progress(var last) = maker.batch(60) else { return }
        last.progress.timestamp = far
        history.write(events + [.progress(last)])
        #expect(history.recorder.health.error == nil)
        let query = try #require(try history.recorder.reader.queries().first)
        let rows = try history.recorder.reader.rows(
            of: query, HistoryRange(step: .seconds(3600)), now: history.clock.now
        ).rows
        #expect(rows.count == 2 && rows[0].figures.triggers == 50 && rows[0].figures.mean(.inputRows) ?? 0 > 1e15)
        #expect(rows[0].figures.count(.inputRowsPerSecond) == 0)
    }
}

@Suite struct FiguresTests {
    @Test func `ranges of batches grow together and know what they hold`() throws {
        var ranges = BatchRanges()
        for number in [5, 6, 9, 8, 7, 1, 3, 2, 5, 40] as [Int64] { ranges.insert(number) }
        #expect(ranges.text == "1-3 5-9 40")
        #expect(BatchRanges(text: ranges.text) == ranges)
        #expect(ranges.contains(8) && !ranges.contains(4) && !ranges.contains(0) && !ranges.contains(41))
        for broken in ["3-1", "1-2 2-3", "a", "1-2-3", "5 1"] { #expect(BatchRanges(text: broken) == nil, "\(broken)") }
        var holes = BatchRanges()
        for number in 0..<3000 as Range<Int64> { holes.insert(number * 2) }
        #expect(holes.ranges.count == BatchRanges.maximum)
        #expect(holes.contains(1) && !holes.contains(5997) && holes.contains(5998))
        holes.insert(.max)
        #expect(BatchRanges(text: holes.text) == holes)
    }

    @Test func `ranges agree with a set, whatever the order`() {
        var numbers = SeededNumbers(state: 11)
        var (ranges, set) = (BatchRanges(), Set<Int64>())
        for _ in 0..<2000 {
            let number = Int64.random(in: 0..<900, using: &numbers)
            #expect(ranges.contains(number) == set.contains(number))
            ranges.insert(number)
            set.insert(number)
        }
        #expect(ranges.ranges.reduce(0) { $0 + $1.count } == set.count)
    }

    @Test func `phases are the same after a way through bytes`() {
        var phases = PhaseSums()
        for (phase, length) in [(3, 0), (1, 127), (2, 128), (200, 1 << 40), (1, 5), (9, Int64.max)] {
            phases.add(Int64(phase), Int64(length))
        }
        #expect(PhaseSums(bytes: phases.bytes) == phases)
        #expect(phases.sums.map(\.phase) == [1, 2, 3, 9, 200] && phases.sums[0].milliseconds == 132)
        #expect(PhaseSums(bytes: [0x80]) == nil && PhaseSums(bytes: [1]) == nil)
        #expect(PhaseSums(bytes: [UInt8](repeating: 0xFF, count: 12)) == nil)
    }

    @Test func `a step begins at its multiple, before 1970 too`() {
        #expect(Int64(125).floored(to: 60) == 120 && Int64(-1).floored(to: 60) == -60)
        #expect(Int64(-120).floored(to: 60) == -120 && Int64.min.floored(to: 60) == .min)
    }
}
