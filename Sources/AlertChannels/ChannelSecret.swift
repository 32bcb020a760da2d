/// A password, a token or an address that must not be seen. Its text goes to the channel's other side and nowhere else: descriptions,
/// dumps and mirrors show `<redacted>`.
public struct ChannelSecret: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible,
    CustomReflectable
{
    package let text: String

    /// Wraps a secret text.
    public init(_ text: String) { self.text = text }

    /// Always `<redacted>`.
    public var description: String { Self.redacted }

    /// Always `<redacted>`.
    public var debugDescription: String { Self.redacted }

    /// A mirror without children.
    public var customMirror: Mirror { Mirror(self, children: []) }

    static let redacted = "<redacted>"
}

extension String {
    /// The text without these secrets, for what the other side says: it may repeat what it was sent.
    func without(_ secrets: [ChannelSecret]) -> String {
        var text = self
        // One or two characters would blacken every text and hide nothing.
        for secret in secrets where secret.text.utf8.count > 2 {
            text = text.split(separator: secret.text, omittingEmptySubsequences: false)
                .joined(separator: ChannelSecret.redacted)
        }
        return text
    }
}
