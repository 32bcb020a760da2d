import Foundation
import StreamingMetrics
import Testing

@testable import Monitoring

/// How each partition of a source moves, and when it will have been worked off.
@Suite struct PartitionTrendTests {
    private let query = EventMaker()

    /// A monitor of batches at an interval, each of which takes half a second.
    private func monitor(_ sources: [SourceProgress], every interval: Double = 1) -> QueryMonitor {
        var monitor = QueryMonitor(id: query.id)
        for (index, source) in sources.enumerated() {
            monitor.replay(
                query.batch(
                    Int64(index), Double(index) * interval, takes: 0.5, rows: source.numInputRows, sources: [source]))
        }
        return monitor
    }

    /// The partitions in the order of their numbers.
    private func partitions(_ sources: [SourceProgress], every interval: Double = 1) -> [PartitionLag] {
        monitor(sources, every: interval).partitionLags(ofSource: 0)
            .sorted { (Int($0.partition) ?? 0) < (Int($1.partition) ?? 0) }
    }

    private func isNear(_ value: Double?, _ expected: Double) -> Bool {
        value.map { abs($0 - expected) < 1e-6 } ?? false
    }

    @Test func `each partition has its own trend: one grows, one shrinks, one stays`() {
        // 300 rows are read in half a second: 600 a second could be, 200 of each partition.
        let found = partitions(
            (0..<10 as Range<Int64>).map { second in
                EventMaker.kafka(
                    end: [100 * second, 100 * second, 100 * second],
                    latest: [100 + 350 * second, 2000 + 20 * second, 500 + 100 * second], rows: 300)
            })
        #expect(found.map(\.records) == [2350, 1280, 500])
        #expect(isNear(found[0].trendPerSecond, 250) && isNear(found[1].trendPerSecond, -80))
        #expect(isNear(found[2].trendPerSecond, 0))
        #expect(isNear(found[0].secondsBehind, 2350 / 200) && isNear(found[2].secondsBehind, 500 / 200))
        #expect(found[0].catchUpSeconds == nil && found[0].neverCatchesUp)
        #expect(isNear(found[1].catchUpSeconds, 1280 / 180) && isNear(found[2].catchUpSeconds, 500 / 100))
        #expect(!found[1].neverCatchesUp)
    }

    @Test func `a partition of which more is read has more of what can be processed`() {
        let found = partitions(
            (0..<10 as Range<Int64>).map { second in
                EventMaker.kafka(
                    end: [300 * second, 100 * second], latest: [1000 + 300 * second, 1000 + 100 * second], rows: 400)
            })
        // 800 rows a second could be processed, 600 and 200 of them.
        #expect(isNear(found[0].secondsBehind, 1000 / 600) && isNear(found[1].secondsBehind, 5))
    }

    @Test func `where nothing waits nothing is behind, and nothing is known of a partition that is not read`() {
        let found = partitions(
            (0..<5 as Range<Int64>).map { second in
                EventMaker.kafka(end: [100 * second, 40], latest: [100 * second, 90], rows: 100)
            })
        #expect(found[0].secondsBehind == 0 && found[0].catchUpSeconds == 0 && found[0].trendPerSecond == 0)
        #expect(found[1].secondsBehind == nil && found[1].catchUpSeconds == nil && found[1].trendPerSecond == 0)
        #expect(!found[1].neverCatchesUp)
    }

    @Test func `a partition that is not read while it grows never catches up`() {
        let found = partitions(
            (0..<5 as Range<Int64>).map { second in
                EventMaker.kafka(end: [100 * second, 40], latest: [100 * second, 90 + 50 * second], rows: 100)
            })
        #expect(found[1].secondsBehind == nil && found[1].catchUpSeconds == nil)
        #expect(isNear(found[1].trendPerSecond, 50) && found[1].neverCatchesUp)
    }

    @Test func `a first trigger that had read nothing yet hides no trend of those after it`() {
        let sources = (0..<5 as Range<Int64>).map { second in
            var source = EventMaker.kafka(end: [100 * second], latest: [300 * second], rows: 100)
            if second == 0 { source.endOffset = .null }
            return source
        }
        // The next mark comes after half the window, which is 300 s.
        #expect(isNear(partitions(sources, every: 100).first?.trendPerSecond, 2))
    }

    @Test(arguments: [120.0, 200, 300, 600, 3600]) func `triggers that are longer apart than the window have trends`(
        interval: Double
    ) {
        let sources = (0..<8 as Range<Int64>).map { number in
            EventMaker.kafka(end: [1000 * number], latest: [1200 * number], rows: 1000)
        }
        for count in 3...8 {
            let found = partitions(Array(sources.prefix(count)), every: interval)
            #expect(isNear(found.first?.trendPerSecond, 200 / interval))
        }
    }

    @Test func `two triggers that follow each other are no trend`() {
        let sources = (0..<3 as Range<Int64>).map { EventMaker.kafka(end: [100 * $0], latest: [300 * $0], rows: 100) }
        #expect(partitions(Array(sources.prefix(2))).first?.trendPerSecond == nil)
        #expect(partitions(Array(sources.prefix(2))).first?.records == 200)
        #expect(isNear(partitions(sources).first?.trendPerSecond, 200))
    }

    @Test(arguments: [60.0, 100, 120, 160, 300])
    func `triggers that are minutes apart have a trend as well`(interval: Double) {
        let sources = (0..<20 as Range<Int64>).map { EventMaker.kafka(end: [0], latest: [600 * $0], rows: 100) }
        for count in 3...20 {
            let trend = partitions(Array(sources.prefix(count)), every: interval).first?.trendPerSecond
            #expect(isNear(trend, 600 / interval), "after \(count) triggers")
        }
    }

    @Test func `a trend forgets what is longer ago than the window`() {
        let found = partitions(
            (0..<900 as Range<Int64>).map { second in
                EventMaker.kafka(end: [0], latest: [second < 500 ? 1000 * second : 500_000 + second], rows: 0)
            })
        #expect(isNear(found.first?.trendPerSecond, 1))
    }

    @Test func `a partition that is new has its trend from when it came, and the others theirs`() {
        let before = (0..<200 as Range<Int64>).map { second in
            EventMaker.kafka(end: [100 * second], latest: [120 * second], rows: 100)
        }
        let after = (200..<400 as Range<Int64>).map { second in
            EventMaker.kafka(
                end: [100 * second, 10 * (second - 200)], latest: [120 * second, 70_000 + 30 * (second - 200)],
                rows: 110)
        }
        let early = partitions(before + after.prefix(2))
        #expect(isNear(early[0].trendPerSecond, 20) && early[1].trendPerSecond == nil)
        #expect(early[1].records == 70_020 && early[1].secondsBehind == nil)
        #expect(isNear(partitions(before + after.prefix(3))[1].trendPerSecond, 20))
        let late = partitions(before + after)
        #expect(isNear(late[0].trendPerSecond, 20) && isNear(late[1].trendPerSecond, 20))
    }

    @Test func `a topic that is made again begins anew`() {
        let before = (0..<100 as Range<Int64>).map { second in
            EventMaker.kafka(end: [90 * second, 90 * second], latest: [100 * second, 100 * second], rows: 180)
        }
        let after = (100..<110 as Range<Int64>).map { second in
            let age = second - 99
            return EventMaker.kafka(
                end: [3000 * age, 90 * second], latest: [3005 * age, 100 * second], rows: 3090)
        }
        // The first partition's offsets are soon beyond what they were.
        #expect(partitions(before + after.prefix(1)).map(\.trendPerSecond) == [nil, nil])
        let late = partitions(before + after)
        #expect(isNear(late[0].trendPerSecond, 5) && isNear(late[1].trendPerSecond, 10))
        #expect(isNear(monitor(before + after).lags.first?.inputRowsPerSecond, 3105))
    }

    @Test func `a clock that is set back begins anew, and one that jumps ahead as well`() {
        for jump in [-1000.0, 1000] {
            var monitor = QueryMonitor(id: query.id)
            for number in 0..<30 as Range<Int64> {
                let source = EventMaker.kafka(end: [100 * number], latest: [150 * number], rows: 100)
                let time = Double(number) + (number < 20 ? 0 : jump)
                monitor.replay(query.batch(number, time, takes: 0.5, rows: 100, sources: [source]))
                let trend = monitor.partitionLags(ofSource: 0).first?.trendPerSecond
                if number % 20 < 2 { #expect(trend == nil) } else { #expect(isNear(trend, 50)) }
            }
        }
    }

    @Test func `another run begins anew`() {
        var monitor = monitor((0..<9 as Range<Int64>).map { EventMaker.kafka(end: [0], latest: [10 * $0]) })
        let next = query.nextRun()
        monitor.replay(next.batch(9, 60, sources: [EventMaker.kafka(end: [0], latest: [5000])]))
        #expect(monitor.partitionLags(ofSource: 0).first?.records == 5000)
        #expect(monitor.partitionLags(ofSource: 0).first?.trendPerSecond == nil)
    }

    @Test func `partitions are found in whatever order they come`() throws {
        func source(_ end: String, _ latest: String) throws -> SourceProgress {
            var source = EventMaker.kafka(end: [0], latest: [0])
            source.endOffset = try JSONValue(parsing: end)
            source.latestOffset = try JSONValue(parsing: latest)
            return source
        }
        let monitor = monitor([
            try source(#"{"a":{"0":10},"b":{"0":10}}"#, #"{"a":{"0":20},"b":{"0":30}}"#),
            try source(#"{"b":{"0":20},"a":{"0":20}}"#, #"{"a":{"0":40},"b":{"0":60}}"#),
            try source(#"{"a":{"0":30},"b":{"0":30}}"#, #"{"a":{"0":60},"b":{"0":90}}"#),
        ])
        let found = monitor.partitionLags(ofSource: 0)
        #expect(found.map(\.topic) == ["b", "a"] && found.map(\.records) == [60, 30])
        #expect(isNear(found[0].trendPerSecond, 20) && isNear(found[1].trendPerSecond, 10))
    }

    @Test func `of a source with more partitions than are followed only the lag is told`() {
        let count = PartitionMarks.maximumPartitions
        func sources(_ partitions: Int) -> [SourceProgress] {
            (0..<3 as Range<Int64>).map { second in
                EventMaker.kafka(
                    end: Array(repeating: 0, count: partitions),
                    latest: Array(repeating: 10 * second, count: partitions))
            }
        }
        #expect(partitions(sources(count)).allSatisfy { isNear($0.trendPerSecond, 10) })
        let more = partitions(sources(count + 1))
        #expect(more.count == count + 1 && more.allSatisfy { $0.trendPerSecond == nil && $0.records == 20 })
    }

    @Test func `without trends a partition's lag is all that is told`() {
        let monitor = monitor((0..<5 as Range<Int64>).map { EventMaker.kafka(end: [10 * $0], latest: [20 * $0]) })
        let bare = monitor.partitionLags(ofSource: 0, withTrends: false)
        #expect(bare.first?.records == 40 && bare.first?.trendPerSecond == nil && bare.first?.secondsBehind == nil)
        #expect(monitor.partitionLags(ofSource: 0).first?.trendPerSecond == 10)
    }
}
