import StreamingMetrics
import Testing

@Suite struct NumberTests {
    @Test func `a rate looks alike in both notations when it is one of one decimal`() {
        func isRounded(_ value: Double) -> Bool {
            abs(value) < 1e7 && (value * 10).rounded() / 10 == value && !(value == 0 && value.sign == .minus)
        }
        var random = SeededGenerator(seed: 7)
        for _ in 0..<100_000 {
            let tenths = Double(Int64.random(in: -110_000_000...110_000_000, using: &random)) / 10
            for value in [tenths, tenths.nextUp, tenths.nextDown, tenths + 0.05, Double(bitPattern: random.next())] {
                #expect(RateNotation.areAlike(value) == isRounded(value), "\(value)")
            }
        }
        for value in [0, -0.0, .nan, .infinity, 1e7, -1e7, 0.05, -0.05, 9_999_999.9, .leastNonzeroMagnitude] {
            #expect(RateNotation.areAlike(value) == isRounded(value), "\(value)")
        }
    }

    @Test(arguments: [
        (0.05, "0.1"), (0.15, "0.2"), (0.25, "0.3"), (0.04, "0.0"), (0.0, "0.0"), (-0.0, "0.0"), (-0.04, "0.0"),
        (-0.05, "-0.1"), (1.25, "1.3"), (1e20, "100000000000000000000.0"), (1e7, "10000000.0"), (166.7, "166.7"),
        (270941269, "270941269.0"), (0.95, "1.0"), (99.95, "100.0"), (.leastNonzeroMagnitude, "0.0"),
        (9.5e15, "9500000000000000.0"),
        (123456789.25, "123456789.3"), (-12.345, "-12.3"), (2.5, "2.5"), (4.909180166912126, "4.9"),
        (0.049999999999999996, "0.0"), (1.7976931348623157e308, "17976931348623157" + zeros(292) + ".0"),
    ]) func `Spark 4_1 rounds rates half up on their decimal text`(value: Double, text: String) {
        #expect(rate(value, .oneDecimal) == text)
    }

    @Test(arguments: [
        (1e7, "1.0E7"), (9_999_999.0, "9999999.0"), (0.001, "0.001"), (0.0009, "9.0E-4"), (1e-5, "1.0E-5"),
        (692307692.3076923, "6.923076923076923E8"), (4.909180166912126, "4.909180166912126"), (-0.0, "-0.0"),
        (0, "0.0"),
        (2.70941269e8, "2.70941269E8"), (1e20, "1.0E20"), (1.5e300, "1.5E300"), (.leastNonzeroMagnitude, "4.9E-324"),
        (2.0, "2.0"),
        (-1.25e-7, "-1.25E-7"), (1.7976931348623157e308, "1.7976931348623157E308"), (123456.789, "123456.789"),
        (100, "100.0"), (1234567.5, "1234567.5"), (0.1, "0.1"), (0.00123, "0.00123"), (1e16, "1.0E16"),
    ]) func `rates up to Spark 4_0 have Java's notation`(value: Double, text: String) {
        #expect(rate(value, .javaDouble) == text)
    }

    @Test func `a double read is the nearest to its text`() throws {
        var random = SeededGenerator(seed: 17)
        for _ in 0..<200_000 {
            let text = randomDecimal(&random)
            let expected = try #require(Double(text))
            let read = try #require(try JSONValue(parsing: text).double)
            #expect(read.bitPattern == expected.bitPattern, "\(text)")
        }
    }

    @Test func `every double survives being written and read`() throws {
        var random = SeededGenerator(seed: 23)
        for _ in 0..<100_000 {
            let value = Double(bitPattern: random.next())
            guard value.isFinite else { continue }
            let text = JSONValue.double(value).jsonText
            #expect(try JSONValue(parsing: text).double?.bitPattern == value.bitPattern, "\(text)")
        }
    }

    @Test func `tenths are written as they are read in either notation`() throws {
        for tenths in stride(from: 0, to: 99_999_999, by: 7919) {
            let text = "\(tenths / 10).\(tenths % 10)"
            let value = try #require(Double(text))
            #expect(rate(value, .oneDecimal) == text)
            #expect(rate(value, .javaDouble) == text)
        }
    }

    @Test(
        arguments: [
            ("0", 0), ("-0", 0), ("7", 7), ("-1", -1), ("9223372036854775807", .max), ("-9223372036854775808", .min),
            ("1.0E7", 10_000_000), ("5.0", 5), ("1e3", 1000), ("12.50e1", 125),
            ("9007199254740993", 9_007_199_254_740_993),
            ("9223372036854775807.0", .max), ("100e-2", 1), ("0e99", 0), ("0.0", 0),
            ("999999999999999999", 999_999_999_999_999_999),
        ] as [(String, Int64)]) func `whole numbers are exact in every spelling`(text: String, value: Int64) throws
    {
        #expect(try JSONValue(parsing: text).int64 == value)
        #expect(try progress("\"batchId\":\(text)").batchId == value)
    }

    @Test func `runs of digits of every length end where they end, whatever comes behind them`() throws {
        for count in 1...18 {
            let text = String("123456789123456789".prefix(count))
            let value = try #require(Int64(text))
            for tail in [",\"numInputRows\":1", " ,\"é\":\"\u{FF}\"", ",\"a\":[]", ""] {
                #expect(try progress("\"batchId\":\(text)\(tail)").batchId == value, "\(count) digits before \(tail)")
                #expect(try progress("\"batchId\":-\(text)\(tail)").batchId == -value)
            }
            let fraction = try JSONValue(parsing: "0.\(text)").double
            #expect(fraction == Double("0.\(text)"), "\(count) digits behind the dot")
            #expect(try JSONValue(parsing: text).int64 == value, "\(count) digits at the end of the text")
            #expect(failure("\"batchId\":\(text):1") != nil, "a colon is no digit")
        }
    }

    @Test(arguments: ["5.5", "9223372036854775808", "-9223372036854775809", "1e19", "1e-1", "1e999999999999", "0.1e-9"])
    func `fractions and integers beyond 64 bits are refused where a whole number is needed`(text: String) {
        #expect(failure("\"batchId\":\(text)")?.code == .invalidValue)
    }

    @Test(arguments: ["007", "+5", "5.", ".5", "1e", "1e+", "--1", "-", "0x10", "1_000", "01.5"])
    func `numbers that JSON does not know are malformed`(text: String) {
        #expect(failure("\"batchId\":\(text)")?.code == .malformedJSON)
        #expect(failure("\"inputRowsPerSecond\":\(text)")?.code == .malformedJSON)
        #expect(failure("\"custom\":\(text)")?.code == .malformedJSON)
    }

    @Test(arguments: [
        "NaN", "Infinity", "-Infinity", "+Infinity", "\"NaN\"", "\"Infinity\"", "\"-Infinity\"", "\"+Infinity\"",
        "null",
        "1e999", "-1e999", "INF", "-INF",
    ]) func `a rate that is undefined in any spelling is nil and not written`(text: String) throws {
        let progress = try progress("\"numInputRows\":1,\"inputRowsPerSecond\":\(text),\"processedRowsPerSecond\":2.0")
        #expect(progress.inputRowsPerSecond == nil)
        #expect(!progress.json.contains("inputRowsPerSecond"))
        #expect(progress.json.contains("\"processedRowsPerSecond\":2.0"))
    }

    @Test(arguments: [
        "10000000.0", "1.0E7", "0.0", "166.7", "4.909180166912126", "100000000000000000000.0", "6.923076923076923E8",
        "-0.0",
        "1.0E-5", "12345678.9", "1.23456789E7",
    ]) func `a rate read is written back in the form it had`(text: String) throws {
        let json = try progress("\"numInputRows\":1,\"inputRowsPerSecond\":\(text)").json
        #expect(json.contains("\"inputRowsPerSecond\":\(text),"))
    }

    // MARK: Tools

    private func rate(_ value: Double, _ notation: RateNotation) -> String {
        var writer = JSONWriter()
        writer.rate(value, notation)
        return writer.text
    }

    private func randomDecimal(_ random: inout SeededGenerator) -> String {
        func digits(_ count: Int) -> String {
            (0..<count).map { _ in String(Int.random(in: 0...9, using: &random)) }.joined()
        }
        var text = Bool.random(using: &random) ? "-" : ""
        let whole = digits(Int.random(in: 1...20, using: &random)).drop { $0 == "0" }
        text += whole.isEmpty ? "0" : whole
        if Bool.random(using: &random) { text += "." + digits(Int.random(in: 1...20, using: &random)) }
        if Int.random(in: 0..<4, using: &random) == 0 { text += "E\(Int.random(in: -330...310, using: &random))" }
        return text
    }
}

private func zeros(_ count: Int) -> String { String(repeating: "0", count: count) }
