import FoundationEssentials
import Monitoring

/// Texts in the forms that mail has: lines of limited length and, in the headers, ASCII alone.
enum MailText {
    /// A header's text: as it is where that is plain, or as encoded words (RFC 2047), folded.
    ///
    /// - Parameter isPhrase: Whether it stands before an address, where commas and the like mean something.
    static func word(_ text: String, isPhrase: Bool = false) -> String {
        let special = isPhrase ? Array("()<>[]:;@\\,.\"=?".utf8) : Array("=".utf8)
        let isPlain = text.utf8.allSatisfy { (0x20...0x7E).contains($0) && !special.contains($0) }
        if isPlain, text.utf8.count <= 200 { return text }
        // 45 bytes become 60 characters, and with their frame 72 of the 75 that a word may have. A character is never split.
        var words: [String] = []
        var bytes: [UInt8] = []
        for character in text.unicodeScalars {
            let next = Array(String(character).utf8)
            if bytes.count + next.count > 45 {
                words.append(encodedWord(bytes))
                bytes = []
            }
            bytes += next
        }
        words.append(encodedWord(bytes))
        return words.joined(separator: "\r\n ")
    }

    private static func encodedWord(_ bytes: [UInt8]) -> String {
        "=?utf-8?B?\(Data(bytes).base64EncodedString())?="
    }

    /// A text as quoted-printable (RFC 2045), with the line ends of mail.
    static func quotedPrintable(_ text: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false).map { quotedLine(Array($0.utf8)) }
            .joined(separator: "\r\n")
    }

    private static func quotedLine(_ bytes: [UInt8]) -> String {
        var result = ""
        var length = 0
        for (index, byte) in bytes.enumerated() {
            let isBlankAtEnd = (byte == 0x20 || byte == 0x09) && index == bytes.count - 1
            let isPlain = (0x20...0x7E).contains(byte) && byte != UInt8(ascii: "=") && !isBlankAtEnd
            let piece = isPlain ? String(UnicodeScalar(byte)) : "=" + hex(byte)
            // A line has 76 characters, the last of which may be needed for the soft break.
            if length + piece.utf8.count > 75 {
                result += "=\r\n"
                length = 0
            }
            result += piece
            length += piece.utf8.count
        }
        return result
    }

    private static func hex(_ byte: UInt8) -> String {
        let digits = String(byte, radix: 16, uppercase: true)
        return digits.utf8.count == 1 ? "0" + digits : digits
    }

    /// Such as `Sat, 28 Nov 2026 20:00:00 +0000`.
    static func date(_ time: MonitorTime) -> String {
        let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let text = time.isoText
        let parts = text.split { "-T:.Z".contains($0) }
        guard parts.count == 7, let month = Int(parts[1]), (1...12).contains(month), let day = Int(parts[2]) else {
            return text
        }
        let (whole, rest) = time.millisecondsSinceEpoch.quotientAndRemainder(dividingBy: 86_400_000)
        let number = Int((whole - (rest < 0 ? 1 : 0)) % 7)
        return
            "\(days[(number + 7) % 7]), \(day) \(months[month - 1]) \(parts[0]) \(parts[3]):\(parts[4]):\(parts[5]) +0000"
    }
}
