import Monitoring
import StreamingMetrics
import Testing

@testable import AlertChannels

/// What an Alertmanager is sent; `scripts/alertmanager-test` asks a real one.
@Suite struct AlertmanagerChannelTests {
    @Test func `alerts go to its list, with an end ahead while they fire`() async throws {
        let server = try ScriptedServer()
        defer { server.close() }
        let channel = try Sample.channel(
            """
            external_url: https://gauge.example.com
            channels:
              - name: am
                alertmanager: {url: "\(server.address)/prefix/", allow_http: true, allow_private: true, resend: 30s}
            """)
        #expect(
            await failure(of: channel, Sample.notice([Sample.alert(), Sample.alert("QueryFailed", .resolved)])) == nil)
        let request = try #require(server.requests.first)
        #expect(request.head.hasPrefix("POST /prefix/api/v2/alerts HTTP/1.1"))
        let alerts = try #require(try JSONValue(parsing: request.body).elements)
        #expect(alerts.count == 2)
        #expect(alerts[0]["labels"]?["alertname"]?.string == "QueryStalled")
        #expect(alerts[0]["generatorURL"]?.string?.hasPrefix("https://gauge.example.com/queries/0a") == true)
        #expect(alerts[1]["endsAt"]?.string == "2026-11-28T20:02:00.000Z")
    }

    @Test func `the end is four intervals ahead, and never before the beginning`() throws {
        let body = AlertmanagerChannel.body(
            of: [Sample.alert()], Sample.sender, now: Sample.now + .seconds(300), resend: .seconds(30))
        #expect(body.elements?.first?["startsAt"]?.string == "2026-11-28T20:01:00.000Z")
        #expect(body.elements?.first?["endsAt"]?.string == "2026-11-28T20:07:00.000Z")
        var alert = Sample.alert("QueryStalled", .resolved)
        alert.resolvedAt = Sample.now
        let early = AlertmanagerChannel.body(of: [alert], Sample.sender, now: Sample.now, resend: .seconds(30))
        #expect(early.elements?.first?["startsAt"] == early.elements?.first?["endsAt"])
    }

    @Test func `many alerts are sent in several requests`() async throws {
        let server = try ScriptedServer()
        defer { server.close() }
        let channel = try Sample.channel(
            "channels: [{name: am, alertmanager: {url: '\(server.address)', allow_http: true, allow_private: true}}]")
        let alerts = (0..<600).map { Sample.alert(query: "query \($0)") }
        #expect(await failure(of: channel, Sample.notice(alerts)) == nil)
        let counts = try server.requests.map { try JSONValue(parsing: $0.body).elements?.count }
        #expect(counts == [256, 256, 88])
    }
}
