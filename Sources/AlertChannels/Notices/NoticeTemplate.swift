import Monitoring
import StreamingMetrics

/// A text of one's own for notices, in the language of annotations.
///
/// `$labels.NAME` is a label or annotation that all alerts of the notice share, or one of these: `status` (firing or resolved),
/// `firing` and `resolved` (how many), `title` (a line), `text` (a paragraph for each alert), `receiver`, `group`, `key`.
/// `$value` is the value of the only alert.
public struct NoticeTemplate: Sendable, Hashable {
    /// What names of its own it knows; they go before labels.
    static let names = ["status", "firing", "resolved", "title", "text", "receiver", "group", "key"]

    private let template: AlertTemplate

    init(_ text: String) throws(AlertTemplate.Malformed) { template = try AlertTemplate(text) }

    func text(_ notification: AlertNotification, _ sender: NoticeSender) -> String {
        template.expanded(
            labels: Self.labels(notification, sender),
            value: notification.alerts.count == 1 ? notification.alerts.first?.value : nil)
    }

    fileprivate static func labels(_ notification: AlertNotification, _ sender: NoticeSender) -> [MetricLabel] {
        let firing = notification.alerts.count { $0.state == .firing }
        var labels = [
            MetricLabel("status", notification.status.rawValue), MetricLabel("firing", "\(firing)"),
            MetricLabel("resolved", "\(notification.alerts.count - firing)"),
            MetricLabel("title", NoticeText.title(notification)),
            MetricLabel("text", NoticeText.body(notification, sender)), MetricLabel("receiver", sender.channel),
            MetricLabel("group", notification.group), MetricLabel("key", notification.key),
        ]
        // The first of one name counts.
        labels += notification.commonLabels.sorted { $0.key < $1.key }.map { MetricLabel($0.key, $0.value) }
        labels += notification.commonAnnotations.sorted { $0.key < $1.key }.map { MetricLabel($0.key, $0.value) }
        return labels
    }
}

/// A JSON text with places inside its strings. What is put in cannot break out of a string, whatever characters it has.
public struct JSONNoticeTemplate: Sendable, Hashable {
    /// Why a text cannot be read.
    struct Malformed: Error {
        var message: String
    }

    private indirect enum Node: Sendable, Hashable {
        case text(NoticeTemplate)
        case constant(JSONValue)
        case array([Node])
        case object([Member])
    }

    private struct Member: Sendable, Hashable {
        var key: String
        var value: Node
    }

    private let root: Node

    init(_ text: String) throws(Malformed) {
        let value: JSONValue
        do throws(MetricsCodecError) {
            value = try JSONValue(parsing: text)
        } catch {
            throw Malformed(message: "a template must be JSON, or content_type be another: \(error)")
        }
        root = try Self.node(of: value)
    }

    private static func node(of value: JSONValue) throws(Malformed) -> Node {
        switch value.node {
        case .string(let text):
            do throws(AlertTemplate.Malformed) {
                return .text(try NoticeTemplate(text))
            } catch {
                throw Malformed(message: error.message)
            }
        case .array(let elements):
            var nodes: [Node] = []
            for element in elements { nodes.append(try node(of: element)) }
            return .array(nodes)
        case .object(let members):
            var nodes: [Member] = []
            for member in members { nodes.append(Member(key: member.key, value: try node(of: member.value))) }
            return .object(nodes)
        default: return .constant(value)
        }
    }

    func json(_ notification: AlertNotification, _ sender: NoticeSender) -> JSONValue {
        Self.json(root, notification, sender)
    }

    private static func json(_ node: Node, _ notification: AlertNotification, _ sender: NoticeSender) -> JSONValue {
        switch node {
        case .text(let template): .string(template.text(notification, sender))
        case .constant(let value): value
        case .array(let nodes): .array(nodes.map { json($0, notification, sender) })
        case .object(let members):
            .object(members.map { .init($0.key, json($0.value, notification, sender)) })
        }
    }
}
