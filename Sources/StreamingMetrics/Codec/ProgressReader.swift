extension JSONReader {
    /// Consumes the value of a progress' field, or of one that all events have.
    @inline(__always)
    mutating func progressField(_ field: Int, _ fields: inout EventFields) throws(JSONFault) {
        switch field {
        case EventField.id: fields.progress.id = try uuid()
        case EventField.runId: fields.progress.runId = try uuid()
        case EventField.name: fields.progress.name = try optionalString()
        case EventField.timestamp:
            if !null() {
                fields.progress.timestamp = try timestamp()
                fields.hasTimestamp = true
            }
        case EventField.batchId: fields.progress.batchId = try optionalInt64()
        case EventField.batchDuration: fields.progress.batchDuration = try optionalInt64()
        case EventField.numInputRows: fields.progress.numInputRows = try int64()
        case EventField.inputRowsPerSecond:
            fields.progress.inputRowsPerSecond = try rate(noting: &fields.needsJavaNotation)
        case EventField.processedRowsPerSecond:
            fields.progress.processedRowsPerSecond = try rate(noting: &fields.needsJavaNotation)
        case EventField.durationMs: fields.progress.durationMs = try integers(KnownKeys.durationMs, in: "durationMs")
        case EventField.eventTime: fields.progress.eventTime = try strings(KnownKeys.eventTime, in: "eventTime")
        case EventField.stateOperators: fields.progress.stateOperators = try stateOperators()
        case EventField.sources: fields.progress.sources = try sources(noting: &fields.needsJavaNotation)
        case EventField.sink: try sink(into: &fields.progress.sink)
        default: fields.progress.observedMetrics = try values(KnownKeys.none, in: "observedMetrics")
        }
    }

    /// Consumes a whole number or null.
    @inline(__always)
    mutating func optionalInt64() throws(JSONFault) -> Int64? { null() ? nil : try int64() }

    @inline(__always)
    private mutating func rate(noting needsJavaNotation: inout Bool) throws(JSONFault) -> Double? {
        let reading = try rate()
        if reading.needsJavaNotation { needsJavaNotation = true }
        return reading.value
    }

    private var emptySpan: StringSpan { StringSpan(start: base, count: 0, hasEscapes: false, hasNonASCII: false) }

    private mutating func stateOperators() throws(JSONFault) -> [StateOperatorProgress] {
        var operators: [StateOperatorProgress] = []
        guard !null(), try beginArray() else { return operators }
        repeat {
            try checkMembers(operators.count)
            operators.append(StateOperatorProgress(operatorName: nil))
            try stateOperator(into: &operators[operators.count - 1])
        } while try nextElement()
        return operators
    }

    private mutating func stateOperator(into state: inout StateOperatorProgress) throws(JSONFault) {
        let table = StateField.table
        var (seen, unknown, expected) = (FieldSet(), emptySpan, 0)
        let start = position
        guard try beginObject() else { return }
        repeat {
            let field = try field(
                of: table, expected: expected, seen: &seen, unknown: &unknown, in: "a state operator")
            if field >= 0 { expected = field &+ 1 }
            switch field {
            case StateField.operatorName: state.operatorName = try optionalString()
            case StateField.numRowsTotal: state.numRowsTotal = try int64()
            case StateField.numRowsUpdated: state.numRowsUpdated = try int64()
            case StateField.allUpdatesTimeMs: state.allUpdatesTimeMs = try optionalInt64()
            case StateField.numRowsRemoved: state.numRowsRemoved = try optionalInt64()
            case StateField.allRemovalsTimeMs: state.allRemovalsTimeMs = try optionalInt64()
            case StateField.commitTimeMs: state.commitTimeMs = try optionalInt64()
            case StateField.memoryUsedBytes: state.memoryUsedBytes = try optionalInt64()
            case StateField.numRowsDroppedByWatermark: state.numRowsDroppedByWatermark = try optionalInt64()
            case StateField.numShufflePartitions: state.numShufflePartitions = try optionalInt64()
            case StateField.numStateStoreInstances: state.numStateStoreInstances = try optionalInt64()
            case StateField.customMetrics:
                state.customMetrics = try integers(KnownKeys.customMetrics, in: "customMetrics")
            default: try keep(unknown, in: &state.unknownFields)
            }
        } while try nextMember()
        try checkUnique(state.unknownFields, from: start, in: "a state operator")
    }

    private mutating func sources(noting needsJavaNotation: inout Bool) throws(JSONFault) -> [SourceProgress] {
        var sources: [SourceProgress] = []
        guard !null(), try beginArray() else { return sources }
        repeat {
            try checkMembers(sources.count)
            sources.append(SourceProgress(description: nil, latestOffset: nil))
            try source(into: &sources[sources.count - 1], noting: &needsJavaNotation)
        } while try nextElement()
        return sources
    }

    private mutating func source(
        into source: inout SourceProgress, noting needsJavaNotation: inout Bool
    ) throws(JSONFault) {
        let table = SourceField.table
        var (seen, unknown, expected) = (FieldSet(), emptySpan, 0)
        let start = position
        guard try beginObject() else { return }
        repeat {
            let field = try field(of: table, expected: expected, seen: &seen, unknown: &unknown, in: "a source")
            if field >= 0 { expected = field &+ 1 }
            switch field {
            case SourceField.description: source.description = try optionalString()
            case SourceField.startOffset: source.startOffset = try value()
            case SourceField.endOffset: source.endOffset = try value()
            case SourceField.latestOffset: source.latestOffset = try value()
            case SourceField.numInputRows: source.numInputRows = try int64()
            case SourceField.inputRowsPerSecond: source.inputRowsPerSecond = try rate(noting: &needsJavaNotation)
            case SourceField.processedRowsPerSecond:
                source.processedRowsPerSecond = try rate(noting: &needsJavaNotation)
            case SourceField.metrics: source.metrics = try strings(KnownKeys.sourceMetrics, in: "metrics")
            default: try keep(unknown, in: &source.unknownFields)
            }
        } while try nextMember()
        try checkUnique(source.unknownFields, from: start, in: "a source")
    }

    private mutating func sink(into sink: inout SinkProgress) throws(JSONFault) {
        let table = SinkField.table
        sink.description = nil
        var (seen, unknown, expected) = (FieldSet(), emptySpan, 0)
        let start = position
        guard !null(), try beginObject() else { return }
        repeat {
            let field = try field(of: table, expected: expected, seen: &seen, unknown: &unknown, in: "the sink")
            if field >= 0 { expected = field &+ 1 }
            switch field {
            case SinkField.description: sink.description = try optionalString()
            case SinkField.numOutputRows: sink.numOutputRows = try optionalInt64()
            case SinkField.metrics: sink.metrics = try strings(KnownKeys.none, in: "metrics")
            default: try keep(unknown, in: &sink.unknownFields)
            }
        } while try nextMember()
        try checkUnique(sink.unknownFields, from: start, in: "the sink")
    }
}
