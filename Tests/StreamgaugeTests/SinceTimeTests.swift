import Testing

@testable import streamgauge

@Suite struct SinceTimeTests {
    /// 2026-11-25T00:00:00Z.
    private static let nowMs: Int64 = 1_795_564_800_000

    @Test(
        arguments: [
            ("2 hours ago", 7_200_000), ("1 hour ago", 3_600_000), ("90s ago", 90_000), ("15 min ago", 900_000),
            ("3 DAYS AGO", 259_200_000), ("1w ago", 604_800_000), ("0 seconds ago", 0), ("5m ago", 300_000),
        ] as [(String, Int64)])
    func `an age counts from now`(text: String, ageMs: Int64) throws {
        #expect(try SinceTime(text, nowMs: Self.nowMs).milliseconds == Self.nowMs - ageMs)
    }

    @Test(
        arguments: [
            ("1970-01-01", 0), ("2026-11-25", 1_795_564_800_000), ("2026-11-23T10:21:45.894Z", 1_795_429_305_894),
            ("2026-11-23 10:21:45.8", 1_795_429_305_800), ("2026-11-23T10:21", 1_795_429_260_000),
            ("2026-11-23T10:21:45+01:00", 1_795_425_705_000), ("2026-11-23T10:21:45-0130", 1_795_434_705_000),
            ("2024-02-29T23:59:59.999999z", 1_709_251_199_999), ("2000-02-29", 951_782_400_000),
            ("2026-11-23T10:21:45+01", 1_795_425_705_000),
        ] as [(String, Int64)])
    func `a time in ISO 8601 is that time`(text: String, milliseconds: Int64) throws {
        #expect(try SinceTime(text, nowMs: Self.nowMs).milliseconds == milliseconds)
    }

    @Test(arguments: [
        ("", "neither"), ("yesterday", "neither"), ("two hours ago", "whole number"), ("2 hours", "neither"),
        ("2 fortnights ago", "no unit"), ("ago", "whole number"), ("-2 hours ago", "whole number"),
        ("99999999999999999999 days ago", "before 1970"), ("99999 weeks ago", "before 1970"),
        ("2026-02-30", "no such day"), ("1900-02-29", "no such day"), ("2026-13-01", "no such day"),
        ("2026-11-23T", "comes a time"), ("2026-11-23T25:00", "no such time"), ("2026-11-23T10:21:4", "two digits"),
        ("2026-11-23T10:21:45.", "digits are missing"), ("2026-11-23T10:21:45+1", "offset"),
        ("2026-11-23T10:21:45+19:00", "offset"), ("2026-11-23T10:21:45Zulu", "none of it"),
        ("2026-11-23x", "none of it"), ("2027-01-01", "yet to come"), ("1969-12-31", "before 1970"),
        ("1.5h ago", "no unit"),
    ])
    func `what is no moment is told with its reason`(text: String, reason: String) {
        let error = #expect(throws: (any Error).self) { try SinceTime(text, nowMs: Self.nowMs) }
        #expect("\(error.map { "\($0)" } ?? "")".contains(reason), "\(error.map { "\($0)" } ?? "no error")")
    }
}
