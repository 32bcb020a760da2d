extension KafkaProducer {
    /// The producer's life as a pure value: running, then closing, then closed.
    ///
    /// Methods return what the caller has to do; nothing here touches librdkafka.
    struct StateMachine: Sendable {
        private enum State: Equatable {
            case running, closing, closed
        }

        private var state = State.running
        /// Why the client has failed for good.
        private(set) var fatalError: KafkaError?
        /// Records that a close gave up, as counted from their reports.
        private(set) var undelivered = 0

        enum CloseAction: Equatable {
            /// The first to close: wake the poll thread, then wait for it.
            case wakeAndWait
            /// Somebody else closes: wait.
            case wait
            /// Closed already.
            case done
        }

        mutating func close() -> CloseAction {
            switch state {
            case .running:
                state = .closing
                return .wakeAndWait
            case .closing: return .wait
            case .closed: return .done
            }
        }

        /// Notes a fatal error; whether it is the first and has to be told.
        mutating func fail(_ error: KafkaError) -> Bool {
            guard fatalError == nil else { return false }
            fatalError = error
            return true
        }

        /// Notes reports; counts the failed ones while closing.
        mutating func reported(failed: Int) {
            if state == .closing { undelivered += failed }
        }

        /// Notes that the client is destroyed.
        mutating func destroyed() {
            state = .closed
        }

        var isRunning: Bool { state == .running }
        var isClosed: Bool { state == .closed }
    }
}
