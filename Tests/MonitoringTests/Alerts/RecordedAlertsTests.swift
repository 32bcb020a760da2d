import AlertRuleFiles
import Foundation
import Monitoring
import StreamingMetrics
import Testing

/// The shipped rules over all 1,951 events that ten Sparks wrote, file by file: what failed fires once and resolves once, and nothing
/// else fires. `Fixtures/recorded-alerts.txt` has what is expected, and why.
@Suite struct RecordedAlertsTests {
    /// An incident, as the list has it.
    private struct Incident: Hashable, CustomStringConvertible {
        var file: String
        var query: String
        var alert: String
        var firedAt: String
        var resolvedAt = "never"
        var description: String { [file, query, alert, firedAt, resolvedAt].joined(separator: " | ") }
    }

    private static let recordings = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "StreamingMetricsTests/Fixtures")
    private static let folders = [
        "connect-4.1.1", "spark-2.3.4", "spark-2.4.8", "spark-3.0.3", "spark-3.1.3", "spark-3.2.4", "spark-3.4.4",
        "spark-3.5.6", "spark-3.5.6-locale-ar-EG", "spark-4.0.1", "spark-4.1.1", "spark-4.1.1-locale-ar-EG",
        "spark-4.2.1",
    ]

    private static func files(of folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: recordings.appending(path: folder).path)
            .filter { $0.hasSuffix(".jsonl") }.sorted().map { "\(folder)/\($0)" }
    }

    private static func events(of file: String) throws -> [TimedEvent] {
        let lines = try Data(contentsOf: recordings.appending(path: file)).split(separator: 0x0A)
        return TimedEvent.timed(try lines.map { try StreamingQueryEvent(json: [UInt8]($0)) })
    }

    private static func expected() throws -> [Incident] {
        let root = try #require(Bundle.module.resourceURL).appending(path: "Fixtures/recorded-alerts.txt")
        return try String(contentsOf: root, encoding: .utf8).split(separator: "\n")
            .filter { !$0.hasPrefix("#") }
            .map { line in
                let parts = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
                try #require(parts.count == 5, "\(line)")
                return Incident(
                    file: parts[0], query: parts[1], alert: parts[2], firedAt: parts[3], resolvedAt: parts[4])
            }
    }

    private static func text(_ time: MonitorTime) -> String {
        "\(ProgressTimestamp(millisecondsSinceEpoch: time.millisecondsSinceEpoch))"
    }

    /// What the rules say of a file's events, and for a while after them.
    private static func incidents(
        of file: String, _ events: [TimedEvent], interval: Duration, rest: Duration
    ) throws -> [Incident] {
        var replay = AlertReplay(rules: try ShippedRules.rules(), interval: interval, makesNotices: true)
        var steps = events.flatMap { replay.take($0.event, at: $0.time) }
        steps += replay.finish(after: rest)
        var open: [String: Incident] = [:]
        var incidents: [Incident] = []
        for step in steps {
            for alert in step.changes where alert.name != "Watchdog" && alert.firedAt != nil {
                if alert.state == .firing {
                    #expect(open[alert.fingerprint] == nil, "\(file): \(alert.name) fires twice")
                    open[alert.fingerprint] = Incident(
                        file: file, query: alert.labels["query"] ?? "-", alert: alert.name, firedAt: text(step.at))
                } else if alert.state == .resolved, var incident = open.removeValue(forKey: alert.fingerprint) {
                    incident.resolvedAt = text(step.at)
                    incidents.append(incident)
                }
            }
        }
        // Told as often as they were: each beginning once, and each end.
        let told = steps.flatMap(\.notifications).flatMap { notice in
            notice.alerts.filter { notice.news.contains($0.fingerprint) && $0.name != "Watchdog" }
        }
        #expect(told.filter { $0.state == .firing }.count == incidents.count + open.count, "\(file): told as firing")
        #expect(told.filter { $0.state == .resolved }.count == incidents.count, "\(file): told as resolved")
        return incidents + open.values
    }

    /// What the rules say of a file. What has failed is known for an hour, and for as long again as `no_data_for` says: such a file
    /// is gone through a second time with longer steps, for the ends.
    private static func incidents(of file: String) throws -> [Incident] {
        let events = try events(of: file)
        var incidents = try incidents(of: file, events, interval: .seconds(10), rest: .seconds(1200))
        guard events.contains(where: { failure(of: $0) != nil }) else { return incidents }
        let ended = try Self.incidents(of: file, events, interval: .seconds(60), rest: .seconds(14 * 3600))
        #expect(ended.count == incidents.count, "\(file)")
        for index in incidents.indices {
            incidents[index].resolvedAt =
                ended.first { ($0.query, $0.alert) == (incidents[index].query, incidents[index].alert) }?.resolvedAt
                ?? "never"
        }
        return incidents
    }

    private static func failure(of event: TimedEvent) -> String? {
        if case .terminated(let end) = event.event { end.exception } else { nil }
    }

    @Test func `the recordings are whole`() throws {
        let files = try Self.folders.flatMap { try Self.files(of: $0) }
        #expect(files.count == 190)
        #expect(try files.map { try Self.events(of: $0).count }.reduce(0, +) == 1951)
        let named = Set(try Self.expected().map(\.file))
        #expect(named.isSubset(of: files))
    }

    @Test(arguments: Self.folders)
    func `what failed fires once and resolves once, and nothing else fires`(folder: String) throws {
        let expected = try Self.expected().filter { $0.file.hasPrefix("\(folder)/") }
        let found = try Self.files(of: folder).flatMap { try Self.incidents(of: $0) }
        #expect(found.map(\.description).sorted() == expected.map(\.description).sorted())
    }

    @Test func `the list has the queries that ended with an exception, and no others`() throws {
        var ended = 0
        let expected = try Self.expected()
        for file in try Self.folders.flatMap({ try Self.files(of: $0) }) {
            for event in try Self.events(of: file) where Self.failure(of: event) != nil {
                ended += 1
                // Rules are judged every 10 s, and times as text are in their order.
                let moments = Self.text(event.time)...Self.text(event.time + .seconds(10))
                #expect(
                    expected.contains { $0.file == file && $0.alert == "QueryFailed" && moments.contains($0.firedAt) })
            }
        }
        #expect(ended == expected.count)
    }
}
