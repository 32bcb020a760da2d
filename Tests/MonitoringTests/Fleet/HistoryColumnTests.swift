import Foundation
import StreamingMetrics
import Testing

@testable import Monitoring

/// Milliseconds.
private let day: Int64 = 86_400_000

/// What of a query's progress gets a column in its history, and what that costs.
@Suite struct HistoryColumnTests {
    private let query = EventMaker()

    /// A trigger of which only what a test is about is told.
    private func sample(
        _ batch: Int64? = 0, at milliseconds: Int64 = 0, phases: MetricMap<Int64> = [:],
        stores: [MetricMap<Int64>] = [], lag: Int64? = nil
    ) -> HistorySample {
        let progress = StreamingQueryProgress(
            id: query.id, runId: query.runId, name: nil,
            timestamp: ProgressTimestamp(millisecondsSinceEpoch: milliseconds), batchId: batch, batchDuration: 1,
            numInputRows: 1, durationMs: phases,
            stateOperators: stores.map { StateOperatorProgress(operatorName: "dedupe", customMetrics: $0) },
            sources: [], sink: SinkProgress(description: "MemorySink"))
        return HistorySample(progress: progress, start: milliseconds, lagRecords: lag, watermarkDelaySeconds: nil)
    }

    private func history(capacity: Int = 10, _ samples: [HistorySample]) -> QueryHistory {
        var history = QueryHistory(capacity: capacity)
        for sample in samples { history.add(sample) }
        return history
    }

    /// Counters such as a RocksDB store has.
    private func many(_ count: Int, value: Int64 = 1) -> MetricMap<Int64> {
        var metrics: MetricMap<Int64> = [:]
        for number in 1...count { metrics["rocksdb\(1000 + number)"] = value }
        return metrics
    }

    // MARK: Custom metrics

    @Test func `custom metrics are summed over the operators, but for those that no sum says anything of`() throws {
        let point = try #require(
            history([
                sample(stores: [
                    ["loadedMapCacheHitCount": 3, "SnapshotLastUploaded.partition_0_default": 7],
                    ["loadedMapCacheHitCount": 4, "rocksdbGetCount": 1],
                ])
            ]).points.first)
        #expect(point.customMetrics == ["loadedMapCacheHitCount": 7, "rocksdbGetCount": 1])
    }

    @Test func `a column that comes late is a gap before, and one that stays away is one after`() {
        let points = history([
            sample(0), sample(1, stores: [["b": 1]]), sample(2, phases: ["addBatch": 500], stores: [["a": 2, "b": 3]]),
            sample(3, lag: 9),
        ]).points
        #expect(points.map { $0.customMetrics["b"] } == [nil, 1, 3, nil])
        #expect(points.map { $0.customMetrics["a"] } == [nil, nil, 2, nil])
        #expect(points.map { $0.phaseSeconds } == [[:], [:], ["addBatch": 0.5], [:]])
        #expect(points.map(\.lagRecords) == [nil, nil, nil, 9])
        #expect(points.map(\.batchId) == [0, 1, 2, 3])
    }

    @Test func `a value of 0 is a value`() throws {
        let point = try #require(history([sample(stores: [["a": 0, "b": -5]])]).points.first)
        #expect(point.customMetrics == ["a": 0, "b": -5])
        #expect(point.stateRows == 0 && point.stateBytes == nil)
    }

    @Test func `of more custom metrics than are kept it is the first by name, and then none that is new`() {
        var mixed: MetricMap<Int64> = ["z": 1]
        for (name, value) in many(300) { mixed[name] = value }
        let points = history([sample(0, stores: [mixed]), sample(1, stores: [["a": 1, "rocksdb1001": 5]])]).points
        let kept = (0..<QueryHistory.maximumCustomMetrics).map { many(300).keys[$0] }
        #expect(points.first?.customMetrics.keys.sorted() == kept)
        #expect(points.last?.customMetrics == ["rocksdb1001": 5])
    }

    @Test func `room that the first progress leaves is for those that come first`() {
        let points = history([
            sample(0, stores: [["z": 1]]), sample(1, stores: [many(300)]), sample(2, stores: [["z": 2]]),
        ]).points
        #expect(points[1].customMetrics.count == QueryHistory.maximumCustomMetrics - 1)
        #expect(points[1].customMetrics["rocksdb1255"] == 1 && points[1].customMetrics["rocksdb1256"] == nil)
        #expect(points[2].customMetrics == ["z": 2])
    }

    @Test func `a few custom metrics are kept of each query, and more where all queries leave room`() throws {
        var settings = MonitorSettings()
        settings.customMetricBytes = 40_000
        settings.endedExpiry = .seconds(10)
        var fleet = QueryFleet(settings: settings)
        func take(_ maker: EventMaker, _ metrics: MetricMap<Int64>) throws -> Int {
            let store = StateOperatorProgress(operatorName: "dedupe", customMetrics: metrics)
            fleet.take(maker.batch(0, 0, stateOperators: [store]), at: EventMaker.time(1))
            return try #require(fleet.history(of: maker.id)?.points.first?.customMetrics.count)
        }
        let own = QueryHistory.ownCustomMetrics
        let makers = (0..<4).map { _ in EventMaker(id: UUID(), runId: UUID(), name: nil) }
        let first = try take(makers[0], many(200))
        #expect(own + 25 < first && first < own + 35)
        #expect(fleet.customMetricBytes <= 40_000)
        // Nothing is left but what each has.
        #expect(try take(makers[1], many(200)) == own)
        #expect(try take(makers[2], many(5)) == 5)
        fleet.take(makers[0].terminated(), at: EventMaker.time(2))
        fleet.advance(to: EventMaker.time(60))
        #expect(fleet.customMetricBytes == 0)
        #expect(try take(makers[3], many(200)) == first)
    }

    @Test func `a name that is as long as a book is left out, and no other for it`() {
        var history = QueryHistory(capacity: 10)
        var metrics = many(100)
        metrics["rocksdb1050" + String(repeating: "book", count: 5000)] = 1
        history.add(sample(stores: [metrics]), sharedBound: 10_000)
        #expect(history.points.first?.customMetrics.keys.sorted() == many(100).map(\.key))
        #expect(history.sharedBytes <= 10_000)
    }

    @Test func `all the columns there can be are told apart`() throws {
        var phases: MetricMap<Int64> = [:]
        for number in 0..<20 { phases["phase\(number)"] = 1000 }
        let samples = [
            sample(1, at: 1, stores: [many(300, value: 3)]),
            sample(.max, at: 60 * day, phases: phases, stores: [many(300, value: 4)], lag: 5),
        ]
        let points = history(samples + [sample(3, at: 1)]).points
        #expect(points.map(\.batchId) == [1, .max, 3])
        #expect(points.map(\.time.millisecondsSinceEpoch) == [1, 60 * day, 1])
        #expect(points.map { $0.customMetrics.values.reduce(0, +) } == [768, 1024, 0])
        #expect(points[1].phaseSeconds.values.reduce(0, +) == 20 && points[1].lagRecords == 5)
    }

    @Test func `a ring that is full takes columns as well, and overwrites the whole of the oldest point`() {
        var samples = (0..<5 as Range<Int64>).map { sample($0, at: $0 * 1000, stores: [["a": $0]], lag: $0) }
        samples.append(sample(5, at: 5000))
        samples.append(sample(6, at: 6000, phases: ["addBatch": 1000], stores: [["b": 6]]))
        let history = history(capacity: 3, samples)
        #expect(history.points.map(\.batchId) == [4, 5, 6])
        #expect(history.points.map(\.customMetrics) == [["a": 4], [:], ["b": 6]])
        #expect(history.points.map(\.lagRecords) == [4, nil, nil])
        #expect(history.points.map { $0.phaseSeconds["addBatch"] } == [nil, nil, 1])
    }

    @Test func `custom metrics go on over a restart`() throws {
        var fleet = QueryFleet()
        for number in 0..<4 as Range<Int64> {
            let maker = query.nextRun(UInt8(number / 2))
            let store = StateOperatorProgress(operatorName: "dedupe", customMetrics: ["hits": number])
            let event = maker.batch(number, Double(number), stateOperators: [store])
            fleet.take(event, at: EventMaker.time(Double(number) + 1))
        }
        let history = try #require(fleet.history(of: query.id))
        #expect(history.points.map { $0.customMetrics["hits"] } == [0, 1, 2, 3])
        #expect(history.restarts.count == 1)
    }

    @Test func `a point is read again as it was written, and one from before there were custom metrics has none`()
        throws
    {
        let point = try #require(history([sample(stores: [["a": 2]], lag: 3)]).points.first)
        let data = try JSONEncoder().encode(point)
        #expect(try JSONDecoder().decode(HistoryPoint.self, from: data) == point)
        var members = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        members["customMetrics"] = nil
        let older = try JSONDecoder().decode(HistoryPoint.self, from: JSONSerialization.data(withJSONObject: members))
        #expect(older.customMetrics == [:] && older.lagRecords == 3)
    }

    // MARK: Times and batches beyond 32 bits

    @Test(
        arguments: [
            // A year, day by day; half a century at once; backwards; there and back; the ends of what is a time.
            (0..<365 as Range<Int64>).map { $0 * day }, [0, 1000, 20_000 * day, 20_000 * day + 1],
            (0..<100 as Range<Int64>).map { -$0 * day },
            [0, 60 * day, 1, 60 * day + 1, 2], [.min, 0, .max, -1, .max, .min],
        ] as [[Int64]])
    func `times are exact however far apart they are`(times: [Int64]) {
        for capacity in [1, 3, 400] {
            let history = history(capacity: capacity, times.map { sample(at: $0) })
            #expect(history.points.map(\.time.millisecondsSinceEpoch) == times.suffix(capacity))
        }
    }

    @Test func `a query that is watched for months needs no second column for its times`() {
        let samples = (0..<500 as Range<Int64>).map { sample($0, at: $0 * day) }
        let young = history(capacity: 40, Array(samples.prefix(40)))
        let old = history(capacity: 40, samples)
        #expect(old.table.width == young.table.width)
        #expect(old.points.map(\.time.millisecondsSinceEpoch) == (460..<500 as Range<Int64>).map { $0 * day })
    }

    @Test func `numbers of batches are exact up to the last one there can be, and none is none`() {
        let batches: [Int64?] = [nil, 0, 4_294_967_294, 4_294_967_295, 4_294_967_296, .max, nil, 1]
        #expect(history(batches.map { sample($0) }).points.map(\.batchId) == batches)
    }

    // MARK: Memory

    private func bytesOfAPoint(_ sample: HistorySample) -> Int {
        let history = history(capacity: 300, Array(repeating: sample, count: 700))
        // The allocator may round up to its own steps.
        #expect(history.table.cells.capacity - 300 * history.table.width < 8)
        return history.table.width * 4
    }

    @Test func `a point costs 4 bytes for its time, its batch and each number that is ever told`() {
        // Time, batch, rows and duration; and one more of everything else.
        #expect(bytesOfAPoint(sample()) == 4 * 4)
        #expect(bytesOfAPoint(sample(phases: ["addBatch": 1])) == 5 * 4)
        #expect(bytesOfAPoint(sample(stores: [["a": 1]])) == 7 * 4)
    }

    @Test func `a point has a bound, whatever comes`() throws {
        var history = QueryHistory(capacity: 300)
        for number in 0..<700 as Range<Int64> {
            var (phases, metrics): (MetricMap<Int64>, MetricMap<Int64>) = ([:], [:])
            for place in 0..<5 { phases["phase\(number * 5 + Int64(place))"] = 1 }
            for place in 0..<5 { metrics["metric\(number * 5 + Int64(place))"] = 1 }
            history.add(sample(number, at: number * number * day, phases: phases, stores: [metrics], lag: 1))
        }
        let most = 14 + QueryHistory.maximumPhases + QueryHistory.maximumCustomMetrics
        #expect(history.table.width <= most)
        // What is large is rounded up to whole pages.
        #expect(history.table.cells.capacity - 300 * history.table.width < 1024)
        #expect(history.points.last?.phaseSeconds.keys.sorted() == ["other"])
    }
}
