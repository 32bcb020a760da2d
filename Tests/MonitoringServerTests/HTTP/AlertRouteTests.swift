import Foundation
import LiveMonitoring
import Monitoring
import Testing

@testable import MonitoringServer

/// Alerts in the interface and in the series.
@Suite struct AlertRouteTests {
    private func faults(_ answer: RawAnswer, _ schema: String) throws -> [String] {
        let document = try JSONSerialization.jsonObject(with: Data(OpenAPIDocument.bytes)) as? [String: Any] ?? [:]
        return SchemaCheck(document: document).faults(
            of: try answer.json(), ["$ref": "#/components/schemas/\(schema)"])
    }

    private func names(_ answer: RawAnswer) throws -> [String] {
        (try answer.json()["alerts"] as? [[String: Any]] ?? []).compactMap { $0["name"] as? String }
    }

    @Test func `alerts are in the list, on their query and in its row, as the document says`() async throws {
        let hub = try await RecordedHub.judging("spark-4.1.1/fail-udf.jsonl", "spark-4.1.1/idle.jsonl")
        let failed = try #require(hub.rows().first { $0.snapshot.state == .failed }).snapshot.id.uuidString.lowercased()
        try await LiveServer.with(hub) { server async throws in
            let list = try await server.ask("/api/v1/alerts")
            #expect(try faults(list, "AlertList") == [])
            #expect(try names(list).sorted() == ["QueryFailed", "Watchdog"])
            let rules = try list.json()["rules"] as? [[String: Any]] ?? []
            #expect(rules.count == 15 && rules.allSatisfy { $0["reason"] is String && $0["error"] == nil })
            let detail = try await server.ask("/api/v1/queries/\(failed)")
            #expect(try faults(detail, "QueryDetail") == [])
            #expect(try names(detail) == ["QueryFailed"])
            let alert = try #require((try detail.json()["alerts"] as? [[String: Any]])?.first)
            #expect(alert["state"] as? String == "firing" && alert["firedAt"] is Int)
            #expect((alert["annotations"] as? [String: String])?["state_reason"]?.hasPrefix("failed: ") == true)
            let rows = try await server.ask("/api/v1/queries").json()["queries"] as? [[String: Any]] ?? []
            #expect(rows.count >= 2)
            for row in rows { #expect(row["firing"] as? Int == (row["id"] as? String == failed ? 1 : 0)) }
        }
    }

    @Test func `the list is filtered as asked`() async throws {
        let hub = try await RecordedHub.judging("spark-4.1.1/fail-udf.jsonl")
        let id = try #require(hub.rows().first).snapshot.id
        try await LiveServer.with(hub) { server async throws in
            func ask(_ query: String) async throws -> [String] {
                try names(try await server.ask("/api/v1/alerts?\(query)")).sorted()
            }
            #expect(try await ask("state=firing") == ["QueryFailed", "Watchdog"])
            #expect(try await ask("state=pending,resolved") == [])
            #expect(try await ask("query=\(id)") == ["QueryFailed"])
            #expect(try await ask("query=\(UUID())") == [])
            for query in ["state=", "state=none", "state=firing,", "query=x", "query="] {
                #expect(try await server.ask("/api/v1/alerts?\(query)").status == 400, "\(query)")
            }
        }
    }

    @Test func `the series of alerts and feeds stand once, each family with its head`() async throws {
        let hub = try await RecordedHub.judging("spark-4.1.1/fail-udf.jsonl")
        let text = try await LiveServer.with(hub) { server in try await server.ask("/metrics").body }
        let lines = text.split(separator: "\n").map(String.init)
        let expected = [
            "streamgauge_alerts{alertname=\"QueryFailed\",alertstate=\"firing\"} 1",
            "streamgauge_alerts{alertname=\"QueryFailed\",alertstate=\"pending\"} 0",
            "streamgauge_alerts{alertname=\"QueryStalled\",alertstate=\"firing\"} 0",
            "streamgauge_alerts_suppressed{reason=\"silenced\"} 0",
            "streamgauge_alert_rule_failures_total{alertname=\"QueryFailed\"} 0",
            "streamgauge_alert_notifications_total 0", "streamgauge_feed_up{feed=\"replay\"} 1",
        ]
        #expect(Set(expected).subtracting(lines) == [])
        // A label's value may have spaces.
        let series = lines.filter { !$0.hasPrefix("#") }.map { $0[..<($0.lastIndex(of: " ") ?? $0.endIndex)] }
        #expect(Set(series).count == series.count)
        let heads = lines.filter { $0.hasPrefix("# TYPE ") }.map { String($0.split(separator: " ")[2]) }
        #expect(Set(heads).count == heads.count)
        #expect(Set(series.map { String($0.prefix { $0 != "{" }) }) == Set(heads))
    }

    @Test func `every metric that rules can be about is one of the page's`() async throws {
        // Those of forwarders and consumers are other processes'.
        let here = FeedStatus.families.map(\.name).filter { $0.hasPrefix("streamgauge_feed_") }
        let hub = try await RecordedHub.judging("spark-4.1.1/fail-udf.jsonl")
        hub.report("replay") { $0.lagRecords = 3 }
        let text = try await LiveServer.with(hub) { server in try await server.ask("/metrics").body }
        for name in here + ["streamgauge_queries"] { #expect(text.contains("\n\(name){"), "\(name)") }
    }

    @Test func `without rules there are none, and nothing is said of them`() async throws {
        try await LiveServer.with { server async throws in
            let list = try await server.ask("/api/v1/alerts")
            #expect(try faults(list, "AlertList") == [])
            #expect(try names(list) == [])
            #expect(try await !server.ask("/metrics").body.contains("streamgauge_alert"))
        }
    }
}
