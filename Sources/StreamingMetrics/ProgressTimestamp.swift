/// The moment of an event, as Spark writes it: `2026-11-23T10:21:45.894Z`.
///
/// Spark 3.5 under some locales writes other digits; such text is kept as it is and ``millisecondsSinceEpoch`` is nil.
public struct ProgressTimestamp: Sendable, Hashable, CustomStringConvertible {
    package enum Storage: Sendable, Hashable {
        case milliseconds(Int64)
        case text(String)
    }

    package var storage: Storage

    package init(storage: Storage) { self.storage = storage }

    /// Creates a timestamp from milliseconds since 1970-01-01T00:00:00Z.
    public init(millisecondsSinceEpoch: Int64) { storage = .milliseconds(millisecondsSinceEpoch) }
}

extension ProgressTimestamp {
    /// The text as Spark writes it.
    public var description: String {
        switch storage {
        case .milliseconds(let value): "\(value)"
        case .text(let text): text
        }
    }
}
