import Testing

@testable import streamgauge

@Suite struct FigureTextTests {
    @Test(arguments: [
        (0.0, "0"), (0.04, "0"), (7, "7"), (12.34, "12.3"), (99.96, "100"), (950, "950"), (999.6, "1k"), (1234, "1.2k"),
        (35_123, "35k"), (999_600, "1M"), (1.25e9, "1.3G"), (-1234, "-1.2k"), (.nan, "-"), (.infinity, "-"),
        (9e20, "900E"),
    ])
    func `counts take few columns`(value: Double, text: String) { #expect(FigureText.count(value) == text) }

    @Test(arguments: [
        (0.0, "0ms"), (0.25, "250ms"), (0.9996, "1s"), (16.64, "16.6s"), (59.96, "1m00s"), (270, "4m30s"),
        (3600, "1h00m"),
        (7500, "2h05m"), (273_600, "3d04h"), (35_600_000, "412d"), (-5, "-5s"), (.nan, "-"), (1e300, "ever"),
    ])
    func `lengths of time take the unit that fits`(seconds: Double, text: String) {
        #expect(FigureText.duration(seconds) == text)
    }

    @Test func `what is not known is a dash`() {
        #expect(FigureText.count(nil as Double?) == "-" && FigureText.count(nil as Int64?) == "-")
        #expect(FigureText.duration(nil) == "-" && FigureText.bytes(nil) == "-" && FigureText.percent(nil) == "-")
        #expect(FigureText.bytes(1500) == "1.5kB" && FigureText.percent(0.482) == "48 %")
    }

    @Test func `events a second are those of the last seconds`() {
        var rate = EventRate()
        rate.add(100, at: 0)
        #expect(rate.perSecond == nil)
        for second in 1...10 { rate.add(100 + UInt64(second) * (second <= 5 ? 1 : 10), at: Double(second)) }
        #expect(rate.perSecond == 19)
        rate.add(3, at: 11)
        #expect(rate.perSecond == nil)
        rate.add(5, at: 12)
        #expect(rate.perSecond == 2)
    }
}
