extension KafkaConsumer {
    /// The continuation of a reader that waits: an event, or nil with or without an error.
    typealias Reader = CheckedContinuation<Result<Event?, KafkaError>, Never>

    /// What the poll thread keeps alive: it ends when the consumer is closed or dropped, and destroys the client.
    final class Core: Sendable {
        let handle: Handle
        let state: Monitor<StateMachine<Reader>>
        let subscription: Subscription
        let options: Options
        let polled: PolledEntries
        let onError: @Sendable (KafkaError) -> Void
        let onLag: (@Sendable ([TopicPartition: Int64]) -> Void)?
        let startingAt: StartingPositions?
        /// How long a member of a group may stay away from polling.
        let maximumPollInterval: Duration
        /// How often topics are looked at for partitions that were added.
        let refreshInterval: Duration

        init(
            _ configuration: KafkaConfiguration, _ subscription: Subscription, _ options: Options,
            startingAt: StartingPositions?, onLag: (@Sendable ([TopicPartition: Int64]) -> Void)?,
            onError: @escaping @Sendable (KafkaError) -> Void, onLog: @escaping @Sendable (KafkaLogEntry) -> Void
        ) throws(KafkaError) {
            let state = Monitor(
                StateMachine<Reader>(
                    maximumRecords: options.maximumBufferedRecords, maximumBytes: options.maximumBufferedBytes))
            let polled = PolledEntries()
            let context = CallbackContext(
                onLog: onLog,
                onError: { error in
                    polled.note(error)
                    onError(error)
                },
                onRebalance: { rebalance in
                    polled.rebalance(rebalance)
                    switch rebalance {
                    case .assigned(let partitions):
                        state.withLock { $0.assigned(partitions) }
                        return polled.places?(partitions) ?? []
                    case .revoked(let partitions): return state.withLock { $0.revoked(partitions) }
                    case .lost(let partitions):
                        _ = state.withLock { $0.revoked(partitions) }
                        return []
                    }
                })
            let defaults = Self.defaults(subscription, options)
            handle = try Handle(.consumer, options: try configuration.resolved(defaults: defaults), context: context)
            self.state = state
            self.polled = polled
            self.subscription = subscription
            self.options = options
            self.onError = onError
            self.onLag = onLag
            self.startingAt = startingAt
            let interval = configuration.properties["max.poll.interval.ms"].flatMap { Int($0) } ?? 300_000
            maximumPollInterval = .milliseconds(interval)
            refreshInterval = .milliseconds(
                configuration.properties["topic.metadata.refresh.interval.ms"].flatMap { Int($0) } ?? 60_000)
            if case .group(_, let topics, _, _) = subscription {
                polled.places = { [unowned self] partitions in placesOnAssignment(partitions) ?? [] }
                do throws(KafkaError) {
                    try handle.subscribe(to: topics)
                } catch {
                    handle.destroy()
                    throw error
                }
            }
        }

        private static func defaults(
            _ subscription: Subscription, _ options: Options
        ) -> [(name: String, value: String)] {
            // Offsets are stored when the reader has let go of a record, not when librdkafka handed it to the buffer.
            // And an offset that is not there is told, so that nothing is skipped or read again without a word.
            var all = [
                ("log.connection.close", "false"), ("enable.partition.eof", "true"),
                ("enable.auto.offset.store", "false"), ("auto.offset.reset", "error"),
                ("topic.metadata.refresh.interval.ms", "60000"),
            ]
            switch subscription {
            case .group(let id, _, _, _):
                all += [("group.id", id), ("partition.assignment.strategy", options.assignment.rawValue)]
                if let instanceId = options.instanceId { all.append(("group.instance.id", instanceId)) }
                if let timeout = options.sessionTimeout {
                    all.append(("session.timeout.ms", String(max(1, timeout.milliseconds))))
                }
                if case .automatic(let interval) = options.commits {
                    all.append(("auto.commit.interval.ms", String(max(1, interval.milliseconds))))
                } else {
                    all.append(("enable.auto.commit", "false"))
                }
            case .topics, .partitions:
                // Without a group there is nothing to commit. librdkafka's consumer asks for a group's name all the same, and
                // neither joins it nor writes to it.
                all += [("group.id", "reads-alone"), ("enable.auto.commit", "false")]
            }
            return all
        }

        var isGroup: Bool {
            if case .group = subscription { true } else { false }
        }

        func requireGroup() throws(KafkaError) {
            guard !isGroup else { return }
            throw KafkaError(
                code: .invalidArgument,
                message: "cannot commit offsets: this consumer belongs to no group; subscribe with .group")
        }

        // MARK: The reader

        /// The next event, on the reader's own executor: a change of executors for each record would cost ten times the
        /// record.
        func next(isolation actor: isolated (any Actor)?) async throws(KafkaError) -> Event? {
            if Task.isCancelled {
                // Who asks is done with what he had.
                state.withLock { $0.settle() }
                return nil
            }
            switch state.withLock({ $0.next() }) {
            case .event(let event, let wakesPoll):
                if wakesPoll { state.broadcast() }
                return event
            case .end(let error):
                if let error { throw error }
                return nil
            case .busy: throw Self.secondReader
            case .wait: break
            }
            let result = await withTaskCancellationHandler {
                await withCheckedContinuation { (reader: Reader) in wait(reader) }
            } onCancel: {
                let reader = state.withLock { $0.cancel() }
                reader?.resume(returning: .success(nil))
            }
            return try result.get()
        }

        /// The next event and what else is there by then; empty at the end. All of them count as processed when the reader asks
        /// again.
        func nextBatch(
            _ maximum: Int, isolation actor: isolated (any Actor)?
        ) async throws(KafkaError) -> [Event] {
            guard let first = try await next(isolation: actor) else { return [] }
            var events = [first]
            guard maximum > 1 else { return events }
            if state.withLock({ $0.takeMore(maximum, into: &events) }) { state.broadcast() }
            return events
        }

        private func wait(_ reader: Reader) {
            switch state.withLock({ $0.wait(reader) }) {
            case .event(let event, let wakesPoll):
                if wakesPoll { state.broadcast() }
                reader.resume(returning: .success(event))
            case .end(let error): reader.resume(returning: error.map { .failure($0) } ?? .success(nil))
            case .busy: reader.resume(returning: .failure(Self.secondReader))
            case .wait:
                // Cancelled before the wait began, the handler has found nobody to wake.
                if Task.isCancelled, let reader = state.withLock({ $0.cancel() }) {
                    reader.resume(returning: .success(nil))
                }
            }
        }

        private static let secondReader = KafkaError(
            code: .invalidArgument,
            message: "cannot read from the consumer: another reader waits for its next record; use one reader")

        /// Ends the stream once the buffer is read.
        func end(_ error: KafkaError?) {
            let reader = state.withLock { $0.end(error) }
            reader?.resume(returning: error.map { .failure($0) } ?? .success(nil))
        }

        // MARK: Commands and closing

        /// Runs something on the poll thread, between polls.
        func command(
            _ attempt: String, _ body: @escaping @Sendable (Core) throws(KafkaError) -> Void
        ) async throws(KafkaError) {
            let result: Result<Void, KafkaError> = await withCheckedContinuation { continuation in
                let accepted = state.withLock { state in
                    state.add { [self] in
                        do throws(KafkaError) {
                            continuation.resume(returning: .success(try body(self)))
                        } catch {
                            continuation.resume(returning: .failure(error))
                        }
                    }
                }
                guard accepted else { return continuation.resume(returning: .failure(.closed(attempt))) }
                state.broadcast()
                handle.wakePoll()
            }
            try result.get()
        }

        func requestClose() {
            let (isFirst, reader) = state.withLock { $0.close() }
            guard isFirst else { return }
            state.broadcast()
            handle.wakePoll()
            reader?.resume(returning: .success(nil))
        }

        func close(timeout: Duration) -> Bool {
            requestClose()
            return state.wait(timeout: timeout) { $0.isDestroyed ? true : nil } ?? false
        }
    }
}
