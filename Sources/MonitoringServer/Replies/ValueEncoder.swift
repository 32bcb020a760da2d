/// Writes one value into a ``JSONBody`` as it encodes itself.
///
/// A container closes what was opened within it before it writes on, so that text comes in order.
struct ValueEncoder: Encoder {
    let body: JSONBody
    /// Whether the value's members go into the object that is open.
    let isInline: Bool
    let omitted: Set<String>
    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        if isInline { body.joinObject() } else { body.beginObject() }
        return KeyedEncodingContainer(KeyedValues(body: body, depth: body.depth, omitted: omitted))
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
    let omitted: Set<String>
    var codingPath: [any CodingKey] { [] }

    private func begin(_ key: Key) -> Bool {
        body.close(to: depth)
        if !omitted.isEmpty, omitted.contains(key.stringValue) { return false }
        body.key(key.stringValue)
        return true
    }

    func encodeNil(forKey key: Key) { if begin(key) { body.null() } }
    func encode(_ value: Bool, forKey key: Key) { if begin(key) { body.bool(value) } }
    func encode(_ value: String, forKey key: Key) { if begin(key) { body.string(value) } }
    func encode(_ value: Double, forKey key: Key) { if begin(key) { body.double(value) } }
    func encode(_ value: Int, forKey key: Key) { if begin(key) { body.integer(Int64(value)) } }
    func encode(_ value: Int64, forKey key: Key) { if begin(key) { body.integer(value) } }
    func encode(_ value: UInt64, forKey key: Key) { if begin(key) { body.unsigned(value) } }
    func encode(_ value: some Encodable, forKey key: Key) throws { if begin(key) { try body.value(value) } }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) -> KeyedEncodingContainer<Nested> {
        _ = begin(key)
        body.beginObject()
        return KeyedEncodingContainer(KeyedValues<Nested>(body: body, depth: body.depth, omitted: []))
    }

    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
        _ = begin(key)
        body.beginArray()
        return ListedValues(body: body, depth: body.depth)
    }

    func superEncoder() -> any Encoder { ValueEncoder(body: body, isInline: true, omitted: omitted) }
    func superEncoder(forKey key: Key) -> any Encoder {
        _ = begin(key)
        return ValueEncoder(body: body, isInline: false, omitted: [])
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
        return KeyedEncodingContainer(KeyedValues<Nested>(body: body, depth: body.depth, omitted: []))
    }

    mutating func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
        begin()
        body.beginArray()
        return ListedValues(body: body, depth: body.depth)
    }

    mutating func superEncoder() -> any Encoder {
        begin()
        return ValueEncoder(body: body, isInline: false, omitted: [])
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
