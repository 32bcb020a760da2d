import Foundation
import Monitoring
import Synchronization
import Testing

@testable import LiveMonitoring

/// Keeps the notifications that it gets.
final class NotificationRecorder: AlertNotificationHandler {
    private let state = Mutex<[AlertNotification]>([])

    var notifications: [AlertNotification] { state.withLock { $0 } }

    func notify(_ notification: AlertNotification) async { state.withLock { $0.append(notification) } }
}

/// A hub that judges rules by a clock that a test sets.
final class AlertScene: Sendable {
    let clock = HandClock()
    let recorder = NotificationRecorder()
    let watch: AlertWatch
    let hub: MonitoringHub

    init(_ rules: AlertRules, file: AlertStateFile? = nil) {
        watch = AlertWatch(rules: rules, handler: recorder, stateFile: file)
        hub = MonitoringHub(alerts: watch, clock: clock.reading)
    }

    /// Ticks once a second, and gives the first second at which something holds.
    @discardableResult
    func tick(_ seconds: ClosedRange<Int>, until condition: (MonitoringHub) -> Bool = { _ in false }) -> Int? {
        for second in seconds {
            clock.set(Double(second))
            hub.tick()
            if condition(hub) { return second }
        }
        return nil
    }

    /// Hands over what waits, and writes the state, as the end of a hub does.
    func finish() async {
        let running = Task { await watch.run() }
        running.cancel()
        await running.value
    }

    func alert(_ name: String) -> Alert? { hub.alerts.alerts.first { $0.name == name } }

    /// A batch each second, from one on.
    func batches(_ maker: BatchMaker, from first: Int = 0, count: Int = 20) {
        for batch in first..<(first + count) {
            hub.take(maker.batch(Int64(batch), Double(batch)), at: BatchMaker.time(Double(batch) + 0.5))
        }
    }
}

extension AlertRules {
    /// One group of rules, each of which finds the queries in one state, and notices that wait for nothing.
    static func states(_ names: [String: QueryState], for hold: Duration = .zero, by labels: [String] = ["alertname"])
        throws -> AlertRules
    {
        let rules = try names.sorted { $0.key < $1.key }.map { name, state in
            AlertRule(
                name: name,
                expression: try AlertExpression("streamgauge_query_state{state=\"\(state.rawValue)\"} == 1"),
                holdFor: hold)
        }
        var grouping = AlertGrouping()
        grouping.labels = labels
        grouping.wait = .zero
        grouping.interval = .zero
        return AlertRules(groups: [AlertRuleGroup(name: "states", rules: rules)], grouping: grouping)
    }
}
