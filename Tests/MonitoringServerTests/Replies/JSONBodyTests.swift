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

    @Test(arguments: [
        "spark-4.1.1/window-watermark-append.jsonl", "spark-4.1.1/fail-udf.jsonl", "spark-4.1.1/idle.jsonl",
    ])
    func `a row is the snapshot without what only a query's page shows`(recording: String) async throws {
        let hub = try await RecordedHub.replaying(recording)
        let row = try #require(hub.rows().first)
        let body = JSONBody()
        body.row(row)
        let all = JSONBody()
        try all.value(row.snapshot)
        var whole = try #require(try Self.members(of: all))
        for key in ["customMetrics", "phases", "lags"] { #expect(whole.removeValue(forKey: key) != nil) }
        var shown = try #require(try Self.members(of: body))
        #expect(shown.removeValue(forKey: "firing") as? Int == row.firing)
        #expect((shown.removeValue(forKey: "sparkline") as? [Any])?.count == row.sparkline.count)
        #expect(NSDictionary(dictionary: shown) == NSDictionary(dictionary: whole))
        // And the whole snapshot reads back equal.
        #expect(try JSONDecoder().decode(QuerySnapshot.self, from: Data(all.bytes)) == row.snapshot)
    }

    private static func members(of body: JSONBody) throws -> [String: Any]? {
        try JSONSerialization.jsonObject(with: Data(body.bytes)) as? [String: Any]
    }

    @Test func `a row has every member that a snapshot can have, under its own name`() async throws {
        let hub = try await RecordedHub.replaying("spark-4.1.1/window-watermark-append.jsonl")
        var row = try #require(hub.rows().first)
        let all = JSONBody()
        try all.value(row.snapshot)
        var whole = try #require(try Self.members(of: all))
        // A number of its own for whatever may be missing.
        for (number, path) in Mirror(reflecting: row.snapshot).children.compactMap(\.label).enumerated()
        where whole[path] == nil { whole[path] = 1000 + number }
        let runId = "\(UUID())".lowercased()
        whole["name"] = "a \"b\""
        whole["failure"] = ["runId": runId, "at": 7, "errorClass": "DIVIDE_BY_ZERO", "exception": "a \"b\"\nc"]
        whole["stateUse"] = ["rows": 1, "bytes": 2, "rowsPerHour": 3.5, "bytesPerHour": 4.5, "partitions": 5]
        whole["sizing"] = ["kind": "bottleneck", "phase": "walCommit", "summary": "slow", "advice": ["a", "b"]]
        let counts = [
            "events", "batches", "inputRows", "lateRows", "restarts", "failures", "copies", "lateEvents",
            "missingEvents",
        ]
        whole["counts"] = Dictionary(uniqueKeysWithValues: zip(counts, 11...))
        let text = try JSONSerialization.data(withJSONObject: whole)
        row.snapshot = try JSONDecoder().decode(QuerySnapshot.self, from: text)
        row.sparkline = [1234.5, nil, 0.123456]
        row.firing = 3
        let body = JSONBody()
        body.row(row)
        for key in ["customMetrics", "phases", "lags"] { whole[key] = nil }
        whole["sparkline"] = [1230, NSNull(), 0.123]
        whole["firing"] = 3
        let shown = try #require(try Self.members(of: body))
        for (key, value) in whole {
            let (left, right) = (shown[key] as? NSObject, value as? NSObject)
            #expect(left == right, "\(key)")
        }
        #expect(shown.count == whole.count)
    }
}
