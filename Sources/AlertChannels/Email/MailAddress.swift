/// An address for mail, with a name where one is given: `StreamGauge <alerts@example.com>`.
struct MailAddress: Sendable, Hashable {
    /// Such as `alerts@example.com`; nothing in it can end a line or an address.
    let address: String
    /// The name before it.
    let name: String?

    /// Why a text is none.
    struct Malformed: Error, Hashable {
        var message: String
    }

    init(_ text: String) throws(Malformed) {
        var inner = text[...]
        var name: String?
        if text.hasSuffix(">"), let start = text.lastIndex(of: "<") {
            name = String(text[..<start].drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
            inner = text[text.index(after: start)...].dropLast()
        }
        if let name, SafeText.line(name, limit: 100) != name {
            throw Malformed(message: "the name before the address has control characters, or is longer than 100")
        }
        let parts = inner.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty, inner.utf8.count <= 254 else {
            throw Malformed(message: "an address is name@host")
        }
        guard inner.utf8.allSatisfy(Self.isAllowed) else {
            throw Malformed(
                message:
                    "an address has letters and digits of ASCII and . _ - + only, and no line end, blank or bracket")
        }
        address = String(inner)
        self.name = name.flatMap { $0.isEmpty ? nil : $0 }
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"):
            true
        default: "._-+@=/!#$%&'*?^`{|}~".utf8.contains(byte)
        }
    }

    var host: Substring { address.split(separator: "@").last ?? "" }

    /// As a header shows it.
    var headerText: String { name.map { "\(MailText.word($0, isPhrase: true)) <\(address)>" } ?? address }
}
