import Foundation
import Monitoring
import StreamingMetrics
import Testing

@Suite struct QuerySnapshotTests {
    private let query = EventMaker()

    @Test func `ages count to the moment asked for`() throws {
        var monitor = QueryMonitor(id: query.id)
        monitor.replay(query.started(0))
        monitor.replay(query.batch(0, 1, takes: 0.5))
        monitor.replay(query.idle(20))
        let snapshot = monitor.snapshot(at: EventMaker.time(100))
        #expect(snapshot.lastEventAgeSeconds == 80)
        #expect(snapshot.lastProgressAgeSeconds == 98.5)
        #expect(snapshot.stateSeconds == 80)
        #expect(snapshot.runSince == EventMaker.time(0))
    }

    @Test func `an idle query reads nothing, and an ended one has no rates`() {
        var monitor = QueryMonitor(id: query.id)
        monitor.replay(query.batch(0, 0, rows: 500))
        #expect(monitor.snapshot(at: EventMaker.time(1)).inputRowsPerSecond == 500)
        monitor.replay(query.idle(12))
        #expect(monitor.snapshot(at: EventMaker.time(13)).inputRowsPerSecond == 0)
        monitor.replay(query.terminated(), orAt: 14)
        #expect(monitor.snapshot(at: EventMaker.time(15)).inputRowsPerSecond == nil)
    }

    @Test func `the watermark's delay goes on while nothing comes, by the query's own clock`() throws {
        var monitor = QueryMonitor(id: query.id)
        // The feed's clock is a day ahead of the query's.
        let ahead = 86_400.0
        monitor.take(
            query.batch(0, 60, eventTime: ["watermark": EventMaker.timestamp(0).description]),
            at: EventMaker.time(ahead + 61))
        #expect(monitor.watermark == EventMaker.time(0))
        #expect(monitor.snapshot(at: EventMaker.time(ahead + 61)).watermarkDelaySeconds == 60)
        #expect(monitor.snapshot(at: EventMaker.time(ahead + 71)).watermarkDelaySeconds == 70)
    }

    @Test func `a watermark that has not moved from 1970 is none`() {
        var monitor = QueryMonitor(id: query.id)
        monitor.replay(query.batch(0, 60, eventTime: ["watermark": "1970-01-01T00:00:00.000Z"]))
        #expect(monitor.watermark == nil)
        #expect(monitor.snapshot(at: EventMaker.time(61)).watermarkDelaySeconds == nil)
    }

    @Test func `state grows by rows and bytes an hour`() throws {
        var monitor = QueryMonitor(id: query.id)
        for minute in 0..<30 as Range<Int64> {
            let state = StateOperatorProgress(
                operatorName: "stateStoreSave", numRowsTotal: 1000 + 10 * minute, memoryUsedBytes: 4096 * minute,
                numRowsDroppedByWatermark: 2, numShufflePartitions: 8,
                customMetrics: ["loadedMapCacheHitCount": 5, "SnapshotLastUploaded.partition_0_default": -1])
            monitor.replay(query.batch(minute, Double(minute) * 60, stateOperators: [state, state]))
        }
        let use = try #require(monitor.stateUse)
        #expect(use.rows == 2580)
        #expect(use.bytes == 237_568)
        #expect(use.partitions == 8)
        #expect(abs(try #require(use.rowsPerHour) - 1200) < 1)
        #expect(abs(try #require(use.bytesPerHour) - 2 * 4096 * 60) < 1)
        let snapshot = monitor.snapshot(at: EventMaker.time(1800))
        #expect(snapshot.counts.lateRows == 120)
        #expect(snapshot.customMetrics == ["loadedMapCacheHitCount": 10])
    }

    @Test func `the first minute gives no growth`() throws {
        var monitor = QueryMonitor(id: query.id)
        for second in 0..<30 as Range<Int64> {
            let state = StateOperatorProgress(operatorName: "save", numRowsTotal: second)
            monitor.replay(query.batch(second, Double(second), stateOperators: [state]))
        }
        #expect(try #require(monitor.stateUse).rowsPerHour == nil)
    }

    @Test func `restarts of the last hour are counted`() {
        var monitor = QueryMonitor(id: query.id)
        for number in 0..<6 as Range<UInt8> {
            monitor.replay(query.nextRun(number).started(Double(number) * 1000))
        }
        #expect(monitor.snapshot(at: EventMaker.time(5000)).restartsInLastHour == 4)
        #expect(monitor.snapshot(at: EventMaker.time(5000)).counts.restarts == 5)
    }

    @Test func `a snapshot is the same after JSON`() throws {
        let (monitors, _) = RecordedFeed.replay(
            try RecordedFeed.events("spark-4.1.1/window-watermark-append.jsonl")
                + RecordedFeed.events("spark-4.1.1/fail-udf.jsonl"))
        for monitor in monitors {
            let now = (monitor.heardAt ?? EventMaker.time(0)) + .seconds(1)
            let snapshot = monitor.snapshot(at: now)
            let bytes = try JSONEncoder().encode(snapshot)
            #expect(try JSONDecoder().decode(QuerySnapshot.self, from: bytes) == snapshot)
        }
    }

    @Test func `a query without a name is shown by its id`() {
        var nameless = query
        nameless.name = nil
        var monitor = QueryMonitor(id: nameless.id)
        monitor.replay(nameless.batch(0, 0))
        #expect(monitor.snapshot(at: EventMaker.time(1)).title == "00000000-0000-0000-0000-00000000000a")
    }
}
