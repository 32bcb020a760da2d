import FoundationEssentials

/// What a collector says it refused of a request that it took: `partialSuccess` of an `ExportMetricsServiceResponse`. Such a request is not
/// to be sent again (https://opentelemetry.io/docs/specs/otlp/#partial-success-1).
struct OTLPRejection: Error, CustomStringConvertible {
    /// Data points that were refused.
    var points: UInt64
    private var message: String

    /// Reads an answer's body; nil where nothing was refused. Collectors also answer with nothing, or with what is no JSON.
    init?(answer: [UInt8]) {
        guard let answer = try? JSONDecoder().decode(Answer.self, from: Data(answer)),
            let points = answer.partialSuccess?.rejectedDataPoints?.value, points > 0
        else { return nil }
        self.points = points
        message = answer.partialSuccess?.errorMessage ?? ""
    }

    /// The same with what was refused of an earlier request of one sending.
    func adding(_ earlier: OTLPRejection?) -> OTLPRejection {
        guard var sum = earlier else { return self }
        sum.points &+= points
        return sum
    }

    var description: String {
        let why = message.isEmpty ? "it does not say why" : String(message.prefix(300))
        return "the collector refused \(points) values of those that were sent: \(why)"
    }

    private struct Answer: Decodable {
        var partialSuccess: PartialSuccess?
    }

    private struct PartialSuccess: Decodable {
        var rejectedDataPoints: Count?
        var errorMessage: String?
    }

    /// Protobuf writes 64-bit numbers into JSON as strings, and reads them in both forms.
    private struct Count: Decodable {
        var value: UInt64

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            let number = try? container.decode(UInt64.self)
            value = try number ?? UInt64(container.decode(String.self)) ?? 0
        }
    }
}
