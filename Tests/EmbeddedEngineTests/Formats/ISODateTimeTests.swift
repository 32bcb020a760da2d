import Testing

@testable import EmbeddedEngine

@Suite struct ISODateTimeTests {
    @Test func `a time alone is on the given day`() {
        let expected: Int64 = (19723 * 24 + 10) * 3_600_000_000
        for text in ["T10:00", "10:00:00", "T10"] {
            #expect(ISODateTime.timestamp(Array(text.utf8), zone: .utc) { 19723 } == expected, "\(text)")
        }
        #expect(ISODateTime.timestampNTZ(Array("T10:00".utf8)) == nil)
    }

    @Test func `a time without a zone is in the given one`() {
        let text = Array("2024-01-01 02:00:00".utf8)
        let expected: Int64 = 19723 * 86_400_000_000
        #expect(ISODateTime.timestamp(text, zone: ZoneOffset(seconds: 7200)) { 0 } == expected)
    }

    @Test func `offsets are read in each of their spellings`() {
        let spellings = [
            "Z": 0, "UTC": 0, "GMT": 0, "+2": 7200, "+02": 7200, "+0230": 9000, "-02:30": -9000, "+1:5": 3900,
            "+02:30:15": 9015, "GMT+2": 7200, "UTC-03:00": -10800, "-18:00": -64800,
        ]
        for (text, seconds) in spellings { #expect(ZoneOffset(text)?.seconds == seconds, "\(text)") }
        for text in ["", "z", "Z+1", "+", "+19:00", "+1:60", "+123", "Europe/Berlin", "+2:", "02:00"] {
            #expect(ZoneOffset(text) == nil, "\(text)")
        }
    }

    @Test func `every day of eight hundred years goes there and back`() {
        for days in -292_194..<292_194 where days % 7 == 0 {
            let date = CivilDate.date(days: days)
            #expect(CivilDate.days(year: date.year, month: date.month, day: date.day) == days)
        }
        #expect(CivilDate.days(year: 2023, month: 2, day: 29) == nil)
        #expect(CivilDate.days(year: 2000, month: 2, day: 29) == 11016)
    }

    @Test func `days are written as they were counted`() {
        #expect(CivilDate.date(days: -1) == (1969, 12, 31))
        #expect(CivilDate.date(days: 0) == (1970, 1, 1))
        #expect(ISODateTime.date(Array("2024-02-29T25:99".utf8)) == 19782)
        #expect(ISODateTime.date(Array("20240101".utf8)) == 20_240_101)
    }
}
