extension JSONWriter {
    /// Writes a progress in canonical form: Spark's order of fields, sorted maps, nothing that has no value.
    mutating func progress(_ progress: StreamingQueryProgress) {
        let notation = progress.rateNotation
        identity(progress.id, progress.runId)
        literal(",\"name\":")
        string(orNull: progress.name)
        literal(",\"timestamp\":")
        timestamp(progress.timestamp)
        optional(",\"batchId\":", progress.batchId)
        optional(",\"batchDuration\":", progress.batchDuration)
        literal(",\"numInputRows\":")
        integer(progress.numInputRows)
        rates(progress.inputRowsPerSecond, progress.processedRowsPerSecond, notation)
        integers(",\"durationMs\":{", progress.durationMs)
        strings(",\"eventTime\":{", progress.eventTime)
        literal(",\"stateOperators\":[")
        for index in progress.stateOperators.indices {
            if index > 0 { byte(UInt8(ascii: ",")) }
            stateOperator(progress.stateOperators[index])
        }
        literal("],\"sources\":[")
        for index in progress.sources.indices {
            if index > 0 { byte(UInt8(ascii: ",")) }
            source(progress.sources[index], notation)
        }
        literal("],\"sink\":")
        sink(progress.sink)
        observed(progress.observedMetrics)
        close(progress.unknownFields)
    }

    mutating func stateOperator(_ state: StateOperatorProgress) {
        byte(UInt8(ascii: "{"))
        if let name = state.operatorName {
            literal("\"operatorName\":")
            string(name)
            byte(UInt8(ascii: ","))
        }
        literal("\"numRowsTotal\":")
        integer(state.numRowsTotal)
        literal(",\"numRowsUpdated\":")
        integer(state.numRowsUpdated)
        optional(",\"allUpdatesTimeMs\":", state.allUpdatesTimeMs)
        optional(",\"numRowsRemoved\":", state.numRowsRemoved)
        optional(",\"allRemovalsTimeMs\":", state.allRemovalsTimeMs)
        optional(",\"commitTimeMs\":", state.commitTimeMs)
        optional(",\"memoryUsedBytes\":", state.memoryUsedBytes)
        optional(",\"numRowsDroppedByWatermark\":", state.numRowsDroppedByWatermark)
        optional(",\"numShufflePartitions\":", state.numShufflePartitions)
        optional(",\"numStateStoreInstances\":", state.numStateStoreInstances)
        integers(",\"customMetrics\":{", state.customMetrics)
        close(state.unknownFields)
    }

    mutating func source(_ source: SourceProgress, _ notation: RateNotation) {
        literal("{\"description\":")
        string(orNull: source.description)
        literal(",\"startOffset\":")
        value(source.startOffset)
        literal(",\"endOffset\":")
        value(source.endOffset)
        if let latestOffset = source.latestOffset {
            literal(",\"latestOffset\":")
            value(latestOffset)
        }
        literal(",\"numInputRows\":")
        integer(source.numInputRows)
        rates(source.inputRowsPerSecond, source.processedRowsPerSecond, notation)
        strings(",\"metrics\":{", source.metrics)
        close(source.unknownFields)
    }

    mutating func sink(_ sink: SinkProgress) {
        literal("{\"description\":")
        string(orNull: sink.description)
        optional(",\"numOutputRows\":", sink.numOutputRows)
        strings(",\"metrics\":{", sink.metrics)
        close(sink.unknownFields)
    }

    // MARK: Parts

    @inline(__always)
    private mutating func optional(_ key: StaticString, _ number: Int64?) {
        guard let number else { return }
        literal(key)
        integer(number)
    }

    /// Writes two rates; one that is undefined is left out, as Spark leaves it out.
    private mutating func rates(_ input: Double?, _ processed: Double?, _ notation: RateNotation) {
        if let input, input.isFinite {
            literal(",\"inputRowsPerSecond\":")
            rate(input, notation)
        }
        if let processed, processed.isFinite {
            literal(",\"processedRowsPerSecond\":")
            rate(processed, notation)
        }
    }

    private mutating func integers(_ opening: StaticString, _ map: MetricMap<Int64>) {
        if map.isEmpty { return }
        literal(opening)
        let pairs = map.sortedPairs
        for index in pairs.indices {
            if index > 0 { byte(UInt8(ascii: ",")) }
            string(pairs[index].key)
            byte(UInt8(ascii: ":"))
            integer(pairs[index].value)
        }
        byte(UInt8(ascii: "}"))
    }

    private mutating func strings(_ opening: StaticString, _ map: MetricMap<String>) {
        if map.isEmpty { return }
        literal(opening)
        let pairs = map.sortedPairs
        for index in pairs.indices {
            if index > 0 { byte(UInt8(ascii: ",")) }
            string(pairs[index].key)
            byte(UInt8(ascii: ":"))
            string(pairs[index].value)
        }
        byte(UInt8(ascii: "}"))
    }

    private mutating func observed(_ map: MetricMap<JSONValue>) {
        if map.isEmpty { return }
        literal(",\"observedMetrics\":{")
        let pairs = map.sortedPairs
        for index in pairs.indices {
            if index > 0 { byte(UInt8(ascii: ",")) }
            string(pairs[index].key)
            byte(UInt8(ascii: ":"))
            value(pairs[index].value)
        }
        byte(UInt8(ascii: "}"))
    }
}

// MARK: Sizes

extension StreamingQueryProgress {
    /// About as many bytes as the JSON takes, rather too many: the memory to write into. Only speed depends on it.
    var estimatedSize: Int {
        var size = 1024 + durationMs.count * 32 + eventTime.count * 48 + observedMetrics.count * 256
        for state in stateOperators { size += 512 + state.customMetrics.count * 64 }
        for source in sources {
            size += 512 + source.startOffset.jsonText.utf8.count + source.endOffset.jsonText.utf8.count
            size += (source.latestOffset?.jsonText.utf8.count ?? 0) + source.metrics.count * 64
        }
        return size
    }
}

extension StreamingQueryEvent {
    /// As ``StreamingQueryProgress/estimatedSize``.
    var estimatedSize: Int {
        switch self {
        case .progress(let event): event.progress.estimatedSize
        case .terminated(let event): 512 + (event.exception?.utf8.count ?? 0)
        case .started, .idle: 512
        }
    }
}
