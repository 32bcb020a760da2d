import Kafka
import Logging
import Monitoring

@testable import AlertChannels

/// A channel whose deliveries end as a test says.
final class ScriptedChannel: AlertChannel {
    enum Outcome: Sendable {
        case delivered
        case failed(ChannelError)
        /// Until the task is cancelled.
        case hangs
    }

    private struct State: Sendable {
        var outcomes: [Outcome]
        var attempts: [AlertNotification] = []
        var delivered: [AlertNotification] = []
    }

    let destination = "a test"
    private let state: Monitor<State>

    /// After the last outcome everything is delivered.
    init(_ outcomes: [Outcome] = []) { state = Monitor(State(outcomes: outcomes)) }

    static let unreachable = ChannelError(code: .unreachable, message: "nobody is there", isRetriable: true)
    static let forbidden = ChannelError(code: .refused, message: "no", isRetriable: false)

    var attempts: [AlertNotification] { state.withLock { $0.attempts } }
    var delivered: [AlertNotification] { state.withLock { $0.delivered } }

    func deliver(_ notification: AlertNotification) async throws(ChannelError) {
        let outcome = state.withLock { state in
            state.attempts.append(notification)
            return state.outcomes.isEmpty ? .delivered : state.outcomes.removeFirst()
        }
        defer { state.broadcast() }
        switch outcome {
        case .delivered: state.withLock { $0.delivered.append(notification) }
        case .failed(let error): throw error
        case .hangs:
            state.broadcast()
            while !Task.isCancelled { try? await Task.sleep(for: .seconds(3600)) }
            throw ChannelError(code: .cancelled, message: "broken off", isRetriable: true)
        }
    }

    /// What was delivered, once there is so much; nil after ten seconds.
    func wait(for count: Int) -> [AlertNotification]? {
        state.wait(timeout: .seconds(10)) { $0.delivered.count >= count ? $0.delivered : nil }
    }

    /// What was tried, once so often; nil after ten seconds.
    func wait(forAttempts count: Int) -> [AlertNotification]? {
        state.wait(timeout: .seconds(10)) { $0.attempts.count >= count ? $0.attempts : nil }
    }
}

/// Keeps the lines of a logger.
struct LogLines: Sendable {
    private let recorded = Monitor<[String]>([])

    var logger: Logger {
        let recorded = recorded
        return Logger(label: "test") { _ in Handler(recorded: recorded) }
    }

    var lines: [String] { recorded.withLock { $0 } }

    /// The lines, once there are so many; nil after ten seconds.
    func wait(for count: Int) -> [String]? {
        recorded.wait(timeout: .seconds(10)) { $0.count >= count ? $0 : nil }
    }

    private struct Handler: LogHandler {
        let recorded: Monitor<[String]>
        var metadata: Logger.Metadata = [:]
        var logLevel: Logger.Level = .info

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            recorded.withLock { $0.append("\(event.level): \(event.message)") }
            recorded.broadcast()
        }
    }
}
