import FoundationEssentials

/// What the top level of a document held, before it is known which event it is. Never copied, which would count references
/// for each of its fields.
struct EventFields: ~Copyable {
    /// Identity, timestamp and name of any event, and all of a progress; filled in where it stays, so that nothing is copied.
    let storage = StreamingQueryProgress.Storage(
        StreamingQueryProgress.Fields(
            id: EventFields.zero, runId: EventFields.zero, timestamp: ProgressTimestamp(millisecondsSinceEpoch: 0)))
    var progress: StreamingQueryProgress.Fields {
        @inline(__always) _read { yield storage.fields }
        @inline(__always) nonmutating _modify { yield &storage.fields }
    }
    var jobTags: [String]?
    var exception: String?
    var errorClassOnException: String?
    /// The class name in `Event`, as event logs have it.
    var eventClass: String?
    /// Members beside a wrapped progress.
    var wrapperFields: MetricMap<JSONValue> = MetricMap()
    var hasTimestamp = false
    var needsJavaNotation = false
    /// What was in `progress`.
    var inner: Inner?
    var isWrapped = false
    /// Fields of the event itself, within a wrapping if there is one.
    var seen = FieldSet()
    /// Where the event's object begins.
    var start = 0

    /// A wrapped progress.
    final class Inner {
        var fields: EventFields

        init(_ fields: consuming EventFields) { self.fields = fields }
    }

    private static let zero = UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))

    /// Keeps fields that other events have and this one has not, as it keeps those that no event has. What would make
    /// the event another one, were it written without its class, is refused.
    mutating func keepForeignFields(of kind: StreamingQueryEvent.Kind) throws(JSONFault) {
        // What other events have and a progress has not are three fields, which hardly ever stand there.
        if kind == .progress, !seen.contains(anyOf: EventField.jobTags..<EventField.progress) { return }
        let conflicting: Range<Int>? =
            switch kind {
            case .progress: nil
            case .started: EventField.exception..<EventField.progress
            case .idle: EventField.jobTags..<EventField.progress
            case .terminated: EventField.progressOnly
            }
        let isConflicting =
            conflicting.map { seen.contains(anyOf: $0) } == true
            || kind != .progress && seen.contains(anyOf: EventField.progressOnly)
            || kind == .idle && seen.contains(EventField.name)
        guard !isConflicting else {
            throw JSONFault(.notAnEvent, start, "it has fields of another event than \"Event\" says")
        }
        if kind == .terminated {
            keep(EventField.name, "name", progress.name.map { .string($0) })
            keep(EventField.timestamp, "timestamp", hasTimestamp ? .string(progress.timestamp.description) : nil)
        }
        if kind == .terminated || kind == .progress {
            keep(EventField.jobTags, "jobTags", jobTags.map { tags in .array(tags.map { .string($0) }) })
        }
        if kind == .progress {
            keep(EventField.exception, "exception", exception.map { .string($0) })
            keep(
                EventField.errorClassOnException, "errorClassOnException",
                errorClassOnException.map { .string($0) })
        }
    }

    private mutating func keep(_ field: Int, _ name: String, _ value: JSONValue?) {
        if seen.contains(field) { progress.unknownFields.append(name, value ?? .null) }
    }
}

extension JSONReader {
    /// Reads the whole text as one event.
    mutating func event() throws(JSONFault) -> (event: StreamingQueryEvent, encoding: StreamingQueryEvent.Encoding) {
        var fields = EventFields()
        try members(into: &fields, isNested: false)
        try finish()
        // Taken out, for it will hold these fields: as one of them it would hold itself, for ever.
        if let inner = fields.inner.take() { try unwrap(inner, in: &fields) }
        let kind = try kind(of: fields)
        try require(fields, timestamp: kind == .progress || kind == .idle)
        try fields.keepForeignFields(of: kind)
        let isLogged = fields.eventClass != nil
        guard kind == .progress else { return (otherEvent(kind, fields), isLogged ? .eventLog : .event) }
        let isBean = try completeProgress(&fields)
        let encoding: StreamingQueryEvent.Encoding =
            if isLogged { .eventLog } else if fields.isWrapped { .wrapped } else { isBean ? .bean : .canonical }
        return (
            .progress(
                QueryProgressEvent(
                    progress: StreamingQueryProgress(fields.storage), unknownFields: fields.wrapperFields)), encoding
        )
    }

    /// Makes an event that is no progress.
    private func otherEvent(_ kind: StreamingQueryEvent.Kind, _ fields: borrowing EventFields) -> StreamingQueryEvent {
        let common = fields.progress
        switch kind {
        case .started:
            return .started(
                QueryStartedEvent(
                    id: common.id, runId: common.runId, name: common.name,
                    timestamp: fields.hasTimestamp ? common.timestamp : nil, jobTags: fields.jobTags,
                    unknownFields: common.unknownFields))
        case .idle:
            return .idle(
                QueryIdleEvent(
                    id: common.id, runId: common.runId, timestamp: common.timestamp,
                    unknownFields: common.unknownFields))
        case .terminated:
            return .terminated(
                QueryTerminatedEvent(
                    id: common.id, runId: common.runId, exception: fields.exception,
                    errorClassOnException: fields.errorClassOnException, unknownFields: common.unknownFields))
        case .progress:
            return .progress(
                QueryProgressEvent(
                    progress: StreamingQueryProgress(fields.storage), unknownFields: fields.wrapperFields))
        }
    }

    /// Puts the inner fields in the outer ones' place, with what stood beside them kept as the wrapping's own.
    private func unwrap(_ inner: EventFields.Inner, in fields: inout EventFields) throws(JSONFault) {
        guard !fields.seen.contains(anyOf: EventField.id..<EventField.progress) else {
            throw JSONFault(.notAnEvent, fields.start, "\"progress\" stands beside fields of another event")
        }
        swap(&fields, &inner.fields)
        let outer = inner
        fields.isWrapped = true
        fields.eventClass = outer.fields.eventClass
        fields.wrapperFields = outer.fields.progress.unknownFields
    }

    /// Which event it is: by its class in an event log, otherwise by its fields, as none carries a tag.
    private func kind(of fields: borrowing EventFields) throws(JSONFault) -> StreamingQueryEvent.Kind {
        if let name = fields.eventClass {
            if fields.isWrapped == name.hasSuffix("QueryProgressEvent") {
                if fields.isWrapped { return .progress }
            } else {
                throw JSONFault(.notAnEvent, fields.start, "\"Event\" does not say what the fields say")
            }
            if name.hasSuffix("QueryStartedEvent") { return .started }
            if name.hasSuffix("QueryIdleEvent") { return .idle }
            if name.hasSuffix("QueryTerminatedEvent") { return .terminated }
            throw JSONFault(.notAnEvent, fields.start, "\"Event\" names no streaming query event")
        }
        let seen = fields.seen
        if fields.isWrapped || seen.contains(anyOf: EventField.progressOnly) { return .progress }
        if seen.contains(EventField.exception) || seen.contains(EventField.errorClassOnException) { return .terminated }
        if seen.contains(EventField.name) || seen.contains(EventField.jobTags) { return .started }
        if seen.contains(EventField.id), seen.contains(EventField.runId), fields.hasTimestamp { return .idle }
        throw JSONFault(.notAnEvent, fields.start, "the object has none of the fields that tell an event")
    }

    /// Requires the identity that every event has.
    func require(_ fields: borrowing EventFields, timestamp: Bool) throws(JSONFault) {
        if !fields.seen.contains(EventField.id) { throw JSONFault(.missingField, fields.start, "id") }
        if !fields.seen.contains(EventField.runId) { throw JSONFault(.missingField, fields.start, "runId") }
        if timestamp, !fields.hasTimestamp { throw JSONFault(.missingField, fields.start, "timestamp") }
    }

    // MARK: Members

    private mutating func members(into fields: inout EventFields, isNested: Bool) throws(JSONFault) {
        let table = EventField.table
        _ = peek()
        fields.start = position
        guard try beginObject() else { return }
        var expected = 0
        var unknown = StringSpan(start: base, count: 0, hasEscapes: false, hasNonASCII: false)
        repeat {
            let field = try field(
                of: table, expected: expected, seen: &fields.seen, unknown: &unknown, in: "the event")
            if field < EventField.jobTags, field >= 0 {
                expected = field &+ 1
                try progressField(field, &fields)
            } else {
                try otherField(field, &fields, key: unknown, isNested: isNested)
            }
        } while try nextMember()
        try checkUnique(fields.progress.unknownFields, from: fields.start, in: "the event")
    }

    private mutating func otherField(
        _ field: Int, _ fields: inout EventFields, key: StringSpan, isNested: Bool
    ) throws(JSONFault) {
        switch field {
        case EventField.jobTags: fields.jobTags = try tags()
        case EventField.exception: fields.exception = try optionalString()
        case EventField.errorClassOnException: fields.errorClassOnException = try optionalString()
        case EventField.event: fields.eventClass = try string()
        case EventField.progress:
            guard !isNested else { throw fault(.notAnEvent, "a wrapped progress stands within another") }
            try wrapped(&fields)
        default: try keep(key, in: &fields.progress.unknownFields)
        }
    }

    /// Reads a wrapped progress.
    private mutating func wrapped(_ fields: inout EventFields) throws(JSONFault) {
        var inner = EventFields()
        // The wrapping does not count as a level: what is within the limits bare is so wrapped.
        depth -= 1
        try members(into: &inner, isNested: true)
        depth += 1
        guard inner.eventClass == nil else { throw JSONFault(.notAnEvent, inner.start, "an event log line is wrapped") }
        fields.inner = EventFields.Inner(inner)
    }

    private mutating func tags() throws(JSONFault) -> [String]? {
        guard !null() else { return nil }
        var tags: [String] = []
        guard try beginArray() else { return tags }
        repeat {
            try checkMembers(tags.count)
            tags.append(try string())
        } while try nextElement()
        return tags
    }
}
