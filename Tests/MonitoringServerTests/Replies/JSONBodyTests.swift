import Foundation
import LiveMonitoring
import Monitoring
import Testing

@testable import MonitoringServer

@Suite struct JSONBodyTests {
    private struct Nested: Codable, Hashable {
        enum Kind: String, Codable { case one }
        enum Choice: Codable, Hashable { case plain, with(number: Int, text: String?) }
        var text = "\"\\\n\u{1}ü€😀</script>"
        var integer = Int64.min
        var unsigned = UInt64.max
        var small: Int8 = -5
        var single: Float = 0.5
        var double = 0.1
        var whole = 3.0
        var flag = true
        var none: Int?
        var kind = Kind.one
        var choices = [Choice.plain, .with(number: 3, text: nil), .with(number: -1, text: "x")]
        var list: [Double?] = [1.5, nil, -2]
        var lists = [[1, 2], [], [3]]
        var table = ["a": ["b": 1]]
        var empty: [String: Int] = [:]
    }

    @Test func `whatever is encoded reads back equal`() throws {
        let value = [Nested(), Nested(none: 7)]
        let body = JSONBody()
        try body.value(value)
        #expect(try JSONDecoder().decode([Nested].self, from: Data(body.bytes)) == value)
    }

    @Test func `what JSON cannot tell is null, and ids are in lower case`() throws {
        let body = JSONBody()
        let id = UUID(uuid: (0xAB, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))
        try body.object {
            try body.member("a", Double.nan)
            try body.member("b", [Double.infinity, 1e300])
            try body.member("c", id)
            try body.member("d", [id])
            body.member("e", narrow: [Double(Float(0.1)), nil, .nan, 7])
            try body.member("f", Int?.none)
        }
        let zero = "ab000000-0000-0000-0000-000000000000"
        #expect(
            String(decoding: body.bytes, as: UTF8.self)
                == #"{"a":null,"b":[null,1e+300],"c":"\#(zero)","d":["\#(zero)"],"e":[0.1,null,null,7],"f":null}"#)
    }

    @Test func `a row is the snapshot without what only a query's page shows`() async throws {
        let hub = try await RecordedHub.replaying("spark-4.1.1/window-watermark-append.jsonl")
        let row = try #require(hub.rows().first)
        let body = JSONBody()
        try body.row(row)
        let shown = try #require(JSONSerialization.jsonObject(with: Data(body.bytes)) as? [String: Any])
        let whole = try #require(
            JSONSerialization.jsonObject(with: JSONEncoder().encode(row.snapshot)) as? [String: Any])
        let left = Set(whole.keys).subtracting(["customMetrics", "phases", "lags"])
        #expect(Set(shown.keys) == left.union(["sparkline", "firing"]))
        // And the whole snapshot reads back equal.
        let all = JSONBody()
        try all.value(row.snapshot)
        #expect(try JSONDecoder().decode(QuerySnapshot.self, from: Data(all.bytes)) == row.snapshot)
    }
}
