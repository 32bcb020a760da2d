/// What went wrong between this program and Kafka.
public struct KafkaError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What went wrong, for programs.
    public enum Code: String, Sendable, Hashable, CaseIterable {
        /// An option is unknown or has a value that librdkafka refuses.
        case invalidConfiguration
        /// An argument cannot be: a topic name with a NUL byte, a negative partition.
        case invalidArgument
        /// The client's own queue is full; the record was not taken.
        case queueFull
        /// The record is larger than the client or the broker allows.
        case messageTooLarge
        /// The broker did not answer, or a record was not delivered, in time.
        case timedOut
        /// The record was thrown away by a purge or by closing.
        case purged
        /// No broker can be reached at the moment.
        case brokerUnreachable
        /// The topic or the partition does not exist.
        case unknownTopicOrPartition
        /// The topic exists already.
        case topicAlreadyExists
        /// The login was refused.
        case authenticationFailed
        /// The login may not do this to this topic, group or cluster.
        case notAuthorized
        /// The TLS handshake failed.
        case tlsFailed
        /// The client has failed for good and must be replaced by a new one; the librdkafka code tells why.
        case fatal
        /// The client is closed.
        case closed
        /// No thread or memory is left.
        case resourceExhausted
        /// Another answer of a broker.
        case broker
        /// Another fault inside the client.
        case client
    }

    /// What went wrong.
    public var code: Code
    /// librdkafka's number: positive ones come from the broker, negative ones from the client, 0 from this library.
    public var rdKafkaCode: Int32
    /// librdkafka's name of its number, such as `_TRANSPORT`; nil where there is none.
    public var rdKafkaName: String?
    /// What was attempted, on what, why it failed and what to do, in one line.
    public var message: String
    /// The topic that is at fault, such as one that is missing or forbidden; nil where none is, or nobody knows.
    public var topic: String?
    /// Whether the client is unusable from now on.
    public var isFatal: Bool
    /// Whether trying the same again later may work.
    public var isRetriable: Bool

    /// Creates an error.
    public init(
        code: Code, rdKafkaCode: Int32 = 0, rdKafkaName: String? = nil, message: String, topic: String? = nil,
        isFatal: Bool = false, isRetriable: Bool = false
    ) {
        self.code = code
        self.rdKafkaCode = rdKafkaCode
        self.rdKafkaName = rdKafkaName
        self.message = message
        self.topic = topic
        self.isFatal = isFatal
        self.isRetriable = isRetriable
    }

    /// The message, with librdkafka's name where there is one.
    public var description: String {
        rdKafkaName.map { "\(message) [\($0)]" } ?? message
    }

    static func closed(_ attempt: String) -> KafkaError {
        KafkaError(code: .closed, message: "cannot \(attempt): the client is closed; make a new one")
    }
}
