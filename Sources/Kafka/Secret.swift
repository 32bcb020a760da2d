/// A password or key. Its text goes to librdkafka and nowhere else: descriptions, dumps and mirrors show `<redacted>`.
public struct Secret: Sendable, Hashable, ExpressibleByStringLiteral, CustomStringConvertible,
    CustomDebugStringConvertible,
    CustomReflectable
{
    let text: String

    /// Wraps a secret text.
    public init(_ text: String) { self.text = text }

    /// Wraps a secret given as a literal; for tests, since a literal ends up in the program file.
    public init(stringLiteral text: String) { self.text = text }

    /// Always `<redacted>`.
    public var description: String { Self.redacted }

    /// Always `<redacted>`.
    public var debugDescription: String { Self.redacted }

    /// A mirror without children.
    public var customMirror: Mirror { Mirror(self, children: []) }

    static let redacted = "<redacted>"
}
