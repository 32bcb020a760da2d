import Foundation
import StreamingMetrics
import Testing

@testable import MonitoringServer

@Suite struct NumberTextTests {
    private func text(_ write: (inout JSONWriter) -> Void) -> String {
        var writer = JSONWriter()
        write(&writer)
        return writer.text
    }

    @Test(arguments: [
        (0, "0"), (-0.0, "0"), (3, "3"), (0.1, "0.1"), (-2.5, "-2.5"), (1e15, "1000000000000000"),
        (9_007_199_254_740_992, "9007199254740992.0"), (1e300, "1e+300"), (.nan, "null"), (-.infinity, "null"),
        (.leastNonzeroMagnitude, "5e-324"),
    ])
    func `a number has the fewest digits that give it back`(value: Double, expected: String) {
        #expect(text { $0.shortest(value) } == expected)
    }

    @Test(arguments: [
        (0, "0"), (1, "1"), (999.4, "999"), (999.5, "1000"), (99.94, "99.9"), (99.95, "100"), (9.994, "9.99"),
        (9.995, "10"), (0.9994, "0.999"), (0.9996, "1"), (0.1, "0.1"), (0.05, "0.05"), (1.5e-7, "1.5e-07"),
        (123_456, "123000"), (999_499, "999000"), (999_500, "1000000"), (-1234, "-1230"), (-0.25, "-0.25"),
        (12.04, "12"), (1.05, "1.05"), (4.5e14, "450000000000000"), (1e18, "1e+18"), (.infinity, "null"),
    ])
    func `a point of a small line has three digits`(value: Double, expected: String) {
        #expect(text { $0.roughly(value) } == expected)
    }

    @Test func `three digits are never further off than half a unit of the last`() throws {
        var value = 0.1
        while value < 1e15 {
            let read = try #require(Double(text { $0.roughly(value) }))
            // 100 to 999 units of the last digit.
            let unit = pow(10, floor(log10(value)) - 2)
            #expect(abs(read - value) <= unit * 0.5001, "\(value)")
            value *= 1.00317
        }
    }

    @Test func `ids are in lower case, and numbers without a sign whole`() {
        let id = UUID(uuid: (0xAB, 0xCD, 0xEF, 1, 2, 3, 0x40, 5, 0x89, 9, 10, 11, 12, 13, 14, 0xFF))
        #expect(text { $0.uuid(id) } == "\"\(id.uuidString.lowercased())\"")
        #expect(text { $0.unsigned(.max) } == "18446744073709551615")
    }
}
