import StreamingMetrics
import Testing

@Suite struct JSONTextTests {
    @Test func `pretty printing sets objects over lines and arrays on one`() throws {
        let compact = #"{"a":[1,2],"b":[],"c":{},"d":[{"x":"{,:[","y":{"z":null}},{"w":[[{"v":1}],[]]}],"e":[[1,[2]]]}"#
        let pretty = """
            {
              "a" : [ 1, 2 ],
              "b" : [ ],
              "c" : { },
              "d" : [ {
                "x" : "{,:[",
                "y" : {
                  "z" : null
                }
              }, {
                "w" : [ [ {
                  "v" : 1
                } ], [ ] ]
              } ],
              "e" : [ [ 1, [ 2 ] ] ]
            }
            """
        #expect(try JSONValue(parsing: compact).prettyJSONText == pretty)
        #expect(try JSONValue(parsing: pretty).jsonText == compact)
    }

    @Test func `a value looks into itself`() throws {
        let value = try JSONValue(
            parsing: #"{"a":[1,"two",true,null,2.50],"a b":{"x":9223372036854775808},"d":1,"d":2}"#)
        #expect(value["a"]?.elements?.count == 5)
        #expect(value["a"]?.elements?[1].string == "two")
        #expect(value["a"]?.elements?[2].bool == true)
        #expect(value["a"]?.elements?[3].isNull == true)
        #expect(value["a"]?.elements?[4].node == .number("2.50"))
        #expect(value["a b"]?["x"]?.int64 == nil)
        #expect(value["a b"]?["x"]?.node == .number("9223372036854775808"))
        #expect(value["d"]?.int64 == 2)
        #expect(value.members?.map(\.key) == ["a", "a b", "d", "d"])
        #expect(value["none"] == nil)
        #expect(value.int64 == nil && value.string == nil && value.elements == nil)
    }

    @Test func `values are built from literals and parts`() {
        let value: JSONValue = ["a": 1, "b": ["x", true, -7], "c": .null, "d": .double(1e20), "e": .object([])]
        #expect(value.jsonText == #"{"a":1,"b":["x",true,-7],"c":null,"d":1.0E20,"e":{}}"#)
        #expect(JSONValue.double(.nan) == "NaN")
        #expect(JSONValue.double(-.infinity) == "-Infinity")
        #expect(JSONValue.integer(.min).jsonText == "-9223372036854775808")
    }

    @Test func `strings escape what JSON demands and nothing else`() {
        let text = "\"\\/\u{8}\t\n\u{C}\r\u{0}\u{1B}\u{7F}\u{2028}é☃🚀<&>'"
        #expect(
            JSONValue.string(text).jsonText == "\"\\\"\\\\/\\b\\t\\n\\f\\r\\u0000\\u001B\u{7F}\u{2028}é☃🚀<&>'\"")
        #expect(JSONValue.string(text).string == text)
        for length in 0..<40 {
            for position in 0..<length {
                var characters = [Character](repeating: "x", count: length)
                characters[position] = "\n"
                let string = String(characters)
                #expect(JSONValue.string(string).string == string)
            }
        }
    }

    @Test func `the writer sets commas in nested structures`() {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("v")
        writer.integer(1)
        writer.key("list")
        writer.beginArray()
        for number: Int64 in 0..<3 {
            writer.separate()
            writer.beginObject()
            writer.member("n", .integer(number))
            writer.endObject()
        }
        writer.endArray()
        writer.member("end", .null)
        writer.endObject()
        #expect(writer.text == #"{"v":1,"list":[{"n":0},{"n":1},{"n":2}],"end":null}"#)
    }

    @Test func `encoding appends to what the buffer holds, whatever its room`() throws {
        let recorded = try #require(RecordedEvent.all.first { $0.file == "4.1.1/rocksdb.jsonl" && $0.isCanonical })
        var progress = try StreamingQueryProgress(json: recorded.bytes)
        var buffer = Array("head\n".utf8)
        MetricsCodec.encode(progress, into: &buffer)
        #expect(String(decoding: buffer, as: UTF8.self) == "head\n" + recorded.text)
        // A name far beyond the estimate makes the writer leave the lent memory.
        progress.name = String(repeating: "long\n", count: 10_000)
        buffer.removeAll(keepingCapacity: true)
        MetricsCodec.encode(progress, into: &buffer)
        #expect(String(decoding: buffer, as: UTF8.self) == progress.json)
    }

    @Test func `maps are equal whatever their order and replace values by key`() {
        var map: MetricMap<Int64> = ["b": 1, "a": 2]
        #expect(map == ["a": 2, "b": 1])
        #expect(map.hashValue == (["a": 2, "b": 1] as MetricMap<Int64>).hashValue)
        #expect(map != ["a": 2, "b": 2])
        map["b"] = 3
        map["c"] = 4
        map["a"] = nil
        #expect(map.keys == ["b", "c"])
        #expect(map.map(\.value) == [3, 4])
    }
}

@Suite struct ProgressTimestampTests {
    @Test(
        arguments: [
            ("1970-01-01T00:00:00.000Z", 0), ("2026-11-23T10:21:45.894Z", 1_795_429_305_894),
            ("2000-02-29T23:59:59.999Z", 951_868_799_999),
            ("1969-12-31T23:59:59.999Z", -1), ("0000-01-01T00:00:00.000Z", -62_167_219_200_000),
            ("9999-12-31T23:59:59.999Z", 253_402_300_799_999),
        ] as [(String, Int64)]) func `text and milliseconds agree`(text: String, milliseconds: Int64)
    {
        #expect(ProgressTimestamp(text: text).millisecondsSinceEpoch == milliseconds)
        #expect(ProgressTimestamp(millisecondsSinceEpoch: milliseconds).description == text)
    }

    @Test(arguments: [
        "", "2026-11-23T10:21:45Z", "2026-02-29T10:21:45.894Z", "2026-13-01T00:00:00.000Z", "2026-01-01T24:00:00.000Z",
        "٢٠٢٦-١١-٢٣T١١:٠٧:٤٢.٤٢٧Z", "2026-11-23 10:21:45.894Z", "2026-11-23T10:21:45.8940Z", "2026-1a-23T10:21:45.894Z",
    ]) func `other text is kept as it is`(text: String) {
        #expect(ProgressTimestamp(text: text).millisecondsSinceEpoch == nil)
        #expect(ProgressTimestamp(text: text).description == text)
    }

    @Test func `every day from 1600 to 2400 comes back`() {
        for day in stride(from: -135_140 as Int64, to: 157_054, by: 1) {
            let time = ProgressTimestamp(millisecondsSinceEpoch: day * 86_400_000 + 43_200_123)
            #expect(ProgressTimestamp(text: time.description) == time)
        }
    }

    @Test func `moments compare and texts do not`() {
        let (early, late) = (ProgressTimestamp(millisecondsSinceEpoch: 1), ProgressTimestamp(millisecondsSinceEpoch: 2))
        #expect(early.isBefore(late) && !late.isBefore(early))
        #expect(!ProgressTimestamp(text: "x").isBefore(late))
        #expect(!ProgressTimestamp(millisecondsSinceEpoch: .min).description.isEmpty)
        #expect(!ProgressTimestamp(millisecondsSinceEpoch: .max).description.isEmpty)
    }

    @Test(arguments: [" ", "\n", "\r", "\t", "\r\n  "])
    func `white space between any two tokens leaves no trace in a value's text`(_ space: String) throws {
        let tokens = [
            "{", "\"a\"", ":", "[", "{", "}", ",", "[", "]", ",", "{", "\"\"", ":", "1", "}", "]", ",", "\"b c\"", ":",
            "{", "\"d\"", ":", "-0.5", "}", "}",
        ]
        let compact = tokens.joined()
        for place in 1..<tokens.count {
            let text = tokens[..<place].joined() + space + tokens[place...].joined()
            #expect(try JSONValue(parsing: text).jsonText == compact, "before token \(place)")
        }
        let ids =
            #""id":"d6aafbe6-18b1-4b78-91bd-fb7d1ffe5b0d","runId":"335eb9ad-e86a-43fe-8cef-dec949061d8d","timestamp":"""#
        for value in ["[\(space){}]", "{\(space)\"a\":1}", "[\(space)1]"] {
            let progress = try StreamingQueryProgress(json: "{\(ids),\"mine\":\(value),\"observedMetrics\":{}}")
            #expect(try StreamingQueryProgress(json: progress.prettyJSON) == progress)
        }
    }
}
