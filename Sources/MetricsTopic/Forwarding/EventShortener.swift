import StreamingMetrics

/// Makes an event that is too large for the broker small enough, and keeps what monitoring needs: numbers, times, states.
///
/// What goes, step by step: offsets (a query over ten thousand partitions lists each of them three times); then free text and
/// custom metrics; texts that stay are cut. The record says by a header that it was shortened, and how large it was.
enum EventShortener {
    /// Steps there are.
    static let maximumStep = 2
    private static let longestText = 1000

    /// The event's value in fewer bytes; nil when it cannot be read, or the step does not exist.
    static func shorten(_ value: UnsafeRawBufferPointer, step: Int) -> [UInt8]? {
        guard (1...maximumStep).contains(step), var event = try? MetricsCodec.decode(value) else { return nil }
        switch event {
        case .progress(var progressEvent):
            shorten(&progressEvent.progress, step)
            var bytes: [UInt8] = []
            MetricsCodec.encode(progressEvent.progress, into: &bytes)
            return bytes
        case .started(var started):
            started.unknownFields = [:]
            if step > 1 { started.name = started.name.map(cut) }
            started.jobTags = step > 1 ? nil : started.jobTags
            event = .started(started)
        case .idle(var idle):
            idle.unknownFields = [:]
            event = .idle(idle)
        case .terminated(var terminated):
            terminated.unknownFields = [:]
            terminated.exception = terminated.exception.map { step > 1 ? cut($0) : String($0.prefix(100_000)) }
            event = .terminated(terminated)
        }
        var bytes: [UInt8] = []
        MetricsCodec.encode(event, into: &bytes)
        return bytes
    }

    private static func shorten(_ progress: inout StreamingQueryProgress, _ step: Int) {
        for index in progress.sources.indices {
            progress.sources[index].startOffset = .null
            progress.sources[index].endOffset = .null
            if progress.sources[index].latestOffset != nil { progress.sources[index].latestOffset = .null }
        }
        guard step > 1 else { return }
        progress.name = progress.name.map(cut)
        progress.unknownFields = [:]
        progress.observedMetrics = [:]
        progress.sink.description = progress.sink.description.map(cut)
        progress.sources = progress.sources.prefix(100).map { source in
            var source = source
            source.description = source.description.map(cut)
            source.metrics = [:]
            source.unknownFields = [:]
            return source
        }
        progress.stateOperators = progress.stateOperators.prefix(100).map { state in
            var state = state
            state.customMetrics = [:]
            state.unknownFields = [:]
            return state
        }
    }

    private static func cut(_ text: String) -> String {
        text.count <= longestText ? text : text.prefix(longestText) + "…"
    }
}
