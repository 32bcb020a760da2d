import Monitoring
import StreamingMetrics

/// Who sends a notice: what it says of its origin.
package struct NoticeSender: Sendable, Hashable {
    /// The channel's name.
    package var channel: String
    /// Where the monitor's pages are seen from outside, without the last slash; nil where nobody said.
    package var externalURL: String?

    package init(channel: String, externalURL: String? = nil) {
        self.channel = channel
        self.externalURL = externalURL
    }

    /// The page of the query that an alert is about.
    func link(to alert: Alert) -> String? {
        guard let externalURL else { return nil }
        guard let id = alert.labels["id"], !id.isEmpty, id.utf8.allSatisfy(Self.isIdentifier) else {
            return externalURL
        }
        return "\(externalURL)/queries/\(id)"
    }

    /// The ids of queries are UUIDs; nothing else is put into an address.
    private static func isIdentifier(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}

extension MonitorTime {
    /// Such as `2026-11-28T20:00:00.000Z`.
    var isoText: String { "\(ProgressTimestamp(millisecondsSinceEpoch: millisecondsSinceEpoch))" }
}

extension Alert {
    /// What it is about, in a line: its summary, or why it fires.
    var headline: String {
        let summary = annotations["summary"] ?? annotations["description"] ?? ""
        return summary.isEmpty ? reason : summary
    }

    /// Since when people should know of it.
    var startedAt: MonitorTime { firedAt ?? activeAt }
}
