public import Kafka
public import StreamingMetrics

extension MetricsConsumer {
    /// Everything on the topics, in the order of each partition.
    public struct Records: AsyncSequence, Sendable {
        /// A record.
        public typealias Element = MetricsRecord
        /// What ends the stream early.
        public typealias Failure = KafkaError

        let consumer: MetricsConsumer

        /// Describes an iteration; its first step starts the consumer.
        public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(description: consumer) }

        /// Reads one record after the other. Letting go of it ends the consumer.
        public struct AsyncIterator: AsyncIteratorProtocol {
            private enum State {
                case described
                case reading(KafkaConsumer, KafkaConsumer.Events.AsyncIterator)
                case ended
            }

            private let description: MetricsConsumer
            private var state = State.described
            private var inspector: RecordInspector
            /// What one event of the consumer gave beyond its first record.
            private var pending: [MetricsRecord] = []
            private var nextPending = 0

            init(description: MetricsConsumer) {
                self.description = description
                inspector = RecordInspector(description)
            }

            /// The next record; nil at the end and when the task is cancelled.
            public mutating func next(
                isolation actor: isolated (any Actor)?
            ) async throws(KafkaError) -> MetricsRecord? {
                if let record = takePending() { return record }
                if case .described = state {
                    let consumer = try description.makeConsumer()
                    state = .reading(consumer, consumer.events.makeAsyncIterator())
                }
                guard case .reading(let consumer, var iterator) = state else { return nil }
                while let event = try await iterator.next(isolation: actor) {
                    if let record = inspect(event) {
                        state = .reading(consumer, iterator)
                        return record
                    }
                }
                if !Task.isCancelled { inspector.finish { pending.append($0) } }
                state = .ended
                // Waited for, so that a group's last commit is made when the loop is over.
                await consumer.close()
                return takePending()
            }

            /// The consumer while it reads.
            var consumer: KafkaConsumer? {
                if case .reading(let consumer, _) = state { consumer } else { nil }
            }

            private mutating func inspect(_ event: KafkaConsumer.Event) -> MetricsRecord? {
                var first: MetricsRecord?
                inspector.take(event) { record in
                    if first == nil { first = record } else { pending.append(record) }
                }
                return first
            }

            private mutating func takePending() -> MetricsRecord? {
                guard nextPending < pending.count else { return nil }
                defer { nextPending += 1 }
                if nextPending == pending.count - 1 {
                    let last = pending[nextPending]
                    pending = []
                    nextPending = -1
                    return last
                }
                return pending[nextPending]
            }
        }
    }

    /// The progress on the topics, each once, in the order of each partition.
    public struct Progress: AsyncSequence, Sendable {
        /// A trigger's numbers.
        public typealias Element = StreamingQueryProgress
        /// What ends the stream early.
        public typealias Failure = KafkaError

        let consumer: MetricsConsumer

        /// Describes an iteration; its first step starts the consumer.
        public func makeAsyncIterator() -> AsyncIterator {
            AsyncIterator(records: consumer.records.makeAsyncIterator())
        }

        /// Reads one progress after the other. Letting go of it ends the consumer.
        public struct AsyncIterator: AsyncIteratorProtocol {
            var records: Records.AsyncIterator

            /// The next progress; nil at the end and when the task is cancelled.
            public mutating func next(
                isolation actor: isolated (any Actor)?
            ) async throws(KafkaError) -> StreamingQueryProgress? {
                while let record = try await records.next(isolation: actor) {
                    if let progress = record.progress { return progress }
                }
                return nil
            }
        }
    }
}
