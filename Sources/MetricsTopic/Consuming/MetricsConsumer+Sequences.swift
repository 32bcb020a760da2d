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
                case reading(KafkaConsumer, KafkaConsumer.Records.AsyncIterator)
                case ended
            }

            private let description: MetricsConsumer
            private var state = State.described
            private var filter: QueryFilter?

            init(description: MetricsConsumer) {
                self.description = description
                filter = description.query.map { QueryFilter(query: $0) }
            }

            /// The next record; nil at the end and when the task is cancelled.
            public mutating func next(
                isolation actor: isolated (any Actor)?
            ) async throws(KafkaError) -> MetricsRecord? {
                if case .described = state {
                    let consumer = try description.makeConsumer()
                    state = .reading(consumer, consumer.records.makeAsyncIterator())
                }
                guard case .reading(let consumer, var iterator) = state else { return nil }
                while let record = try await iterator.next(isolation: actor) {
                    let metrics = MetricsRecord(record)
                    if filter?.includes(metrics) ?? true {
                        state = .reading(consumer, iterator)
                        return metrics
                    }
                }
                state = .ended
                // Waited for, so that a group's last commit is made when the loop is over.
                await consumer.close()
                return nil
            }
        }
    }

    /// The progress on the topics, in the order of each partition.
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
