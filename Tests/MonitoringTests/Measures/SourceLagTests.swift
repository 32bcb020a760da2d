import Foundation
import Monitoring
import StreamingMetrics
import Testing

@Suite struct SourceLagTests {
    private let query = EventMaker()

    /// Feeds one batch a second, each of which takes half a second.
    private func monitor(_ sources: [SourceProgress]) -> QueryMonitor {
        var monitor = QueryMonitor(id: query.id)
        for (index, source) in sources.enumerated() {
            monitor.replay(
                query.batch(
                    Int64(index), Double(index), takes: 0.5, rows: source.numInputRows, sources: [source]))
        }
        return monitor
    }

    private func lag(_ sources: [SourceProgress]) throws -> SourceLag { try #require(monitor(sources).lags.first) }

    @Test func `Kafka's lag is the newest offset less the one read up to, summed over partitions`() throws {
        let monitor = monitor([EventMaker.kafka(end: [100, 50, 7], latest: [150, 50, 1007])])
        let lag = try #require(monitor.lags.first)
        #expect(lag.records == 1050)
        #expect(lag.maximumPartitionRecords == 1000)
        #expect(lag.unknownPartitions == 0)
        let partitions = monitor.partitionLags(ofSource: 0)
        #expect(partitions.map(\.partition) == ["2", "0", "1"])
        #expect(partitions.map(\.records) == [1000, 50, 0])
        #expect(partitions.first?.endOffset == 7)
        #expect(partitions.first?.latestOffset == 1007)
        #expect(monitor.partitionLags(ofSource: 0, limit: 1).count == 1)
        #expect(monitor.partitionLags(ofSource: 1).isEmpty)
    }

    @Test func `a partition that has not been read yet is unknown and said so`() throws {
        let lag = try lag([EventMaker.kafka(end: [100], latest: [150, 50])])
        #expect(lag.records == 50)
        #expect(lag.unknownPartitions == 1)
    }

    @Test func `a newest offset older than what was read is no lag below 0`() throws {
        #expect(try lag([EventMaker.kafka(end: [100], latest: [90])]).records == 0)
    }

    @Test func `offsets beyond what a double holds are exact, and beyond 64 bits unknown`() throws {
        let large = EventMaker.kafka(end: [9_007_199_254_740_993], latest: [9_007_199_254_740_994])
        #expect(try lag([large]).records == 1)
        var huge = large
        huge.latestOffset = try JSONValue(parsing: #"{"orders":{"0":12345678901234567890123}}"#)
        #expect(try lag([huge]).records == nil)
        #expect(try lag([huge]).unknownPartitions == 1)
    }

    @Test(
        arguments: [
            "null", "17", "-1", #""007""#, #""{bad""#, "[1,2]", "true", "{}", #"{"logOffset":3}"#,
            #"{"offset":10,"timestamp":1000}"#, #"{"orders":{"x":1}}"#, #"{"orders":{"0":"7"}}"#, #"{"orders":{}}"#,
            #"{"sourceVersion":1,"reservoirId":"a","index":-1}"#,
        ])
    func `an offset of a form that says nothing is unknown and no error`(_ text: String) throws {
        var source = EventMaker.kafka(end: [1], latest: [2])
        source.endOffset = try JSONValue(parsing: text)
        #expect(try lag([source]).records == nil)
        source = EventMaker.kafka(end: [1], latest: [2])
        source.latestOffset = try JSONValue(parsing: text)
        #expect(try lag([source]).records == nil)
    }

    @Test func `equal offsets of any form are nothing behind`() throws {
        let rate = SourceProgress(
            description: "RateStreamV2[rowsPerSecond=5", startOffset: 1, endOffset: 2, latestOffset: 2, numInputRows: 5)
        let lag = try lag([rate])
        #expect(lag.records == 0)
        #expect(lag.secondsBehind == 0)
        #expect(lag.catchUpSeconds == 0)
    }

    @Test func `offsets as text, as Spark Connect sends them, are read`() throws {
        var source = EventMaker.kafka(end: [1], latest: [2])
        source.endOffset = .string(#"{"orders":{"0":10}}"#)
        source.latestOffset = .string(#"{"orders":{"0":25}}"#)
        #expect(try lag([source]).records == 15)
    }

    @Test func `topics with names that want escaping and several topics are read`() throws {
        var source = EventMaker.kafka(end: [1], latest: [2])
        source.endOffset = try JSONValue(parsing: #"{"a\"\\b":{"1":10,"0":5},"снег":{"0":1.5e3}}"#)
        source.latestOffset = try JSONValue(parsing: #"{"снег":{"0":7},"a\"\\b":{"0":6,"1":30}}"#)
        let monitor = monitor([source])
        #expect(monitor.lags.first?.records == 21)
        #expect(monitor.lags.first?.unknownPartitions == 1)
        #expect(monitor.partitionLags(ofSource: 0).map(\.topic) == ["a\"\\b", "a\"\\b", "снег"])
    }

    @Test func `a key that stands twice counts once, the last time`() throws {
        var source = EventMaker.kafka(end: [1], latest: [2])
        source.endOffset = try JSONValue(parsing: #"{"orders":{"0":1,"0":10}}"#)
        source.latestOffset = try JSONValue(parsing: #"{"orders":{"0":100,"0":30}}"#)
        #expect(try lag([source]).records == 20)
    }

    @Test(arguments: [("270941269.0", 541_882_538), ("2.5", 5), ("2.70941269E8", 541_882_538), ("0", 0)])
    func `Kafka's own summary stands in where the newest offsets are missing`(_ average: String, _ records: Int64)
        throws
    {
        var source = EventMaker.kafka(end: [1, 2], latest: [])
        source.latestOffset = .null
        source.metrics = ["avgOffsetsBehindLatest": average, "maxOffsetsBehindLatest": "4"]
        let lag = try lag([source])
        #expect(lag.records == records)
        #expect(lag.maximumPartitionRecords == 4)
    }

    @Test(arguments: ["NaN", "Infinity", "-3", "", "many"])
    func `a summary that is no number is unknown`(_ average: String) throws {
        var source = EventMaker.kafka(end: [1, 2], latest: [])
        source.latestOffset = nil
        source.metrics = ["avgOffsetsBehindLatest": average]
        #expect(try lag([source]).records == nil)
    }

    @Test func `files and bytes that wait are told where the source tells them`() throws {
        let source = SourceProgress(
            description: "DeltaSource[s3://a]", endOffset: ["reservoirVersion": 3], latestOffset: .null,
            metrics: ["numFilesOutstanding": "12", "numBytesOutstanding": "3400000"])
        let lag = try lag([source])
        #expect(lag.files == 12)
        #expect(lag.bytes == 3_400_000)
        #expect(lag.records == nil)
        #expect(lag.secondsBehind == nil)
    }

    @Test func `a lag that shrinks is caught up with after lag ÷ (processed − arriving)`() throws {
        // 100 rows arrive and 150 are read each second, in half a second of work: 300 rows/s could be.
        let sources = (0..<10 as Range<Int64>).map { second in
            EventMaker.kafka(end: [150 * second], latest: [3000 + 100 * second], rows: 150)
        }
        let lag = try lag(sources)
        #expect(lag.records == 2550)
        #expect(abs(try #require(lag.trendPerSecond) + 50) < 0.001)
        #expect(abs(try #require(lag.inputRowsPerSecond) - 100) < 0.001)
        #expect(abs(try #require(lag.processedRowsPerSecond) - 300) < 0.001)
        #expect(abs(try #require(lag.secondsBehind) - 8.5) < 0.001)
        #expect(abs(try #require(lag.catchUpSeconds) - 2550.0 / 200) < 0.001)
        #expect(!lag.neverCatchesUp)
    }

    @Test func `a lag that grows faster than the work is never caught up with`() throws {
        let sources = (0..<10 as Range<Int64>).map { second in
            EventMaker.kafka(end: [100 * second], latest: [1000 * second], rows: 100)
        }
        let lag = try lag(sources)
        #expect(lag.catchUpSeconds == nil)
        #expect(lag.neverCatchesUp)
        #expect(abs(try #require(lag.trendPerSecond) - 900) < 0.001)
    }

    @Test func `a new partition is no burst of records`() throws {
        var sources = (0..<5 as Range<Int64>).map { second in
            EventMaker.kafka(end: [100 * second], latest: [100 * second + 100], rows: 100)
        }
        sources += (5..<10 as Range<Int64>).map { second in
            EventMaker.kafka(end: [100 * second, 50_000], latest: [100 * second + 100, 50_000], rows: 100)
        }
        #expect(abs(try #require(try lag(sources).inputRowsPerSecond) - 100) < 0.001)
    }

    @Test func `a backlog of more than a minute's work is behind`() {
        let sources = (0..<20 as Range<Int64>).map { second in
            EventMaker.kafka(end: [100 * second], latest: [1_000_000 + 100 * second], rows: 100)
        }
        let monitor = monitor(sources)
        #expect(monitor.state == .behind)
        #expect(monitor.stateReason.contains("1,000,000 records wait, 1 h 23 min of work"))
    }
}
