import Glibc

/// Paths as text: absolute, without a scheme, `/` between components.
package enum CheckpointPath {
    /// The absolute path that a user's text names: plain, relative to the working directory, or a `file:` URI.
    package static func absolute(_ text: String) throws -> String {
        guard !text.isEmpty else {
            throw EngineError(
                .illegalArgument, "cannot use an empty text as a path", hint: "name a folder of the local file system")
        }
        if let scheme = scheme(of: text), scheme != "file" {
            throw EngineError(
                .unsupported, "cannot use \(text): paths of the file system \(scheme) are not supported",
                hint: "name a folder of the local file system, as /path or file:///path")
        }
        let path = scheme(of: text) == nil ? text : try FileURI.path(of: text)
        return normalized(path.hasPrefix("/") ? path : try workingDirectory() + "/" + path)
    }

    /// The folder a path lies in.
    package static func directory(of path: String) -> String {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// A path's last component.
    package static func name(of path: String) -> String {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return path }
        return String(path[path.utf8.index(after: slash)...])
    }

    /// A hidden name in the same folder; readers of the checkpoint take no notice of it.
    static func temporary(for path: String) -> String {
        "\(directory(of: path))/.\(name(of: path)).\(RandomUUID.text()).tmp"
    }

    /// The number that a whole name stands for; nil for any other name.
    package static func number(_ name: some StringProtocol) -> Int64? {
        guard !name.isEmpty, name.utf8.allSatisfy({ $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }) else {
            return nil
        }
        return Int64(name)
    }

    private static func scheme(of text: String) -> String? {
        guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")) else { return nil }
        let scheme = text[..<colon]
        let isScheme =
            scheme.utf8.count > 1
            && scheme.utf8.allSatisfy { byte in
                (byte | 0x20) &- UInt8(ascii: "a") < 26 || byte &- UInt8(ascii: "0") < 10
            }
        return isScheme && text[colon...].hasPrefix(":/") ? String(scheme) : nil
    }

    /// Without empty and `.` components; `..` stays, since a link before it may lead elsewhere.
    private static func normalized(_ path: String) -> String {
        "/" + path.split(separator: "/").filter { $0 != "." }.joined(separator: "/")
    }

    private static func workingDirectory() throws -> String {
        guard let text = getcwd(nil, 0) else {
            throw EngineError(
                .inputOutput, "cannot find the working directory: \(String(cString: strerror(errno)))",
                hint: "name the folder by its absolute path")
        }
        defer { free(text) }
        return String(cString: text)
    }
}

/// A version 4 UUID as Java writes it: lower case.
package enum RandomUUID {
    /// A new UUID.
    package static func text() -> String {
        var generator = SystemRandomNumberGenerator()
        let high = (generator.next() as UInt64) & 0xFFFF_FFFF_FFFF_0FFF | 0x4000
        let low = (generator.next() as UInt64) & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
        let digits = hexadecimal(high) + hexadecimal(low)
        var text: [UInt8] = []
        text.reserveCapacity(36)
        for (index, digit) in digits.enumerated() {
            if index == 8 || index == 12 || index == 16 || index == 20 { text.append(UInt8(ascii: "-")) }
            text.append(digit)
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Whether a text is a UUID: 8-4-4-4-12 hexadecimal digits.
    package static func isUUID(_ text: String) -> Bool {
        let groups = text.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        return groups.map(\.count) == [8, 4, 4, 4, 12]
            && groups.allSatisfy { group in
                group.allSatisfy { $0 &- UInt8(ascii: "0") < 10 || ($0 | 0x20) &- UInt8(ascii: "a") < 6 }
            }
    }

    private static func hexadecimal(_ word: UInt64) -> [UInt8] {
        (0..<16).map { index in
            let digit = UInt8(truncatingIfNeeded: word >> UInt64(60 - index * 4)) & 15
            return digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
        }
    }
}
