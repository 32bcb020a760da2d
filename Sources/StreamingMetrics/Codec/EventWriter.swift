package import FoundationEssentials

extension JSONWriter {
    /// Writes an event as Spark's `event.json`.
    mutating func event(_ event: StreamingQueryEvent) {
        switch event {
        case .started(let event): started(event)
        case .progress(let event): wrapped(event)
        case .idle(let event): idle(event)
        case .terminated(let event): terminated(event)
        }
    }

    mutating func started(_ event: QueryStartedEvent) {
        identity(event.id, event.runId)
        literal(",\"name\":")
        string(orNull: event.name)
        if let timestamp = event.timestamp {
            literal(",\"timestamp\":")
            self.timestamp(timestamp)
        }
        if let tags = event.jobTags {
            literal(",\"jobTags\":")
            beginArray()
            for tag in tags {
                separate()
                string(tag)
            }
            endArray()
        }
        close(event.unknownFields)
    }

    mutating func wrapped(_ event: QueryProgressEvent) {
        literal("{\"progress\":")
        progress(event.progress)
        close(event.unknownFields)
    }

    mutating func idle(_ event: QueryIdleEvent) {
        identity(event.id, event.runId)
        literal(",\"timestamp\":")
        timestamp(event.timestamp)
        close(event.unknownFields)
    }

    mutating func terminated(_ event: QueryTerminatedEvent) {
        identity(event.id, event.runId)
        literal(",\"exception\":")
        string(orNull: event.exception)
        literal(",\"errorClassOnException\":")
        string(orNull: event.errorClassOnException)
        close(event.unknownFields)
    }

    mutating func status(_ status: StreamingQueryStatus) {
        literal("{\"message\":")
        string(status.message)
        literal(status.isDataAvailable ? ",\"isDataAvailable\":true" : ",\"isDataAvailable\":false")
        literal(status.isTriggerActive ? ",\"isTriggerActive\":true}" : ",\"isTriggerActive\":false}")
    }

    // MARK: Parts

    /// Opens an object with the two identities that every event begins with.
    @inline(__always)
    mutating func identity(_ id: UUID, _ runId: UUID) {
        literal("{\"id\":")
        uuid(id)
        literal(",\"runId\":")
        uuid(runId)
    }

    /// Writes members that are not known, then closes the object, which must have a member already.
    @inline(__always)
    mutating func close(_ unknownFields: MetricMap<JSONValue>) {
        for pair in unknownFields.pairs {
            byte(UInt8(ascii: ","))
            string(pair.key)
            byte(UInt8(ascii: ":"))
            value(pair.value)
        }
        byte(UInt8(ascii: "}"))
    }

    /// Writes a UUID in lower case, as Java does.
    package mutating func uuid(_ uuid: UUID) {
        let target = room(38)
        target[0] = UInt8(ascii: "\"")
        target[37] = UInt8(ascii: "\"")
        var position = 1
        withUnsafeBytes(of: uuid.uuid) { bytes in
            for index in 0..<16 {
                if index == 4 || index == 6 || index == 8 || index == 10 {
                    target[position] = UInt8(ascii: "-")
                    position &+= 1
                }
                target[position] = JSONWriter.lowerHex(bytes[index] >> 4)
                target[position &+ 1] = JSONWriter.lowerHex(bytes[index] & 15)
                position &+= 2
            }
        }
        advance(38)
    }

    @inline(__always)
    private static func lowerHex(_ digit: UInt8) -> UInt8 {
        digit < 10 ? UInt8(ascii: "0") &+ digit : UInt8(ascii: "a") &- 10 &+ digit
    }

    /// Writes a timestamp.
    mutating func timestamp(_ timestamp: ProgressTimestamp) {
        switch timestamp.storage {
        case .text(let text): string(text)
        case .milliseconds(let value):
            let target = room(40)
            target[0] = UInt8(ascii: "\"")
            let length = ProgressTimestamp.write(value, to: target + 1)
            target[length + 1] = UInt8(ascii: "\"")
            advance(length + 2)
        }
    }
}
