/// Writes one value into a ``JSONBody`` as it encodes itself.
///
/// A container closes what was opened within it before it writes on, so that text comes in order.
struct ValueEncoder: Encoder {
    let body: JSONBody
    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        body.beginObject()
        return KeyedEncodingContainer(KeyedValues(body: body, depth: body.depth))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        body.beginArray()
        return ListedValues(body: body, depth: body.depth)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer { SingleValue(body: body) }
}

private struct KeyedValues<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let body: JSONBody
    let depth: Int
    var codingPath: [any CodingKey] { [] }

    /// Where the key's value is written.
    private func at(_ key: Key) -> JSONBody {
        body.close(to: depth)
        body.key(key.stringValue)
        return body
    }

    func encodeNil(forKey key: Key) { at(key).null() }
    func encode(_ value: Bool, forKey key: Key) { at(key).bool(value) }
    func encode(_ value: String, forKey key: Key) { at(key).string(value) }
    func encode(_ value: Double, forKey key: Key) { at(key).double(value) }
    func encode(_ value: Int, forKey key: Key) { at(key).integer(Int64(value)) }
    func encode(_ value: Int64, forKey key: Key) { at(key).integer(value) }
    func encode(_ value: UInt64, forKey key: Key) { at(key).unsigned(value) }
    func encode(_ value: some Encodable, forKey key: Key) throws { try at(key).value(value) }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) -> KeyedEncodingContainer<Nested> {
        at(key).beginObject()
        return KeyedEncodingContainer(KeyedValues<Nested>(body: body, depth: body.depth))
    }

    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
        at(key).beginArray()
        return ListedValues(body: body, depth: body.depth)
    }

    func superEncoder() -> any Encoder {
        body.close(to: depth)
        body.key("super")
        return ValueEncoder(body: body)
    }
    func superEncoder(forKey key: Key) -> any Encoder {
        ValueEncoder(body: at(key))
    }
}

private struct ListedValues: UnkeyedEncodingContainer {
    let body: JSONBody
    let depth: Int
    var count = 0
    var codingPath: [any CodingKey] { [] }

    init(body: JSONBody, depth: Int) {
        self.body = body
        self.depth = depth
    }

    private mutating func begin() {
        body.close(to: depth)
        body.separate()
        count += 1
    }

    mutating func encodeNil() {
        begin()
        body.null()
    }

    mutating func encode(_ value: some Encodable) throws {
        begin()
        try body.value(value)
    }

    mutating func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) -> KeyedEncodingContainer<Nested> {
        begin()
        body.beginObject()
        return KeyedEncodingContainer(KeyedValues<Nested>(body: body, depth: body.depth))
    }

    mutating func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
        begin()
        body.beginArray()
        return ListedValues(body: body, depth: body.depth)
    }

    mutating func superEncoder() -> any Encoder {
        begin()
        return ValueEncoder(body: body)
    }
}

private struct SingleValue: SingleValueEncodingContainer {
    let body: JSONBody
    var codingPath: [any CodingKey] { [] }

    func encodeNil() { body.null() }
    func encode(_ value: Bool) { body.bool(value) }
    func encode(_ value: String) { body.string(value) }
    func encode(_ value: Double) { body.double(value) }
    func encode(_ value: Float) { body.double(Double(value)) }
    func encode(_ value: Int) { body.integer(Int64(value)) }
    func encode(_ value: Int8) { body.integer(Int64(value)) }
    func encode(_ value: Int16) { body.integer(Int64(value)) }
    func encode(_ value: Int32) { body.integer(Int64(value)) }
    func encode(_ value: Int64) { body.integer(value) }
    func encode(_ value: UInt) { body.unsigned(UInt64(value)) }
    func encode(_ value: UInt8) { body.unsigned(UInt64(value)) }
    func encode(_ value: UInt16) { body.unsigned(UInt64(value)) }
    func encode(_ value: UInt32) { body.unsigned(UInt64(value)) }
    func encode(_ value: UInt64) { body.unsigned(value) }
    func encode(_ value: some Encodable) throws { try body.value(value) }
}
