package import Kafka

/// A record as it goes to the client; its memory is only lent for the call.
package struct OutgoingRecord {
    package var topic: String
    package var key: UnsafeRawBufferPointer
    package var value: UnsafeRawBufferPointer
    package var headers: [(name: StaticString, value: UnsafeRawBufferPointer)]
    package var timestampMs: Int64
}

/// What the sender needs of a Kafka client. A client is mortal: it fails for good, hangs at its end, or its login ends, and
/// is replaced.
package protocol DeliveryClient: AnyObject, Sendable {
    /// Hands a record over; its report comes later with the token. Never waits.
    func produce(_ record: borrowing OutgoingRecord, token: UInt) throws(KafkaError)
    /// The largest value that it takes.
    var maximumValueBytes: Int { get }
    /// Why it has failed for good; nil while it has not.
    var fatalError: KafkaError? { get }
    /// Gets to know the topics, if a broker is there; waits for it a moment at most.
    func meet(_ topics: [String])
    /// Asks what is wrong with topics, and creates those that are missing; gives what cannot be done. Waits for the brokers
    /// a few seconds at most.
    func examine(_ topics: [String]) -> KafkaError?
    /// Ends it without delivering anything more.
    ///
    /// - Returns: Whether it ended within the time; if not, it may go on ending by itself.
    func close(within time: Duration) -> Bool
}

/// What a client tells the forwarder, on threads of its own, several at once. The handlers return soon and never call the client.
package struct DeliveryHandlers: Sendable {
    package var onReports: @Sendable ([DeliveryReport]) -> Void
    package var onError: @Sendable (KafkaError) -> Void

    package init(
        onReports: @escaping @Sendable ([DeliveryReport]) -> Void, onError: @escaping @Sendable (KafkaError) -> Void
    ) {
        self.onReports = onReports
        self.onError = onError
    }
}

/// Makes clients.
package protocol DeliveryClientMaker: Sendable {
    func makeClient(
        _ configuration: KafkaConfiguration, _ handlers: DeliveryHandlers
    ) throws(KafkaError) -> any DeliveryClient
}
