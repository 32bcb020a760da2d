import Kafka
import Synchronization

@testable import MetricsTopic

/// A client without a broker: it notes what it is given, and reports when the test says so.
final class ScriptedClient: DeliveryClient, DeliveryClientMaker {
    private struct State: Sendable {
        var handlers: DeliveryHandlers?
        var unreported: [UInt] = []
        var sequences: [String] = []
    }

    private let state = Mutex(State())
    let maximumValueBytes = 1_000_000
    var fatalError: KafkaError? { nil }

    func makeClient(
        _ configuration: KafkaConfiguration, _ handlers: DeliveryHandlers
    ) throws(KafkaError) -> any DeliveryClient {
        state.withLock { $0.handlers = handlers }
        return self
    }

    func produce(_ record: borrowing OutgoingRecord, token: UInt) throws(KafkaError) {
        let sequence = record.headers.first { "\($0.name)" == "sequence" }.map {
            String(decoding: $0.value, as: UTF8.self)
        }
        state.withLock { state in
            state.unreported.append(token)
            state.sequences.append(sequence ?? "")
        }
    }

    func meet(_ topics: [String]) {}
    func examine(_ topics: [String]) -> KafkaError? { nil }
    func close(within time: Duration) -> Bool { true }

    /// The sequences of all that it was given.
    var sequences: [String] { state.withLock { $0.sequences } }

    /// Reports everything as delivered, but for what was given first.
    func acknowledgeAll(butFirst waiting: Int = 0) {
        let (handlers, tokens) = state.withLock { state in
            defer { state.unreported.removeLast(max(0, state.unreported.count - waiting)) }
            return (state.handlers, state.unreported.dropFirst(waiting))
        }
        guard !tokens.isEmpty else { return }
        handlers?.onReports(
            tokens.map {
                DeliveryReport(
                    token: $0, topic: "t", partition: 0, offset: 0, status: .persisted, error: nil, latency: .zero)
            })
    }
}

/// Time that a test sets.
final class ManualDeliveryClock: DeliveryClock {
    private let time = Mutex(Duration.seconds(1000))
    var now: Duration { time.withLock { $0 } }
    var epochMs: Int64 { 1_767_600_000_000 + Int64(now / .milliseconds(1)) }

    func advance(_ duration: Duration) { time.withLock { $0 += duration } }
}
