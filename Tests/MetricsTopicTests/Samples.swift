import FoundationEssentials
import StreamingMetrics

extension QueryProgressEvent {
    /// A small progress event.
    static func sample(
        id: UUID = UUID(), runId: UUID = UUID(), batchId: Int64, name: String? = "q", description: String = "MemorySink"
    ) -> QueryProgressEvent {
        let json = """
            {"id":"\(id.uuidString.lowercased())","runId":"\(runId.uuidString.lowercased())",\
            "name":\(name.map { "\"\($0)\"" } ?? "null"),"timestamp":"2026-11-23T10:21:45.894Z","batchId":\(batchId),\
            "batchDuration":762,"numInputRows":2,"inputRowsPerSecond":166.7,"processedRowsPerSecond":2.6,\
            "durationMs":{"addBatch":572,"triggerExecution":762},"stateOperators":[],"sources":[],\
            "sink":{"description":"\(description)","numOutputRows":-1}}
            """
        do {
            return try QueryProgressEvent(json: json)
        } catch {
            fatalError("the sample is no progress: \(error)")
        }
    }
}

extension StreamingQueryEvent {
    var batchId: Int64? {
        if case .progress(let event) = self { event.progress.batchId } else { nil }
    }
}

/// A small deterministic generator (splitmix64), so that a failure comes again.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
