import FoundationEssentials

/// What a collector says against a request that it took: `partialSuccess` of an `ExportMetricsServiceResponse`. Such a request is not
/// to be sent again (https://opentelemetry.io/docs/specs/otlp/#partial-success-1).
struct OTLPRejection: Error, CustomStringConvertible {
    /// Data points that were refused.
    var points: UInt64
    private var message: String
    /// Whether it is a page that answered, such as one where people log in.
    private var isPage = false

    /// Reads an answer's body; nil where nothing was said. Collectors also answer with nothing, or with what is no JSON.
    init?(answer: [UInt8]) {
        if answer.first(where: { $0 > 0x20 }) == UInt8(ascii: "<") {
            (points, message, isPage) = (0, "", true)
            return
        }
        guard let answer = try? JSONDecoder().decode(Answer.self, from: Data(answer)), let said = answer.partialSuccess
        else { return nil }
        points = said.rejectedDataPoints?.value ?? 0
        message = said.errorMessage ?? ""
        if points == 0, message.isEmpty { return nil }
    }

    /// Whether nothing was refused, and the collector only says something.
    var isRemark: Bool { points == 0 && !isPage }

    /// What was said of two requests of one sending: the graver of both, the earlier of two alike, with all that was refused.
    func adding(_ earlier: OTLPRejection?) -> OTLPRejection {
        guard let earlier else { return self }
        var sum = gravity > earlier.gravity ? self : earlier
        sum.points = points &+ earlier.points
        return sum
    }

    /// A page says that nothing arrives at all; what was refused without a reason, less than with one.
    private var gravity: Int {
        if isPage { return 3 }
        if points == 0 { return 0 }
        return message.isEmpty ? 1 : 2
    }

    var description: String {
        if isPage {
            return "the collector answered with a page of HTML: whatever is at that address, it takes no series"
        }
        let why = message.isEmpty ? "it does not say why" : String(message.prefix(300))
        if points == 0 { return "the collector took everything that was sent, and says: \(why)" }
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
