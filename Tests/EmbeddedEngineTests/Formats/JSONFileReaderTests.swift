import StructuredStreaming
import Testing

@testable import EmbeddedEngine

@Suite struct JSONFileReaderTests {
    static let schema = StructType([
        StructField("a", .long), StructField("b", .string), StructField("_corrupt_record", .string),
    ])
    /// Lines of every kind, with every kind of line end, and none at the last.
    static let mixed =
        "\u{FEFF}{\"a\":1,\"b\":\"x\"}\n\n  \r\n{\"a\":2}\r\n{\"a\":\"open}\n[{\"a\":3},{\"b\":\"é😀\"}]\n"
        + "{\"b\":\"\\u00e9\",\"a\":4}\r{\"a\":5} trailing\n{'a':6}\n{\"b\":{\"k\":[1, 2]}}\nnull\n{\"a\":7,\"b\":\"last\"}"

    @Test func `chunks of any size give the same rows`() throws {
        let bytes = Array(Self.mixed.utf8)
        let whole = try readRows(bytes, Self.schema)
        #expect(whole.count == 11)
        #expect(whole.last == [.long(7), .string("last"), .null])
        for size in 1...bytes.count {
            #expect(try readRows(bytes, Self.schema, chunkBytes: size) == whole, "chunks of \(size) bytes")
        }
    }

    @Test func `two slices have every row once wherever the cut is`() throws {
        let bytes = Array(Self.mixed.utf8)
        let whole = try readRows(bytes, Self.schema)
        for cut in 0...bytes.count {
            let first = try readRows(bytes, Self.schema, slice: 0..<cut, chunkBytes: 40)
            let second = try readRows(bytes, Self.schema, slice: cut..<bytes.count, chunkBytes: 40)
            #expect(first + second == whole, "cut at \(cut)")
        }
    }

    @Test func `slices of one byte each partition the lines`() throws {
        let bytes = Array(Self.mixed.utf8)
        var rows: [[Value]] = []
        for start in bytes.indices { rows += try readRows(bytes, Self.schema, slice: start..<(start + 1)) }
        #expect(try rows == readRows(bytes, Self.schema))
    }

    @Test func `no wanted column still counts rows`() throws {
        let rows = try readRows(Self.mixed.utf8, StructType([]))
        #expect(rows.count == 11)
        let dropped = try readRows(Self.mixed.utf8, StructType([]), JSONOptions(["mode": "DROPMALFORMED"]))
        #expect(dropped.count == 9)
    }

    @Test func `a syntax error in an unwanted field makes the whole row null`() throws {
        let rows = try readRows(#"{"a":1,"x":oops}"#.utf8, Self.schema)
        #expect(rows == [[.null, .null, .string(#"{"a":1,"x":oops}"#)]])
    }

    @Test func `a wrong line costs no other line its row`() throws {
        var text = ""
        for index in 0..<2000 { text += index % 97 == 5 ? "{\"a\":\"open\n" : "{\"a\":\(index)}\n" }
        let rows = try readRows(text.utf8, Self.schema)
        #expect(rows.count == 2000)
        for (index, row) in rows.enumerated() {
            #expect(
                row
                    == (index % 97 == 5
                        ? [.null, .null, .string("{\"a\":\"open")] : [.long(Int64(index)), .null, .null]))
        }
    }

    @Test func `a line of five megabytes is read`() throws {
        let long = String(repeating: "walk ", count: 1 << 20)
        let rows = try readRows("{\"a\":1}\n{\"b\":\"\(long)\"}\n{\"a\":2}".utf8, Self.schema)
        #expect(rows == [[.long(1), .null, .null], [.null, .string(long), .null], [.long(2), .null, .null]])
    }

    @Test func `bytes that are not UTF-8 make a malformed record`() throws {
        let bytes = Array("{\"b\":\"".utf8) + [0xFF] + Array("\"}\n{\"a\":1}\n".utf8)
        #expect(
            try readRows(bytes, Self.schema) == [
                [.null, .null, .string("{\"b\":\"\u{FFFD}\"}")], [.long(1), .null, .null],
            ])
    }

    @Test func `FAILFAST names the file and the record`() throws {
        let error = #expect(throws: EngineError.self) {
            try readRows("{\"a\":1}\n{\"a\":\"x\"}".utf8, Self.schema, JSONOptions(["mode": "failfast"]))
        }
        #expect(error?.code == .malformedRecord)
        #expect(error?.message.contains("lines.json") == true)
        #expect(error?.message.contains(#"{"a":"x"}"#) == true)
    }

    @Test func `codes are stable over batches until texts are too many`() throws {
        let schema = StructType([StructField("few", .string), StructField("many", .string)])
        let lines = (0..<9000).map { #"{"few":"\#($0 % 7)","many":"text \#($0)"}"# }
        let file = try TemporaryFile(lines.joined(separator: "\n").utf8)
        let reader = try JSONFileReader(path: file.path, schema: schema, chunkBytes: 1 << 14)
        var dictionaries: Set<ObjectIdentifier> = []
        var row = 0
        var plainBatches = 0
        while let batch = try reader.nextBatch() {
            guard case .string(.dictionary(_, let few)) = batch.columns[0].storage else {
                Issue.record("a few texts are not coded")
                return
            }
            dictionaries.insert(ObjectIdentifier(few))
            #expect(few.count == 7)
            if case .string(.plain) = batch.columns[1].storage { plainBatches += 1 }
            for index in 0..<batch.rowCount {
                #expect(batch.row(index) == [.string("\(row % 7)"), .string("text \(row)")])
                row += 1
            }
        }
        #expect(row == 9000)
        #expect(dictionaries.count == 1)
        #expect(plainBatches > 5)
    }

    @Test func `correct lines of any key order go the fast way`() throws {
        let lines = [
            #"{"a":1,"b":"x"}"#, #"{"b":"\u00e9 \"q\"","a":2}"#, #" { "x" : [1,{"y":null}] , "a" : -3 } "#, "{}",
            #"{"b":5.0}"#,
            #"{"b":{"k":[true]},"a":null}"#, #"{"other":1e-7,"a":4}"#,
        ]
        let file = try TemporaryFile((0..<70).map { lines[$0 % 7] }.joined(separator: "\n").utf8)
        let reader = try JSONFileReader(path: file.path, schema: Self.schema)
        while try reader.nextBatch() != nil {}
        #expect(reader.rowCount == 70)
        #expect(reader.handedBackLineCount == 0)
        #expect(reader.malformedLineCount == 0)
    }

    @Test func `types that cannot be read are refused by name`() throws {
        let file = try TemporaryFile("{}".utf8)
        for type in [DataType.binary, .decimal(precision: 10, scale: 2), .array(.long, containsNull: true)] {
            let error = #expect(throws: EngineError.self) {
                try JSONFileReader(path: file.path, schema: StructType([StructField("price", type)]))
            }
            #expect(error?.code == .unsupported)
            #expect(error?.message.contains("'price'") == true)
        }
    }

    @Test func `options that are not done are refused and unknown ones ignored`() throws {
        for (name, value) in [("multiLine", "true"), ("encoding", "UTF-16"), ("timeZone", "Europe/Berlin")] {
            #expect(throws: EngineError.self) { try JSONOptions([name: value]) }
        }
        #expect(throws: EngineError.self) { try JSONOptions(["timestampFormat": "EEE yyyy"]) }
        #expect(throws: EngineError.self) { try JSONOptions(["allowComments": "perhaps"]) }
        #expect(try JSONOptions(["MODE": "dropmalformed", "noSuchOption": "x"]).mode == .dropMalformed)
    }
}
