/// A header of a record: a name, which may stand several times, and bytes or nothing.
public struct RecordHeader: Sendable, Hashable {
    /// The header's name.
    public var name: String
    /// The header's bytes; nil and empty are different things on the wire.
    public var value: [UInt8]?

    /// Creates a header.
    public init(name: String, value: [UInt8]?) {
        self.name = name
        self.value = value
    }

    /// Creates a header with a text.
    public init(name: String, text: String) {
        self.init(name: name, value: Array(text.utf8))
    }

    /// The bytes as text; nil when there are none. What is not UTF-8 is replaced.
    public var text: String? {
        value.map { String(decoding: $0, as: UTF8.self) }
    }
}

/// A record to be sent.
public struct ProducerRecord: Sendable, Hashable {
    /// The topic's name.
    public var topic: String
    /// The partition; nil lets the partitioner choose, by the key where there is one.
    public var partition: Int32?
    /// The key; records of one key keep their order.
    public var key: [UInt8]?
    /// The value; nil is a tombstone in a compacted topic.
    public var value: [UInt8]?
    /// Headers in their order; a name may stand several times.
    public var headers: [RecordHeader]
    /// Milliseconds since 1970; nil is now.
    public var timestampMs: Int64?

    /// Creates a record.
    public init(
        topic: String, partition: Int32? = nil, key: [UInt8]? = nil, value: [UInt8]?, headers: [RecordHeader] = [],
        timestampMs: Int64? = nil
    ) {
        self.topic = topic
        self.partition = partition
        self.key = key
        self.value = value
        self.headers = headers
        self.timestampMs = timestampMs
    }

    /// Creates a record of texts.
    public init(topic: String, key: String? = nil, value: String, headers: [RecordHeader] = []) {
        self.init(topic: topic, key: key.map { Array($0.utf8) }, value: Array(value.utf8), headers: headers)
    }
}
