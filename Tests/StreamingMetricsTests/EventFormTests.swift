import FoundationEssentials
import StreamingMetrics
import Testing

@Suite struct EventFormTests {
    @Test func `a bean progress and the canonical one of the same trigger agree`() throws {
        var canonical: [String: StreamingQueryProgress] = [:]
        var compared = 0
        for recorded in RecordedEvent.all where recorded.file.hasPrefix("connect-") && recorded.event == "progress" {
            let progress = try StreamingQueryProgress(json: recorded.bytes)
            canonical["\(progress.runId) \(progress.timestamp)"] = progress
        }
        for recorded in RecordedEvent.all where recorded.event == "recentProgress" {
            let bean = try StreamingQueryProgress(json: recorded.bytes)
            guard let other = canonical["\(bean.runId) \(bean.timestamp)"] else { continue }
            compared += 1
            #expect(bean.numInputRows == other.numInputRows)
            #expect(bean.durationMs == other.durationMs)
            #expect(bean.stateOperators == other.stateOperators)
            #expect(bean.sources.map(\.endOffset) == other.sources.map(\.endOffset))
            #expect(bean.sink == other.sink)
            // The bean has rates in full; rounded as Spark 4.1 rounds them they are the canonical ones.
            var rounded = bean
            rounded.rateNotation = .oneDecimal
            #expect(rounded.json == other.json)
        }
        #expect(compared >= 18)
    }

    @Test func `an event log line of Spark 4_1 has its offsets and observed rows turned into values`() throws {
        let recorded = try #require(
            RecordedEvent.all.first { $0.file == "4.1.1/eventlog.jsonl" && $0.text.contains("nested") })
        let progress = try StreamingQueryProgress(json: recorded.bytes)
        #expect(progress.sources[0].startOffset == .null || progress.sources[0].startOffset.int64 != nil)
        let nested = try #require(progress.observedMetrics["nested \"name\" é"])
        #expect(nested["st"]?.jsonText == #"{"a":1,"b":"x","c":null}"#)
        #expect(nested["arst"]?.jsonText == #"[{"q":1.5}]"#)
        let numbers = try #require(progress.observedMetrics["numbers"])
        #expect(numbers["nan"]?.string == "NaN")
        #expect(numbers["dec"]?.jsonText == "12345678901234567890.123456789")
        #expect(numbers["maxlong"]?.int64 == .max)
    }

    @Test func `a bean's undefined source rate makes the total undefined`() throws {
        let progress = try progress(
            #""sources":[{"numInputRows":2,"inputRowsPerSecond":"NaN","processedRowsPerSecond":1.25},"#
                + #"{"numInputRows":3,"inputRowsPerSecond":1.0,"processedRowsPerSecond":1.0}]"#)
        #expect(progress.numInputRows == 5)
        #expect(progress.inputRowsPerSecond == nil)
        #expect(progress.processedRowsPerSecond == 2.25)
        #expect(progress.sources[1].inputRowsPerSecond == 1)
    }

    @Test func `a bean's offset that holds no JSON stays text`() throws {
        for (text, expected) in [
            (#""{\"a\":[1]}""#, #"{"a":[1]}"#), (#""abc""#, #""abc""#), (#""007""#, #""007""#), (#""NaN""#, #""NaN""#),
            (#""12345678901234567890123""#, "12345678901234567890123"), (#""null""#, "null"), (#""""#, #""""#),
            ("null", "null"),
        ] {
            let progress = try progress(#""sources":[{"endOffset":\#(text)}]"#)
            #expect(progress.sources[0].endOffset.jsonText == expected)
        }
    }

    @Test func `asking for one kind of event and getting another is an error that names both`() throws {
        let idle = #"{"id":"\#(sampleId)","runId":"\#(sampleRunId)","timestamp":"2026-11-23T10:21:45.894Z"}"#
        #expect(try QueryIdleEvent(json: idle).timestamp.millisecondsSinceEpoch == 1_795_429_305_894)
        let error = #expect(throws: MetricsCodecError.self) { try StreamingQueryProgress(json: idle) }
        #expect(error?.code == .notAnEvent)
        #expect(error?.message.contains("as progress: it is of kind idle") == true)
        #expect(throws: MetricsCodecError.self) { try QueryStartedEvent(json: idle) }
        #expect(throws: MetricsCodecError.self) { try QueryTerminatedEvent(json: idle) }
        #expect(throws: MetricsCodecError.self) { try QueryProgressEvent(json: idle) }
    }

    @Test func `events are written with Spark's keys in Spark's order`() throws {
        let (id, runId) = (try #require(UUID(uuidString: sampleId)), try #require(UUID(uuidString: sampleRunId)))
        let head = #"{"id":"\#(sampleId)","runId":"\#(sampleRunId)""#
        let time = ProgressTimestamp(text: "2026-11-23T10:21:45.894Z")
        #expect(
            QueryStartedEvent(id: id, runId: runId, name: nil, timestamp: time).json
                == head + #","name":null,"timestamp":"2026-11-23T10:21:45.894Z","jobTags":[]}"#)
        #expect(
            QueryStartedEvent(id: id, runId: runId, name: "q", timestamp: nil, jobTags: nil).json == head
                + #","name":"q"}"#)
        #expect(
            QueryIdleEvent(id: id, runId: runId, timestamp: time).json
                == head + #","timestamp":"2026-11-23T10:21:45.894Z"}"#)
        #expect(
            QueryTerminatedEvent(id: id, runId: runId, exception: "a\n\tb", errorClassOnException: "DIVIDE_BY_ZERO")
                .json
                == head + #","exception":"a\n\tb","errorClassOnException":"DIVIDE_BY_ZERO"}"#)
        let progress = StreamingQueryProgress(id: id, runId: runId, timestamp: time)
        #expect(StreamingQueryEvent.progress(.init(progress: progress)).json == "{\"progress\":\(progress.json)}")
    }

    @Test func `fields of contradicting events are refused`() {
        for json in [
            #"{"Event":"x.QueryIdleEvent","id":"\#(sampleId)","runId":"\#(sampleRunId)","timestamp":"t","exception":null}"#,
            #"{"Event":"x.QueryStartedEvent","id":"\#(sampleId)","runId":"\#(sampleRunId)","batchId":1}"#,
            #"{"Event":"x.QueryProgressEvent","id":"\#(sampleId)","runId":"\#(sampleRunId)","batchId":1}"#,
            #"{"id":"\#(sampleId)","progress":{}}"#, #"{"progress":{"progress":{}}}"#,
        ] { #expect(failure(json: json)?.code == .notAnEvent, "\(json)") }
    }

    @Test func `a status is written and read`() throws {
        let status = StreamingQueryStatus(
            message: "Processing \"new\" data", isDataAvailable: true, isTriggerActive: false)
        #expect(status.json == #"{"message":"Processing \"new\" data","isDataAvailable":true,"isTriggerActive":false}"#)
        #expect(try StreamingQueryStatus(json: status.json) == status)
        #expect(try StreamingQueryStatus(json: Array(status.prettyJSON.utf8)) == status)
        #expect(
            status.description
                == "{\n  \"message\" : \"Processing \\\"new\\\" data\",\n  \"isDataAvailable\" : true,\n  \"isTriggerActive\" : false\n}"
        )
        #expect(throws: MetricsCodecError.self) { try StreamingQueryStatus(json: #"{"message":"x"}"#) }
    }

    /// In a process of its own, where nothing else takes memory meanwhile.
    @Test(.enabled(if: !ProcessMemory.isSanitized))
    func `reading an event, in whichever form and whether it is one or not, leaves no memory behind`() async {
        await #expect(processExitsWith: .success) {
            let canonical = document(#""numInputRows":1"#)
            let wrapped = #"{"progress":\#(canonical)}"#
            let name = "org.apache.spark.sql.streaming.StreamingQueryListener$QueryProgressEvent"
            let logged = #"{"Event":"\#(name)","progress":\#(canonical)}"#
            let events = [canonical, wrapped, logged]
            for text in events { _ = try MetricsCodec.decode(Array(text.utf8)) }
            for text in events + [#"{"progress":{}}"#, #"{"progress":{"x":1},"y":[]}"#] {
                func read(_ times: Int) { for _ in 0..<times { _ = try? MetricsCodec.decode(Array(text.utf8)) } }
                read(2000)
                let before = try #require(ProcessMemory.kilobytes("VmRSS"))
                read(20_000)
                let left = try #require(ProcessMemory.kilobytes("VmRSS")) - before
                #expect(left < 2048, "\(text): \(left) kB")
            }
        }
    }
}
