import StructuredStreaming
import Testing

@testable import EmbeddedEngine

@Suite struct JSONLinesWriterTests {
    static let schema = StructType([
        StructField("gt", .string), StructField("count", .long), StructField("ok", .boolean), StructField("x", .double),
        StructField("f", .float), StructField("t", .timestamp), StructField("n", .timestampNTZ),
        StructField("d", .date),
    ])

    @Test func `a row is one object in the order of the columns`() throws {
        let line =
            #"{"gt":"wa/lk\"\\\n","count":3,"ok":true,"x":5.0E-4,"f":0.1,"t":"2024-01-01T00:00:00.123Z","#
            + #""n":"2024-01-01T00:00:00.000","d":"2024-02-29"}"# + "\n"
        #expect(try Self.written(line, JSONOptions()) == line)
    }

    @Test func `null fields are left out unless asked for`() throws {
        #expect(try Self.written(#"{"count":3}"#, JSONOptions()) == #"{"count":3}"# + "\n")
        #expect(try Self.written("{}", JSONOptions()) == "{}\n")
        let kept = try Self.written(#"{"count":3}"#, JSONOptions(["ignoreNullFields": "false"]))
        #expect(kept.hasPrefix(#"{"gt":null,"count":3,"ok":null,"x":null,"#))
    }

    @Test func `numbers that JSON lacks are strings`() throws {
        let line = #"{"x":NaN,"f":"-Infinity"}"#
        #expect(try Self.written(line, JSONOptions()) == #"{"x":"NaN","f":"-Infinity"}"# + "\n")
    }

    @Test func `microseconds are cut and the zone is shown`() throws {
        let line = #"{"t":"2024-01-01T00:00:00.999999Z"}"#
        #expect(try Self.written(line, JSONOptions()) == #"{"t":"2024-01-01T00:00:00.999Z"}"# + "\n")
        let shifted = try Self.written(line, JSONOptions(["timeZone": "+05:30"]))
        #expect(shifted == #"{"t":"2024-01-01T05:30:00.999+05:30"}"# + "\n")
        let early = try Self.written(#"{"t":"1969-12-31T23:59:59.5Z"}"#, JSONOptions())
        #expect(early == #"{"t":"1969-12-31T23:59:59.500Z"}"# + "\n")
    }

    @Test func `patterns are written as they are read`() throws {
        let options = try JSONOptions([
            "timestampFormat": "dd/MM/yyyy HH:mm:ss[.SSSSSS] XX", "dateFormat": "d.M.yyyy", "timeZone": "-03:00",
        ])
        let line = #"{"t":"01/02/2024 10:11:12.000001 -0300","d":"9.1.2024"}"# + "\n"
        #expect(try Self.written(line, options) == line)
    }

    @Test func `what is written is read back the same`() throws {
        var random = SplitMix64(seed: 11)
        var text = ""
        for _ in 0..<500 {
            let number = Double(bitPattern: random.next())
            let scalars = (0..<random.next() % 12).map { _ in Unicode.Scalar(UInt32(random.next() % 0xD800)) ?? "?" }
            var string = String.UnicodeScalarView()
            string.append(contentsOf: scalars.map { $0 == "\r" ? "r" : $0 })
            let batch = try Self.batch(gt: String(string), count: Int64(bitPattern: random.next()), x: number)
            var bytes: [UInt8] = []
            JSONLinesWriter().append(batch, to: &bytes)
            text += String(decoding: bytes, as: UTF8.self)
            let rows = try readRows(bytes, batch.schema)
            #expect("\(rows)" == "\([batch.row(0)])")
        }
        #expect(!text.isEmpty)
    }

    private static func batch(gt: String, count: Int64, x: Double) throws -> ColumnBatch {
        let columns = [
            ColumnVector(
                type: .string, storage: .string(.plain(offsets: [0, Int32(gt.utf8.count)], bytes: Array(gt.utf8)))),
            ColumnVector(type: .long, storage: .int64([count])), ColumnVector(type: .double, storage: .float64([x])),
        ]
        let schema = StructType([
            StructField("gt", .string), StructField("count", .long), StructField("x", .double),
        ])
        return ColumnBatch(schema: schema, columns: columns, rowCount: 1)
    }

    private static func written(_ line: String, _ options: JSONOptions) throws -> String {
        let file = try TemporaryFile(line.utf8)
        let reader = try JSONFileReader(path: file.path, schema: schema, options: options)
        var bytes: [UInt8] = []
        while let batch = try reader.nextBatch() { JSONLinesWriter(options).append(batch, to: &bytes) }
        return String(decoding: bytes, as: UTF8.self)
    }
}
