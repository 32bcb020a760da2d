import Foundation
import Monitoring
import StreamingMetrics
import Testing

@Suite struct SizingVerdictTests {
    private let query = EventMaker()

    private func verdict(
        interval: Double?, every: Double, takes: Double, rows: Int64 = 1000, count: Int64 = 12,
        phases: MetricMap<Int64> = [:], behind: Int64? = nil, metrics: MetricMap<String> = [:], partitions: Int64? = nil
    ) -> SizingVerdict {
        var settings = MonitorSettings()
        settings.triggerInterval = interval.map { .seconds($0) } ?? .zero
        var monitor = QueryMonitor(id: query.id, settings: settings)
        for number in 0..<count {
            var sources = behind.map { [EventMaker.kafka(end: [0], latest: [$0], rows: rows)] }
            if !metrics.isEmpty {
                sources = [
                    SourceProgress(description: "FileStreamSource[file:/in]", numInputRows: rows, metrics: metrics)
                ]
            }
            let state = partitions.map {
                [StateOperatorProgress(operatorName: "stateStoreSave", numRowsTotal: 10, numShufflePartitions: $0)]
            }
            monitor.replay(
                query.batch(
                    number, Double(number) * every, takes: takes, rows: rows, phases: phases, sources: sources,
                    stateOperators: state ?? []))
        }
        return monitor.snapshot(at: EventMaker.time(Double(count) * every)).sizing
    }

    @Test func `batches of a tenth of the interval have more than they need`() {
        let verdict = verdict(interval: 10, every: 10, takes: 1)
        #expect(verdict.kind == .overProvisioned)
        #expect(
            verdict.summary == "it has more than it needs: 1 s a trigger of a 10 s interval (busy for 10 %), "
                + "1,000 rows a batch, 100 of 1,000 possible rows/s, what waits is not known, over 11 batches")
        // A folder of files may be full of them.
        #expect(verdict.advice.first?.hasPrefix("look first whether input waits") == true && verdict.advice.count == 2)
        let known = self.verdict(interval: 10, every: 10, takes: 1, behind: 0)
        #expect(known.kind == .overProvisioned && known.advice.count == 1)
    }

    @Test func `batches of half the interval are right`() {
        let verdict = verdict(interval: 10, every: 10, takes: 5)
        #expect(verdict.kind == .wellProvisioned)
        #expect(verdict.advice.isEmpty)
    }

    @Test func `batches of nearly the interval have no reserve`() {
        let verdict = verdict(interval: 10, every: 10, takes: 9.5)
        #expect(verdict.kind == .underProvisioned)
        #expect(verdict.summary.hasPrefix("it has no reserve: "))
        #expect(verdict.advice.first?.contains("workers") == true)
    }

    @Test func `batches longer than the interval do not keep up`() {
        let verdict = verdict(interval: 10, every: 20, takes: 15)
        #expect(verdict.kind == .underProvisioned)
        #expect(verdict.summary.hasPrefix("it does not keep up: 15 s a trigger of a 10 s interval (busy for 150 %)"))
    }

    @Test func `a backlog beside short batches is held back by the limits`() {
        let verdict = verdict(interval: 10, every: 10, takes: 2, behind: 20_000)
        #expect(verdict.kind == .underProvisioned)
        #expect(verdict.advice.first?.contains("maxOffsetsPerTrigger") == true)
        #expect(verdict.summary.contains("20,000 records behind, 40 s of work"))
    }

    @Test func `files and bytes that wait hold back what is said of time to spare`() {
        let files = verdict(interval: 10, every: 10, takes: 1, metrics: ["numFilesOutstanding": "12000"])
        #expect(files.kind == .underProvisioned)
        #expect(files.summary.hasPrefix("files wait although it is idle between batches: "))
        #expect(files.summary.contains("12,000 files behind"))
        #expect(files.advice.first?.contains("maxFilesPerTrigger") == true)
        let few = verdict(interval: 10, every: 10, takes: 1, metrics: ["numFilesOutstanding": "2"])
        #expect(few.kind == .wellProvisioned)
        let bytes = verdict(interval: 10, every: 10, takes: 1, metrics: ["numBytesOutstanding": "900000000"])
        #expect(bytes.kind == .underProvisioned && bytes.summary.contains("behind"))
        let none = verdict(interval: 10, every: 10, takes: 1, metrics: ["numFilesOutstanding": "0"])
        #expect(none.kind == .overProvisioned && none.advice.count == 1)
    }

    @Test(
        arguments: [
            ("latestOffset", "source"), ("getOffset", "source"), ("walCommit", "checkpoint"),
            ("commitOffsets", "checkpoint"), ("queryPlanning", "plan"), ("getBatch", "files"), ("myPhase", "myPhase"),
        ])
    func `a phase that takes most of a busy trigger is the bottleneck, and more workers are not advised`(
        _ phase: String, _ word: String
    ) {
        let verdict = verdict(interval: 10, every: 10, takes: 8, phases: [phase: 6000, "addBatch": 1000])
        #expect(verdict.kind == .bottleneck)
        #expect(verdict.phase == phase)
        #expect(verdict.summary.hasPrefix("\(phase) takes 75 % of a trigger"))
        #expect(verdict.advice.joined().contains(word))
        #expect(!verdict.advice.joined().contains("add workers"))
    }

    @Test func `a slow phase of a query that has time enough is no bottleneck`() {
        let verdict = verdict(interval: 10, every: 10, takes: 1, phases: ["walCommit": 900, "addBatch": 50])
        #expect(verdict.kind == .overProvisioned)
    }

    @Test func `many partitions for few rows are the first thing to change`() {
        let verdict = verdict(interval: 10, every: 10, takes: 9.5, rows: 500, partitions: 200)
        #expect(verdict.advice.first?.contains("lower spark.sql.shuffle.partitions (200)") == true)
    }

    @Test func `a query without an interval that is always busy and has no backlog is right`() {
        #expect(verdict(interval: nil, every: 2.01, takes: 2).kind == .wellProvisioned)
    }

    @Test func `a few batches, or batches without rows, give no verdict`() {
        let few = verdict(interval: 10, every: 10, takes: 1, count: 4)
        #expect(few.kind == .unknown)
        #expect(few.summary == "3 of 5 batches that a verdict needs were seen")
        let empty = verdict(interval: 10, every: 10, takes: 1, rows: 0)
        #expect(empty.kind == .unknown)
        #expect(empty.summary == "the last 11 batches read no rows")
    }

    @Test func `the recorded query that was slower than its input does not keep up`() throws {
        var settings = MonitorSettings()
        settings.behindFor = .seconds(15)
        let (monitors, _) = RecordedFeed.replay(
            try RecordedFeed.events("spark-4.1.1/slow-behind.jsonl"), settings: settings)
        let snapshot = try #require(monitors.first).snapshot(at: EventMaker.time(0))
        // Three batches only: not enough for a verdict, and that is what it says.
        #expect(snapshot.sizing.kind == .unknown)
        #expect(snapshot.phases.first?.phase == "addBatch")
    }
}
