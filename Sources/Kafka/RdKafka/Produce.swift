import CRdKafka

extension Handle {
    /// Hands a record to the client, which copies it; never waits.
    func produce(
        topic: String, partition: Int32?, key: UnsafeRawBufferPointer?, value: UnsafeRawBufferPointer?,
        headers: [RecordHeader], timestampMs: Int64?, opaque: DeliveryOpaque
    ) throws(KafkaError) {
        try withClient(otherwise: .closed("send to topic \"\(topic)\"")) { client throws(KafkaError) in
            // Headers go as one object: librdkafka before 2.12 frees those it collected itself twice when the partition
            // does not exist, while an object of ours stays ours whenever the call fails.
            try Self.produce(
                client, topic: topic, partition: partition, key: key, value: value,
                headers: Self.headersObject(headers, topic: topic), timestampMs: timestampMs, opaque: opaque)
        }
    }

    /// The same with headers whose names are fixed and whose values are only lent.
    func produce(
        topic: String, key: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer,
        headers: [(name: StaticString, value: UnsafeRawBufferPointer)], timestampMs: Int64, opaque: DeliveryOpaque
    ) throws(KafkaError) {
        try withClient(otherwise: .closed("send to topic \"\(topic)\"")) { client throws(KafkaError) in
            guard let object = rd_kafka_headers_new(headers.count) else {
                throw KafkaError(code: .resourceExhausted, message: "cannot send to topic \"\(topic)\": out of memory")
            }
            for header in headers {
                let name = UnsafeRawPointer(header.name.utf8Start).assumingMemoryBound(to: CChar.self)
                // Fails only for memory, as the line above would.
                rd_kafka_header_add(
                    object, name, header.name.utf8CodeUnitCount, header.value.baseAddress ?? Self.somewhere,
                    header.value.count)
            }
            try Self.produce(
                client, topic: topic, partition: nil, key: key, value: value, headers: object,
                timestampMs: timestampMs, opaque: opaque)
        }
    }

    private static func produce(
        _ client: OpaquePointer, topic: String, partition: Int32?, key: UnsafeRawBufferPointer?,
        value: UnsafeRawBufferPointer?, headers object: OpaquePointer?, timestampMs: Int64?, opaque: DeliveryOpaque
    ) throws(KafkaError) {
        let failure = topic.withCString { topic in
            withUnsafeTemporaryAllocation(of: rd_kafka_vu_t.self, capacity: 8) { values in
                var count = 0
                func add(_ type: rd_kafka_vtype_t, _ set: (inout rd_kafka_vu_t) -> Void) {
                    var value = rd_kafka_vu_t()
                    value.vtype = type
                    set(&value)
                    values.initializeElement(at: count, to: value)
                    count += 1
                }
                add(RD_KAFKA_VTYPE_TOPIC) { $0.u.cstr = topic }
                add(RD_KAFKA_VTYPE_PARTITION) { $0.u.i32 = partition ?? RD_KAFKA_PARTITION_UA }
                add(RD_KAFKA_VTYPE_MSGFLAGS) { $0.u.i = RD_KAFKA_MSG_F_COPY }
                add(RD_KAFKA_VTYPE_OPAQUE) { $0.u.ptr = UnsafeMutableRawPointer(bitPattern: opaque.bits) }
                if let value { add(RD_KAFKA_VTYPE_VALUE) { $0.u.mem = Self.memory(value) } }
                if let key { add(RD_KAFKA_VTYPE_KEY) { $0.u.mem = Self.memory(key) } }
                if let timestampMs { add(RD_KAFKA_VTYPE_TIMESTAMP) { $0.u.i64 = timestampMs } }
                if let object { add(RD_KAFKA_VTYPE_HEADERS) { $0.u.headers = object } }
                return rd_kafka_produceva(client, values.baseAddress, count)
            }
        }
        guard let failure else { return }
        if let object { rd_kafka_headers_destroy(object) }
        throw Self.refusal(failure, client: client, topic: topic)
    }

    /// Nil bytes mean "no value" to librdkafka, so an empty one needs an address.
    private static func memory(_ bytes: UnsafeRawBufferPointer) -> rd_kafka_vu_t.__Unnamed_union_u.__Unnamed_struct_mem
    {
        .init(ptr: UnsafeMutableRawPointer(mutating: bytes.baseAddress ?? Self.somewhere), size: bytes.count)
    }

    nonisolated(unsafe) private static let somewhere = UnsafeRawPointer(
        UnsafeMutableRawPointer.allocate(byteCount: 1, alignment: 1))

    private static func headersObject(
        _ headers: [RecordHeader], topic: String
    ) throws(KafkaError) -> OpaquePointer? {
        if headers.isEmpty { return nil }
        guard let object = rd_kafka_headers_new(headers.count) else {
            throw KafkaError(code: .resourceExhausted, message: "cannot send to topic \"\(topic)\": out of memory")
        }
        for header in headers {
            var name = header.name
            let code = name.withUTF8 { name in
                name.withMemoryRebound(to: CChar.self) { name in
                    guard let value = header.value else {
                        return rd_kafka_header_add(object, name.baseAddress, name.count, nil, 0)
                    }
                    return value.withUnsafeBytes { value in
                        rd_kafka_header_add(
                            object, name.baseAddress, name.count, value.baseAddress ?? Self.somewhere, value.count)
                    }
                }
            }
            guard code == RD_KAFKA_RESP_ERR_NO_ERROR else {
                rd_kafka_headers_destroy(object)
                throw KafkaError(code, attempt: "add the header \"\(header.name)\" to a record for \"\(topic)\"")
            }
        }
        return object
    }

    private static func refusal(_ failure: OpaquePointer, client: OpaquePointer, topic: String) -> KafkaError {
        let code = rd_kafka_error_code(failure)
        rd_kafka_error_destroy(failure)
        // A client that has failed for good refuses with the code of the cause.
        if code != RD_KAFKA_RESP_ERR__QUEUE_FULL, let fatal = KafkaError.fatal(of: client) { return fatal }
        return KafkaError(code, attempt: "send to topic \"\(topic)\"", topic: topic)
    }

    /// Waits until everything is reported or the time is over.
    func flush(timeoutMs: Int32) throws(KafkaError) {
        try withClient(otherwise: .closed("flush")) { client throws(KafkaError) in
            let code = rd_kafka_flush(client, timeoutMs)
            guard code != RD_KAFKA_RESP_ERR_NO_ERROR else { return }
            throw KafkaError(code, attempt: "deliver everything within \(timeoutMs) ms")
        }
    }

    /// Gives up what is not delivered; every record still gets its report.
    func purge() throws(KafkaError) {
        try withClient(otherwise: .closed("purge")) { client throws(KafkaError) in
            let code = rd_kafka_purge(client, EventQueue.purgeFlags)
            guard code != RD_KAFKA_RESP_ERR_NO_ERROR else { return }
            throw KafkaError(code, attempt: "purge the records that are outstanding")
        }
    }
}
