import StreamingMetrics

/// A generator whose sequence is the same on every run (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

let sampleId = "d6aafbe6-17b1-4b78-91bd-fb7d1ffe5b0d"
let sampleRunId = "335eb9ad-e86a-43fe-8cef-dec949061d8d"

/// A progress document with the given members behind those that every progress needs.
func document(_ members: String) -> String {
    #"{"id":"\#(sampleId)","runId":"\#(sampleRunId)","name":null,"timestamp":"2026-11-23T10:21:45.894Z",\#(members)}"#
}

/// Reads such a document.
func progress(_ members: String) throws -> StreamingQueryProgress {
    try StreamingQueryProgress(json: document(members))
}

/// The error that such a document gives, nil if it gives none.
func failure(_ members: String) -> MetricsCodecError? { failure(json: document(members)) }

/// The error that a text gives, nil if it is an event.
func failure(json: String) -> MetricsCodecError? { failure(bytes: Array(json.utf8)) }

/// The error that bytes give, nil if they are an event.
func failure(bytes: [UInt8]) -> MetricsCodecError? {
    do throws(MetricsCodecError) {
        _ = try MetricsCodec.decode(bytes)
        return nil
    } catch {
        return error
    }
}
