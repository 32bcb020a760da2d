import AlertRuleFiles
import Foundation
import Monitoring
import Testing

@testable import AlertChannels

/// Alerts and notices as the rules make them.
enum Sample {
    static let now = MonitorTime(text: "2026-11-28T20:00:00Z") ?? MonitorTime(millisecondsSinceEpoch: 0)

    static func alert(
        _ name: String = "QueryStalled", _ state: Alert.State = .firing, query: String = "orders",
        severity: String = "critical", summary: String = "orders stands still"
    ) -> Alert {
        Alert(
            name: name, state: state,
            labels: ["query": query, "severity": severity, "id": "0a0a0a0a-0000-4000-8000-000000000001"],
            annotations: ["summary": summary], value: 1, activeAt: now, firedAt: now + .seconds(60),
            resolvedAt: state == .resolved ? now + .seconds(120) : nil, reason: "no progress for 2m")
    }

    static func notice(
        _ alerts: [Alert] = [alert()], group: String = #"{alertname="QueryStalled"}"#, number: Int = 1,
        isRepeated: Bool = false, worth: Duration = .seconds(900)
    ) -> AlertNotification {
        AlertNotification(
            key: NoticeGroup.id("\(group) \(number)"), group: group, at: now, bestBefore: now + worth,
            isRepeated: isRepeated, groupLabels: ["alertname": "QueryStalled"], alerts: alerts,
            news: isRepeated ? [] : nil)
    }

    static let sender = NoticeSender(channel: "test", externalURL: "https://gauge.example.com")

    /// A plan from YAML, with its problems as the test's failure.
    static func plan(_ text: String, environment: [String: String] = [:]) throws -> AlertChannelPlan {
        try AlertChannelFile.plan(from: text, file: "channels.yml", environment: environment)
    }

    /// The only channel of a plan.
    static func channel(_ text: String, environment: [String: String] = [:]) throws -> any AlertChannel {
        let plan = try plan(text, environment: environment)
        return try ChannelFactory.channel(try #require(plan.channels.first), in: plan)
    }
}

/// The error of a delivery; nil where it was delivered.
func failure(of channel: any AlertChannel, _ notice: AlertNotification = Sample.notice()) async -> ChannelError? {
    do throws(ChannelError) {
        try await channel.deliver(notice)
        return nil
    } catch {
        return error
    }
}

/// A folder that goes away with the value.
final class TestFolder: Sendable {
    let path = FileManager.default.temporaryDirectory.appending(path: "channels-\(UUID().uuidString)").path

    init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func file(_ name: String) -> String { "\(path)/\(name)" }

    @discardableResult
    func write(_ name: String, _ text: String, mode: Int = 0o600) throws -> String {
        try text.write(toFile: file(name), atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: file(name))
        return file(name)
    }

    /// A certificate for localhost that signs itself: `localhost.pem` and `localhost.key`.
    func makeCertificate() throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/openssl")
        process.arguments = [
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
            "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", file("localhost.key"),
            "-out", file("localhost.pem"),
        ]
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "openssl made no certificate")
    }
}
