extension KafkaConsumer {
    /// The events of a consumer, in the order they were polled.
    public struct Events: AsyncSequence, Sendable {
        /// An event.
        public typealias Element = Event
        /// What ends the stream early.
        public typealias Failure = KafkaError

        let consumer: KafkaConsumer

        /// Starts to read; a second reader while one waits gets an error.
        public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(consumer: consumer) }

        /// Reads one event after the other and keeps the consumer alive meanwhile.
        public struct AsyncIterator: AsyncIteratorProtocol {
            let consumer: KafkaConsumer

            /// The next event; nil at the end, after closing, and when the task is cancelled.
            public mutating func next(isolation actor: isolated (any Actor)?) async throws(KafkaError) -> Event? {
                try await consumer.core.next(isolation: actor)
            }
        }
    }

    /// The records of a consumer, in the order they were polled.
    public struct Records: AsyncSequence, Sendable {
        /// A record.
        public typealias Element = ConsumerRecord
        /// What ends the stream early.
        public typealias Failure = KafkaError

        let events: Events

        /// Starts to read; a second reader while one waits gets an error.
        public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(events: events.makeAsyncIterator()) }

        /// Reads one record after the other.
        public struct AsyncIterator: AsyncIteratorProtocol {
            var events: Events.AsyncIterator

            /// The next record; nil at the end, after closing, and when the task is cancelled.
            public mutating func next(
                isolation actor: isolated (any Actor)?
            ) async throws(KafkaError) -> ConsumerRecord? {
                while let event = try await events.next(isolation: actor) {
                    if case .record(let record) = event { return record }
                }
                return nil
            }
        }
    }

    /// The events of a consumer in batches: whatever is there when the reader asks, in the order it was polled.
    ///
    /// A batch counts as processed when the reader asks for the next one.
    public struct Batches: AsyncSequence, Sendable {
        /// At least one event.
        public typealias Element = [Event]
        /// What ends the stream early.
        public typealias Failure = KafkaError

        let consumer: KafkaConsumer
        let maximum: Int

        /// Starts to read; a second reader while one waits gets an error.
        public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(consumer: consumer, maximum: maximum) }

        /// Reads one batch after the other and keeps the consumer alive meanwhile.
        public struct AsyncIterator: AsyncIteratorProtocol {
            let consumer: KafkaConsumer
            let maximum: Int

            /// The next batch; nil at the end, after closing, and when the task is cancelled.
            public mutating func next(isolation actor: isolated (any Actor)?) async throws(KafkaError) -> [Event]? {
                let events = try await consumer.core.nextBatch(maximum, isolation: actor)
                return events.isEmpty ? nil : events
            }
        }
    }
}
