import Synchronization

extension KafkaProducer {
    /// What the poll thread keeps alive: it ends when the producer is closed or dropped, and destroys the client.
    final class Core: Sendable {
        let handle: Handle
        let state = Monitor(StateMachine())
        let promises = Monitor(DeliveryPromises())
        /// Records taken and not reported yet. librdkafka's own count has events in it that are no records.
        private let taken = Atomic<Int>(0)
        private let onDelivery: @Sendable ([DeliveryReport]) -> Void
        private let onError: @Sendable (KafkaError) -> Void

        init(
            handle: Handle, onDelivery: @escaping @Sendable ([DeliveryReport]) -> Void,
            onError: @escaping @Sendable (KafkaError) -> Void
        ) {
            self.handle = handle
            self.onDelivery = onDelivery
            self.onError = onError
        }

        var outstanding: Int { taken.load(ordering: .acquiring) }

        /// Hands a record to the client. Counted before, since the report may be there before the call returns.
        @inline(__always)
        func send(_ produce: () throws(KafkaError) -> Void) throws(KafkaError) {
            taken.add(1, ordering: .relaxed)
            do throws(KafkaError) {
                try produce()
            } catch {
                taken.subtract(1, ordering: .relaxed)
                throw error
            }
        }

        /// The poll thread's body.
        func run() {
            var queue = EventQueue(ownerView: handle.ownerView)
            while state.withLock({ $0.isRunning }) {
                _ = queue.poll(timeoutMs: 1000, serve: serve)
            }
            reportTheRest(&queue)
            handle.destroy()
            state.withLock { $0.destroyed() }
            state.broadcast()
        }

        /// Takes no more records and has every outstanding one report itself.
        ///
        /// Calls under way may still add a record or wait for a flush, so the purge is repeated and reports are served until
        /// they have ended: the last purge comes after the last record.
        private func reportTheRest(_ queue: inout EventQueue) {
            handle.refuseCalls()
            // The bound is for a client that does not report what was purged.
            var idlePolls = 0
            while handle.hasCallsUnderWay || (outstanding > 0 && idlePolls < 50) {
                queue.purge()
                if queue.poll(timeoutMs: 20, serve: serve) { idlePolls = 0 } else { idlePolls += 1 }
            }
            for fulfil in promises.withLock({ $0.takeAll() }) {
                fulfil(.failure(.closed("wait for the report of a record")))
            }
        }

        private func serve(_ event: EventQueue.Event) {
            switch event {
            case .deliveries(let reports, let promised):
                let failed = reports.count { $0.error != nil } + promised.count { $0.1.error != nil }
                if failed > 0 { state.withLock { $0.reported(failed: failed) } }
                if !reports.isEmpty { onDelivery(reports) }
                for (promise, report) in promised {
                    guard let fulfil = promises.withLock({ $0.take(promise) }) else { continue }
                    fulfil(report.error.map { .failure($0) } ?? .success(report))
                }
                let count = reports.count + promised.count
                if taken.subtract(count, ordering: .acquiringAndReleasing).newValue == 0 {
                    // Under the lock, so that no waiter is between its look and its sleep.
                    state.withLock { _ in }
                    state.broadcast()
                }
            case .error(let error):
                if error.isFatal {
                    guard state.withLock({ $0.fail(error) }) else { return }
                }
                onError(error)
            }
        }

        /// Waits until every record is delivered and its report has been handed out. librdkafka is content earlier: when
        /// the report is on its way to the handler.
        func flush(timeout: Duration) throws(KafkaError) {
            let clock = ContinuousClock()
            let deadline = clock.now + timeout
            try handle.flush(timeoutMs: timeout.milliseconds)
            let rest = max(clock.now.duration(to: deadline), .milliseconds(1))
            guard state.wait(timeout: rest, for: { [self] _ in outstanding == 0 ? true : nil }) == nil else { return }
            throw KafkaError(
                code: .timedOut,
                message: "cannot deliver everything within \(timeout): a delivery handler takes too long; "
                    + "let it return soon", isRetriable: true)
        }

        /// Flushes, ends and waits.
        func close(timeout: Duration) -> Int {
            let clock = ContinuousClock()
            let deadline = clock.now + min(timeout, .seconds(31_536_000))
            // A flush that did not finish leaves records to be purged, which is what the count tells.
            if outstanding > 0 { try? handle.flush(timeoutMs: timeout.milliseconds) }
            requestClose()
            // The poll thread needs a moment to purge and to join librdkafka's threads.
            let grace = max(clock.now.duration(to: deadline), .zero) + .seconds(2)
            return state.wait(timeout: grace) { $0.isClosed ? $0.undelivered : nil }
                ?? state.withLock { $0.undelivered }
        }

        /// Lets the poll thread end; does not wait.
        func requestClose() {
            guard state.withLock({ $0.close() }) == .wakeAndWait else { return }
            handle.wakePoll()
        }
    }
}
