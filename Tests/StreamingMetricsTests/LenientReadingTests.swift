import FoundationEssentials
import StreamingMetrics
import Testing

@Suite struct LenientReadingTests {
    @Test func `unknown members of every object are kept in order and written back after the known ones`() throws {
        let json = document(
            #""numInputRows":0,"stateOperators":[{"numRowsTotal":1,"numRowsUpdated":2,"newCounter":{"a":[1,2.50]}}],"#
                + #""sources":[{"description":"s","startOffset":null,"endOffset":1,"numInputRows":0,"y":1,"x":null}],"#
                + #""sink":{"description":"k","extra":"\n"},"zz":true,"aa":12345678901234567890.10"#)
        let progress = try StreamingQueryProgress(json: json)
        #expect(progress.unknownFields.keys == ["zz", "aa"])
        #expect(progress.unknownFields["aa"]?.jsonText == "12345678901234567890.10")
        #expect(progress.sources[0].unknownFields.keys == ["y", "x"])
        #expect(progress.sink.unknownFields["extra"]?.string == "\n")
        #expect(progress.stateOperators[0].unknownFields["newCounter"]?["a"]?.elements?.first?.int64 == 1)
        #expect(progress.json == json)
    }

    @Test func `unknown members of the other events are kept`() throws {
        for json in [
            #"{"id":"\#(sampleId)","runId":"\#(sampleRunId)","name":"n","timestamp":"x","jobTags":[],"more":1}"#,
            #"{"id":"\#(sampleId)","runId":"\#(sampleRunId)","timestamp":"2026-11-23T10:21:45.894Z","more":[{}]}"#,
            #"{"id":"\#(sampleId)","runId":"\#(sampleRunId)","exception":null,"errorClassOnException":null,"name":"n"}"#,
            #"{"progress":\#(document(#""numInputRows":0,"stateOperators":[],"sources":[],"sink":{"description":"s"}"#)),"b":1}"#,
        ] { #expect(try StreamingQueryEvent(json: json).json == json) }
    }

    @Test func `the document of Spark 2_2 has no batch id and no counters but two`() throws {
        let json = document(
            #""numInputRows":5,"processedRowsPerSecond":2.5,"durationMs":{"addBatch":1},"#
                + #""stateOperators":[{"numRowsTotal":7,"numRowsUpdated":7}],"sources":[],"sink":{"description":"m"}"#)
        let progress = try StreamingQueryProgress(json: json)
        #expect(progress.batchId == nil)
        #expect(progress.inputRowsPerSecond == nil)
        #expect(progress.stateOperators[0].memoryUsedBytes == nil)
        #expect(progress.sink.numOutputRows == nil)
        #expect(progress.json == json)
    }

    @Test(arguments: [
        "null", "0", "-1", "18424809459", "12345678901234567890123", #""abc""#, #""007""#, #""NaN""#, #""""#,
        #""{bad""#,
        "true", "[]", "{}", "[1,[2]]", "1.50", "1e3", #"{"a":1,"a":2}"#, #"{"topic":{"0":18424809459,"1":7}}"#,
        #"{"z":1,"a":{"é":"\u0001"}}"#, #""1""#, #""{\"logOffset\":0}""#,
    ]) func `an offset of any JSON keeps its text`(offset: String) throws {
        let json = document(
            #""numInputRows":0,"stateOperators":[],"sources":[{"description":null,"startOffset":\#(offset),"#
                + #""endOffset":\#(offset),"latestOffset":\#(offset),"numInputRows":0}],"sink":{"description":"s"}"#)
        let progress = try StreamingQueryProgress(json: json)
        #expect(progress.sources[0].endOffset.jsonText == offset)
        #expect(progress.json == json)
    }

    @Test func `offsets are equal whatever the white space and the escapes`() throws {
        let compact = #"{"topic":{"0":18424809459},"a":["A","/"]}"#
        let spaced = "{ \"topic\" : {\n\"0\":18424809459 }, \"a\" : [ \"\\u0041\" ,\t\"\\/\" ] }"
        #expect(try JSONValue(parsing: spaced) == JSONValue(parsing: compact))
        #expect(try JSONValue(parsing: spaced).jsonText == compact)
    }

    @Test func `white space, a byte order mark and the order of keys do not matter`() throws {
        let recorded = try #require(RecordedEvent.all.first { $0.isCanonical && $0.spark == "4.1.1" })
        let plain = try MetricsCodec.decode(recorded.bytes)
        let progress = try StreamingQueryProgress(json: recorded.bytes)
        #expect(try MetricsCodec.decode([0xEF, 0xBB, 0xBF] + recorded.bytes) == plain)
        #expect(try MetricsCodec.decode(Array("\r\n\t ".utf8) + recorded.bytes + Array(" \n".utf8)) == plain)
        #expect(try StreamingQueryProgress(json: progress.prettyJSON) == progress)
        let members = try #require(try JSONValue(parsing: recorded.text).members)
        #expect(try StreamingQueryProgress(json: JSONValue.object(members.reversed()).jsonText) == progress)
    }

    @Test func `NaN is kept in observed metrics, a bare one as the string that Spark writes`() throws {
        let progress = try progress(
            #""numInputRows":0,"observedMetrics":{"o":{"a":"NaN","b":NaN,"c":-Infinity,"d":Infinity,"e":"+Infinity"}}"#)
        #expect(
            progress.observedMetrics["o"]?.jsonText
                == #"{"a":"NaN","b":"NaN","c":"-Infinity","d":"Infinity","e":"+Infinity"}"#)
    }

    @Test func `half of a surrogate pair becomes the replacement character`() throws {
        #expect(try JSONValue(parsing: #""lone \uD83D end""#).string == "lone \u{FFFD} end")
        #expect(try JSONValue(parsing: #""\uDE80""#).string == "\u{FFFD}")
        #expect(try JSONValue(parsing: #""\uD83D\uDE80""#).string == "🚀")
        #expect(try JSONValue(parsing: #""\uD83D\uD83D\uDE80""#).string == "\u{FFFD}🚀")
    }

    @Test func `what is absent stays absent and null offsets stay null`() throws {
        let json = document(
            #""numInputRows":0,"stateOperators":[],"sources":[{"description":"a","startOffset":null,"endOffset":null,"#
                + #""latestOffset":null,"numInputRows":0},{"description":"b","startOffset":null,"endOffset":null,"#
                + #""numInputRows":0}],"sink":{"description":"s","numOutputRows":-1}"#)
        let progress = try StreamingQueryProgress(json: json)
        #expect(progress.sources[0].latestOffset == .null)
        #expect(progress.sources[1].latestOffset == nil)
        #expect(progress.json == json)
    }

    @Test func `maps are written sorted by UTF-16 code units and empty ones left out`() {
        var progress = StreamingQueryProgress(
            id: .init(), runId: .init(), timestamp: .init(millisecondsSinceEpoch: 0),
            durationMs: ["walCommit": 1, "addBatch": 2, "Z": 3, "\u{FFFD}": 4, "🚀": 5])
        #expect(progress.json.contains(#""durationMs":{"Z":3,"addBatch":2,"walCommit":1,"🚀":5,"�":4}"#))
        progress.durationMs = [:]
        #expect(!progress.json.contains("durationMs"))
    }
}
