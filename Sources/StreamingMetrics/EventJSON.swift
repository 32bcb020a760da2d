extension StreamingQueryProgress: CustomStringConvertible {
    /// The canonical JSON, compact: what Spark's `progress.json` gives.
    public var json: String { MetricsCodec.text { $0.progress(self) } }

    /// The canonical JSON over several lines: what Spark's `progress.prettyJson` gives.
    public var prettyJSON: String { JSONPrettyPrinter.pretty(json) }

    /// The same as ``prettyJSON``, as in Spark.
    public var description: String { prettyJSON }

    /// Reads a progress in any of Spark's forms.
    public init(json: String) throws(MetricsCodecError) {
        self = try StreamingQueryEvent(json: json).requiredProgress
    }

    /// Reads a progress in any of Spark's forms from UTF-8 bytes.
    public init(json bytes: UnsafeRawBufferPointer) throws(MetricsCodecError) {
        self = try MetricsCodec.decode(bytes).requiredProgress
    }

    /// Reads a progress in any of Spark's forms from UTF-8 bytes.
    public init(json bytes: [UInt8]) throws(MetricsCodecError) {
        self = try MetricsCodec.decode(bytes).requiredProgress
    }
}

extension SourceProgress {
    /// The source's part of the canonical JSON, compact; rates have one decimal, as since Spark 4.1.
    public var json: String { MetricsCodec.text { $0.source(self, .oneDecimal) } }
    /// The same over several lines.
    public var prettyJSON: String { JSONPrettyPrinter.pretty(json) }
}

extension SinkProgress {
    /// The sink's part of the canonical JSON, compact.
    public var json: String { MetricsCodec.text { $0.sink(self) } }
    /// The same over several lines.
    public var prettyJSON: String { JSONPrettyPrinter.pretty(json) }
}

extension StateOperatorProgress {
    /// The operator's part of the canonical JSON, compact.
    public var json: String { MetricsCodec.text { $0.stateOperator(self) } }
    /// The same over several lines.
    public var prettyJSON: String { JSONPrettyPrinter.pretty(json) }
}

extension StreamingQueryStatus: CustomStringConvertible {
    /// The status as JSON, compact.
    public var json: String { MetricsCodec.text { $0.status(self) } }

    /// The status as JSON over several lines.
    public var prettyJSON: String { JSONPrettyPrinter.pretty(json) }

    /// The same as ``prettyJSON``, as in Spark.
    public var description: String { prettyJSON }

    /// Reads a status. All three fields are needed; others are ignored.
    public init(json: String) throws(MetricsCodecError) {
        self = try MetricsCodec.withBytes(of: json) { bytes throws(MetricsCodecError) in
            try StreamingQueryStatus(json: bytes)
        }
    }

    /// Reads a status from UTF-8 bytes.
    public init(json bytes: UnsafeRawBufferPointer) throws(MetricsCodecError) {
        self = try MetricsCodec.reading("a streaming query status", from: bytes) { reader throws(JSONFault) in
            try reader.status()
        }
    }

    /// Reads a status from UTF-8 bytes.
    public init(json bytes: [UInt8]) throws(MetricsCodecError) {
        self = try bytes.span.withUnsafeBytes { pointer throws(MetricsCodecError) in
            try StreamingQueryStatus(json: pointer)
        }
    }
}

extension QueryStartedEvent {
    /// The event as JSON, compact: what Spark's `event.json` gives.
    public var json: String { MetricsCodec.text { $0.started(self) } }
    /// The same over several lines.
    public var prettyJSON: String { JSONPrettyPrinter.pretty(json) }

    /// Reads a started event in any of Spark's forms.
    public init(json: String) throws(MetricsCodecError) {
        let event = try StreamingQueryEvent(json: json)
        guard case .started(let started) = event else { throw event.kindError(.started) }
        self = started
    }
}

extension QueryProgressEvent {
    /// The event as JSON, compact: the progress' JSON wrapped as `{"progress":{…}}`.
    public var json: String { MetricsCodec.text { $0.wrapped(self) } }
    /// The same over several lines.
    public var prettyJSON: String { JSONPrettyPrinter.pretty(json) }

    /// Reads a progress event in any of Spark's forms, wrapped or not.
    public init(json: String) throws(MetricsCodecError) {
        let event = try StreamingQueryEvent(json: json)
        guard case .progress(let progress) = event else { throw event.kindError(.progress) }
        self = progress
    }
}

extension QueryIdleEvent {
    /// The event as JSON, compact: what Spark's `event.json` gives.
    public var json: String { MetricsCodec.text { $0.idle(self) } }
    /// The same over several lines.
    public var prettyJSON: String { JSONPrettyPrinter.pretty(json) }

    /// Reads an idle event in any of Spark's forms.
    public init(json: String) throws(MetricsCodecError) {
        let event = try StreamingQueryEvent(json: json)
        guard case .idle(let idle) = event else { throw event.kindError(.idle) }
        self = idle
    }
}

extension QueryTerminatedEvent {
    /// The event as JSON, compact: what Spark's `event.json` gives.
    public var json: String { MetricsCodec.text { $0.terminated(self) } }
    /// The same over several lines.
    public var prettyJSON: String { JSONPrettyPrinter.pretty(json) }

    /// Reads a terminated event in any of Spark's forms.
    public init(json: String) throws(MetricsCodecError) {
        let event = try StreamingQueryEvent(json: json)
        guard case .terminated(let terminated) = event else { throw event.kindError(.terminated) }
        self = terminated
    }
}
