import FoundationEssentials
import LiveMonitoring
import Monitoring
import StreamingMetrics

/// Rows of lists as JSON, written member by member: a live page of many queries gets every row every second, and `Encodable` takes
/// several times as long. A test holds it against what the values encode themselves.
extension JSONWriter {
    /// A query as lists show it: its snapshot without `phases`, `customMetrics` and `lags`, its sparkline and its firing alerts.
    mutating func row(_ row: QueryRow) {
        beginObject()
        identity(row.snapshot)
        activity(row.snapshot)
        lag(row.snapshot)
        key("sparkline")
        beginArray()
        for value in row.sparkline {
            separate()
            roughly(value)
        }
        endArray()
        member("firing", Int64(row.firing))
        endObject()
    }

    private mutating func identity(_ query: QuerySnapshot) {
        member("at", query.at)
        member("id", query.id)
        if let runId = query.runId { member("runId", runId) }
        member("name", query.name)
        member("state", query.state.rawValue)
        member("stateReason", query.stateReason)
        member("stateSeconds", query.stateSeconds)
        member("runSince", query.runSince)
        if let failure = query.failure { member("failure", failure) }
        member("counts", query.counts)
        member("restartsInLastHour", Int64(query.restartsInLastHour))
        member("lastEventAgeSeconds", query.lastEventAgeSeconds)
        member("lastProgressAgeSeconds", query.lastProgressAgeSeconds)
        member("silenceDeadline", query.silenceDeadline)
    }

    private mutating func activity(_ query: QuerySnapshot) {
        member("batchId", query.batchId)
        member("inputRows", query.inputRows)
        member("outputRows", query.outputRows)
        member("inputRowsPerSecond", query.inputRowsPerSecond)
        member("processedRowsPerSecond", query.processedRowsPerSecond)
        member("sustainedInputRowsPerSecond", query.sustainedInputRowsPerSecond)
        member("sustainedProcessedRowsPerSecond", query.sustainedProcessedRowsPerSecond)
        member("pressure", query.pressure.rawValue)
        member("batchDurationSeconds", query.batchDurationSeconds)
        member("triggerIntervalSeconds", query.triggerIntervalSeconds)
        member("busyRatio", query.busyRatio)
        key("phaseSeconds")
        beginObject()
        for (phase, seconds) in query.phaseSeconds { member(phase, seconds) }
        endObject()
        member("watermark", query.watermark)
        member("watermarkDelaySeconds", query.watermarkDelaySeconds)
        if let use = query.stateUse { member("stateUse", use) }
    }

    private mutating func lag(_ query: QuerySnapshot) {
        member("lagRecords", query.lagRecords)
        member("lagBytes", query.lagBytes)
        member("lagFiles", query.lagFiles)
        member("lagSeconds", query.lagSeconds)
        member("catchUpSeconds", query.catchUpSeconds)
        member("sizing", query.sizing)
        member("sink", query.sink)
    }

    // MARK: Parts of a row

    private mutating func member(_ key: String, _ failure: QueryFailure) {
        self.key(key)
        beginObject()
        member("runId", failure.runId)
        member("at", failure.at)
        member("errorClass", failure.errorClass)
        member("exception", failure.exception)
        endObject()
    }

    private mutating func member(_ key: String, _ counts: QueryCounts) {
        self.key(key)
        beginObject()
        member("events", counts.events)
        member("batches", counts.batches)
        member("inputRows", counts.inputRows)
        member("lateRows", counts.lateRows)
        member("restarts", counts.restarts)
        member("failures", counts.failures)
        member("copies", counts.copies)
        member("lateEvents", counts.lateEvents)
        member("missingEvents", counts.missingEvents)
        endObject()
    }

    private mutating func member(_ key: String, _ use: StateUse) {
        self.key(key)
        beginObject()
        member("rows", use.rows)
        member("bytes", use.bytes)
        member("rowsPerHour", use.rowsPerHour)
        member("bytesPerHour", use.bytesPerHour)
        member("partitions", use.partitions)
        endObject()
    }

    private mutating func member(_ key: String, _ sizing: SizingVerdict) {
        self.key(key)
        beginObject()
        member("kind", sizing.kind.rawValue)
        member("phase", sizing.phase)
        member("summary", sizing.summary)
        self.key("advice")
        beginArray()
        for sentence in sizing.advice {
            separate()
            string(sentence)
        }
        endArray()
        endObject()
    }

    // MARK: Values; nil is left out

    private mutating func member(_ key: String, _ text: String?) {
        guard let text else { return }
        self.key(key)
        string(text)
    }

    private mutating func member(_ key: String, _ number: Int64?) {
        guard let number else { return }
        self.key(key)
        integer(number)
    }

    private mutating func member(_ key: String, _ number: UInt64) {
        self.key(key)
        unsigned(number)
    }

    private mutating func member(_ key: String, _ number: Double?) {
        guard let number else { return }
        self.key(key)
        shortest(number)
    }

    private mutating func member(_ key: String, _ time: MonitorTime?) {
        member(key, time?.millisecondsSinceEpoch)
    }

    private mutating func member(_ key: String, _ id: UUID) {
        self.key(key)
        uuid(id)
    }
}
