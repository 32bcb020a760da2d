import FoundationEssentials
import StreamingMetrics
import Testing

@Suite struct StrictReadingTests {
    @Test(arguments: [
        (#""batchId":1,"batchId":2"#, "$.batchId"), (#""batchId":1,"numInputRows":0,"batchId":1"#, "$.batchId"),
        (#""batchId":1,"batch\u0049d":1"#, #"$.batch\u0049d"#), (#""x":1,"x":1,"batchId":1"#, "$"),
        (#""durationMs":{"addBatch":1,"addBatch":1}"#, "$.durationMs"),
        (#""durationMs":{"z":1,"a":1,"z":1}"#, "$.durationMs"),
        (#""sink":{"metrics":{"a":"1","a":"2"}}"#, "$.sink.metrics"),
        (#""sources":[{"numInputRows":1,"numInputRows":1}]"#, "$.sources[0].numInputRows"),
        (#""stateOperators":[{},{"q":1,"q":2}]"#, "$.stateOperators[1]"),
        (#""observedMetrics":{"a":1,"b":2,"a":3}"#, "$.observedMetrics"),
    ]) func `a key that stands twice is an error with its path`(members: String, path: String) {
        let error = failure(members)
        #expect(error?.code == .duplicateKey)
        #expect(error?.path == path)
    }

    @Test(arguments: [
        #""batchId":"1""#, #""batchId":true"#, #""numInputRows":null"#, #""durationMs":[]"#, #""durationMs":{"a":"1"}"#,
        #""eventTime":{"max":1}"#, #""sources":{}"#, #""sources":[1]"#, #""stateOperators":"x""#, #""sink":[]"#,
        #""sources":[{"metrics":{"a":1}}]"#, #""inputRowsPerSecond":"fast""#, #""inputRowsPerSecond":[]"#,
        #""observedMetrics":[]"#, #""sources":[{"description":1}]"#, #""jobTags":"x""#, #""exception":1"#,
    ]) func `a value of the wrong type is an error that says what is needed`(members: String) {
        let error = failure(members)
        #expect(error?.code == .wrongType)
        #expect(error?.message.contains("expected a") == true)
        #expect(error?.byteOffset != nil)
    }

    @Test func `an error says where it is`() throws {
        let error = try #require(failure(#""sources":[{"description":"a"},{"numInputRows":"x"}]"#))
        #expect(error.path == "$.sources[1].numInputRows")
        #expect(error.message.hasPrefix("cannot read a streaming query event at byte "))
        #expect(error.description.hasPrefix("wrongType: "))
    }

    @Test func `an error is one line of bounded length, whatever the keys on its way are`() throws {
        let broken = try #require(failure(json: "{\"me\ntrics\u{202E}\u{9B}\":{"))
        #expect(broken.path == #"$.me\u000Atrics\u202E\u009B"#)
        #expect(!broken.message.contains("\n"))
        let long = try #require(failure(json: "{\"" + String(repeating: "é", count: 1_000_000) + "\":{"))
        #expect(long.path == "$." + String(repeating: "é", count: 30) + "…")
    }

    @Test(arguments: [
        "", " ", "{", "nul", "{}x", "{} {}", #"{"a"}"#, #"{"a":}"#, #"{"a":1,}"#, #"{,"a":1}"#, #"{"a":1 "b":2}"#,
        #"{"a":"\x"}"#, #"{"a":"\u12G4"}"#, "{\"a\":\"\n\"}", #"{"a":[1,]}"#, #"{"a":tru}"#, #"{a:1}"#, #"{'a':1}"#,
        #"{"a":1}}"#, "\u{0}", #"{"a":"x"#, #"{"a":"\"#, #"{"a":"\u00"#, #"{"a":nulll}"#, "Array({})", #"{"a":"x\u"}"#,
    ]) func `text that is no JSON is malformed`(text: String) {
        #expect(failure(json: text)?.code == .malformedJSON, "\(text)")
    }

    @Test func `every cut of a document is malformed`() throws {
        let bytes = try #require(RecordedEvent.all.first { $0.file == "4.1.1/observe-types.jsonl" && $0.line == 3 })
            .bytes
        for length in bytes.indices {
            let error = try #require(failure(bytes: Array(bytes[..<length])))
            #expect([.malformedJSON, .invalidUTF8].contains(error.code), "\(length): \(error)")
        }
    }

    @Test(arguments: ["{}", "[]", "1", "\"x\"", "null", #"{"a":1}"#, #"{"Event":"SparkListenerJobStart","id":1}"#])
    func `other JSON is no event`(text: String) {
        let codes: [MetricsCodecError.Code] = [.notAnEvent, .wrongType, .invalidValue]
        #expect(failure(json: text).map { codes.contains($0.code) } == true)
    }

    @Test func `an id that is no UUID is an error`() {
        for id in [
            "", "x", sampleId + "0", "d6aafbe6-17b1-4b78-91bd-fb7d1ffe5b0g", "d6aafbe6017b1-4b78-91bd-fb7d1ffe5b0d",
        ] {
            let error = failure(json: #"{"id":"\#(id)","runId":"\#(sampleRunId)","exception":null}"#)
            #expect(error?.code == .invalidValue)
            #expect(error?.path == "$.id")
        }
    }

    @Test func `a control character in an id is malformed text, not a digit`() {
        for place in sampleId.utf8.indices {
            for byte in UInt8(0)..<0x20 {
                var bytes = Array(sampleId.utf8)
                bytes[sampleId.utf8.distance(from: sampleId.startIndex, to: place)] = byte
                let json = Array("{\"id\":\"".utf8) + bytes + Array("\",\"runId\":\"\(sampleRunId)\"}".utf8)
                #expect(failure(bytes: json)?.code == .malformedJSON)
            }
        }
    }

    @Test func `an id takes hexadecimal digits of either case and hyphens, each in their places`() throws {
        for position in sampleId.utf8.indices {
            for byte in UInt8(0x23)...0x7E where byte != UInt8(ascii: "\\") {
                var bytes = Array(sampleId.utf8)
                bytes[sampleId.utf8.distance(from: sampleId.startIndex, to: position)] = byte
                let id = String(decoding: bytes, as: UTF8.self)
                let json = #"{"id":"\#(id)","runId":"\#(sampleRunId)","exception":null}"#
                let event = try? StreamingQueryEvent(json: json)
                let isHyphenPlace = sampleId[position] == "-"
                let isValid = isHyphenPlace ? byte == 45 : Character(Unicode.Scalar(byte)).isHexDigit
                #expect(event?.id == (isValid ? UUID(uuidString: id) : nil), "\(id)")
            }
        }
    }

    @Test func `an id of either case is read and written in lower case`() throws {
        let json = #"{"id":"\#(sampleId.uppercased())","runId":"\#(sampleRunId)","exception":null}"#
        #expect(try StreamingQueryEvent(json: json).json.contains(sampleId))
    }

    @Test func `a missing id, run id or timestamp is an error`() {
        #expect(failure(json: #"{"runId":"\#(sampleRunId)","batchId":1,"timestamp":"x"}"#)?.code == .missingField)
        #expect(failure(json: #"{"id":"\#(sampleId)","batchId":1,"timestamp":"x"}"#)?.code == .missingField)
        #expect(failure(json: #"{"id":"\#(sampleId)","runId":"\#(sampleRunId)","batchId":1}"#)?.code == .missingField)
        #expect(
            failure(json: #"{"id":"\#(sampleId)","exception":null}"#)?.message.contains("\"runId\" is missing") == true)
    }

    @Test func `bytes that are not UTF-8 are an error`() {
        for bad: [UInt8] in [[0xFF], [0xC0, 0x80], [0xE2, 0x82], [0xED, 0xA0, 0x80], [0xF5, 0x80, 0x80, 0x80]] {
            for key in ["name", "unknown"] {
                let head = Array(#"{"id":"\#(sampleId)","runId":"\#(sampleRunId)","exception":null,"\#(key)":"a"#.utf8)
                #expect(failure(bytes: head + bad + Array("\"}".utf8))?.code == .invalidUTF8)
                #expect(failure(bytes: head + Array("\\n".utf8) + bad + Array("\"}".utf8))?.code == .invalidUTF8)
            }
        }
    }

    // MARK: Bombs

    @Test func `deep nesting is refused at the limit and read up to it`() {
        func nested(_ depth: Int) -> String {
            document(
                #""numInputRows":0,"x":"# + String(repeating: "[", count: depth) + String(repeating: "]", count: depth))
        }
        #expect(failure(json: nested(63)) == nil)
        #expect(failure(json: nested(64))?.code == .tooDeep)
        #expect(failure(json: String(repeating: #"{"a":"#, count: 1_000_000))?.code == .tooDeep)
        #expect(failure(#""sources":"# + String(repeating: "[", count: 2_000_000))?.code == .wrongType)
        #expect(failure(#""x":"# + String(repeating: "[", count: 2_000_000))?.code == .tooDeep)
        let limits = MetricsCodec.Limits(maximumDepth: .max)
        let deep = String(repeating: "[", count: 100_000)
        #expect(throws: MetricsCodecError.self) { try JSONValue(parsing: deep, limits: limits) }
    }

    @Test func `a document beyond the size limit is refused before it is read`() {
        let bytes = [UInt8](repeating: UInt8(ascii: " "), count: (8 << 20) + 1)
        #expect(failure(bytes: bytes)?.code == .tooLarge)
        #expect(throws: MetricsCodecError.self) {
            try MetricsCodec.decode(Array("{}".utf8), limits: .init(maximumBytes: 1))
        }
    }

    @Test func `arrays and maps of millions of elements are refused`() {
        #expect(failure(#""sources":[{}"# + String(repeating: ",{}", count: 1_000_000) + "]")?.code == .tooLarge)
        let members = (0..<70_000).map { "\"\($0)\":1" }.joined(separator: ",")
        #expect(failure(#""durationMs":{\#(members)}"#)?.code == .tooLarge)
        #expect(failure(members)?.code == .tooLarge)
    }

    @Test func `a number of a million digits does no harm`() throws {
        let digits = String(repeating: "7", count: 1_000_000)
        #expect(failure(#""batchId":\#(digits)"#)?.code == .invalidValue)
        #expect(try progress(#""numInputRows":0,"inputRowsPerSecond":\#(digits)"#).inputRowsPerSecond == nil)
        #expect(try progress(#""numInputRows":0,"x":\#(digits)"#).unknownFields["x"]?.jsonText == digits)
    }
}
