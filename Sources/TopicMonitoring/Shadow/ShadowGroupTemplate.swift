import FoundationEssentials
public import Kafka
import StreamingMetrics

/// Names the consumer group of a query: a text with `{query}`, which stands for the query's name, or for its id where it has none, or with
/// `{id}`.
///
/// Something must stand beside `{query}`: whoever may name a query could else name a group that an application reads with.
public struct ShadowGroupTemplate: Sendable, Hashable, CustomStringConvertible {
    private enum Piece: Sendable, Hashable {
        case text(String)
        case query
        case id
    }

    /// The text.
    public let description: String
    private let pieces: [Piece]

    /// Reads a template.
    ///
    /// - Throws: `KafkaError` with the code `invalidArgument` where queries would share a group or could take any.
    public init(_ text: String) throws(KafkaError) {
        func refusal(_ reason: String) -> KafkaError {
            KafkaError(code: .invalidArgument, message: "\"\(text)\" names no groups for queries: \(reason)")
        }
        var pieces: [Piece] = []
        var rest = text[...]
        while let open = rest.firstIndex(of: "{") {
            if open > rest.startIndex { pieces.append(.text(String(rest[..<open]))) }
            guard let close = rest[open...].firstIndex(of: "}") else { throw refusal("a { has no }") }
            switch rest[open...close] {
            case "{query}": pieces.append(.query)
            case "{id}": pieces.append(.id)
            default: throw refusal("\(rest[open...close]) is neither {query} nor {id}")
            }
            rest = rest[rest.index(after: close)...]
        }
        if !rest.isEmpty { pieces.append(.text(String(rest))) }
        guard pieces.contains(.query) || pieces.contains(.id) else {
            throw refusal("put {query} or {id} into it, such as spark-{query}, for each query needs a group of its own")
        }
        guard pieces != [.query] else {
            throw refusal(
                "put something beside {query}, such as spark-{query}, or a query could be called like the group of an application"
            )
        }
        description = text
        self.pieces = pieces
    }

    /// The group of a query.
    func group(of progress: StreamingQueryProgress) -> String {
        let id = progress.id.uuidString.lowercased()
        return pieces.map { piece in
            switch piece {
            case .text(let text): text
            case .query: progress.name.flatMap { $0.isEmpty ? nil : $0 } ?? id
            case .id: id
            }
        }.joined()
    }
}
