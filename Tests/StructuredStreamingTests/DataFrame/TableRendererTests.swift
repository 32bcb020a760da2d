import StructuredStreaming
import Testing

/// Tables as Spark 4.1.1 prints them.
@Suite struct TableRendererTests {
    static let schema = StructType([StructField("s", .string), StructField("i", .integer)])
    static let rows: [[Value]] = [[.string("abcdefghijklmnopqrstuvwxyz"), .long(1)], [.string("x"), .null]]

    @Test func `values are right-aligned and cut to twenty characters`() {
        #expect(
            TableRenderer().text(schema: Self.schema, rows: Self.rows) == """
                +--------------------+----+
                |                   s|   i|
                +--------------------+----+
                |abcdefghijklmnopq...|   1|
                |                   x|NULL|
                +--------------------+----+


                """)
    }

    @Test func `without cutting, values are left-aligned`() {
        #expect(
            TableRenderer(truncate: 0).text(schema: Self.schema, rows: [Self.rows[0]], hasMore: true) == """
                +--------------------------+---+
                |s                         |i  |
                +--------------------------+---+
                |abcdefghijklmnopqrstuvwxyz|1  |
                +--------------------------+---+
                only showing top 1 row

                """)
    }

    @Test func `with room for less than four characters there are no dots`() {
        #expect(
            TableRenderer(truncate: 2).text(schema: Self.schema, rows: Self.rows) == """
                +---+---+
                |  s|  i|
                +---+---+
                | ab|  1|
                |  x| NU|
                +---+---+


                """)
    }

    @Test func `wide characters take two cells, line ends are escaped`() {
        let schema = StructType([StructField("w", .string), StructField("nl", .string)])
        #expect(
            TableRenderer().text(
                schema: schema, rows: [[.string("é漢字"), .string("a\nb\tc")], [.null, .string("")]]) == """
                    +-----+-------+
                    |    w|     nl|
                    +-----+-------+
                    |é漢字|a\\nb\\tc|
                    | NULL|       |
                    +-----+-------+


                    """)
    }

    @Test func `no rows and no columns are drawn too`() {
        #expect(
            TableRenderer().text(schema: StructType([]), rows: [[]], hasMore: false) == "++\n||\n++\n||\n++\n\n")
        #expect(
            TableRenderer().text(schema: Self.schema, rows: [], hasMore: true)
                == "+---+---+\n|  s|  i|\n+---+---+\n+---+---+\nonly showing top 0 rows\n")
    }

    @Test func `the console sink's header names the batch`() {
        let rule = "-------------------------------------------\n"
        #expect(TableRenderer.batchHeader(7) == rule + "Batch: 7\n" + rule)
    }

    static let texts: [(Value, DataType, String)] = [
        (.double(1), .double, "1.0"), (.double(1e10), .double, "1.0E10"), (.double(1e7), .double, "1.0E7"),
        (.double(0.001), .double, "0.001"), (.double(1e-4), .double, "1.0E-4"), (.double(.nan), .double, "NaN"),
        (.double(-.infinity), .double, "-Infinity"), (.double(-0.0), .double, "-0.0"),
        (.double(123.456), .double, "123.456"),
        (.double(1.7976931348623157e308), .double, "1.7976931348623157E308"),
        (.double(9_999_999.5), .double, "9999999.5"), (.double(100), .double, "100.0"),
        (.double(12_345_678), .double, "1.2345678E7"),
        (.double(Double(Float(0.1))), .float, "0.1"), (.double(Double(Float(16_777_216))), .float, "1.6777216E7"),
        (.binary([1, 255]), .binary, "[01 FF]"), (.date(19_723), .date, "2024-01-01"), (.date(-1), .date, "1969-12-31"),
        (.date(-719_162), .date, "0001-01-01"), (.date(11_016), .date, "2000-02-29"),
        (.boolean(true), .boolean, "true"),
        (.timestamp(1_704_067_200_500_000), .timestamp, "2024-01-01 00:00:00.5"),
        (.timestamp(-1), .timestamp, "1969-12-31 23:59:59.999999"), (.timestamp(0), .timestamp, "1970-01-01 00:00:00"),
        (.long(.min), .long, "-9223372036854775808"), (.null, .long, "NULL"),
        (.timestamp(.min), .timestamp, "-290308-12-21 19:59:05.224192"),
    ]

    @Test(arguments: texts) func `values read as in Spark`(_ value: Value, _ type: DataType, _ text: String) {
        #expect(value.text(as: type) == text)
    }

    @Test func `a double's text reads back as the same double`() {
        var generator = SeededGenerator(seed: 3)
        for _ in 0..<20_000 {
            let value = Double(bitPattern: generator.next())
            guard value.isFinite else { continue }
            #expect(Double(SparkText.double(value)) == value)
        }
    }
}
