/// `file:` URIs as Java's `Path.toUri` writes them into source and sink logs.
///
/// Space, controls, `"#%<>?[\]^` and the backquote, `{|}` are percent-encoded byte by byte; every other ASCII character
/// and letters beyond ASCII stay as they are. `+` is a plain character both ways.
package enum FileURI {
    /// The URI of an absolute path: `file:///in/a%20b.json`.
    package static func uri(of path: String) -> String {
        var text: [UInt8] = Array("file://".utf8)
        text.reserveCapacity(path.utf8.count + 8)
        for scalar in path.unicodeScalars {
            if scalar.isASCII, isLegal(UInt8(scalar.value)) {
                text.append(UInt8(scalar.value))
            } else if !scalar.isASCII, !isSpaceOrControl(scalar) {
                text.append(contentsOf: UTF8.encode(scalar).map(Array.init) ?? [])
            } else {
                for byte in UTF8.encode(scalar).map(Array.init) ?? [] {
                    text.append(contentsOf: [UInt8(ascii: "%"), digit(byte >> 4), digit(byte & 15)])
                }
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// The path of a URI `file:///path` or `file:/path`; text without a scheme is a path already.
    package static func path(of uri: String) throws -> String {
        guard uri.hasPrefix("file:") else { return uri }
        var rest = uri.dropFirst("file:".count)
        if rest.hasPrefix("//") {
            rest = rest.dropFirst(2)
            if rest.hasPrefix("localhost/") { rest = rest.dropFirst("localhost".count) }
        }
        guard rest.hasPrefix("/") else {
            throw EngineError(
                .illegalArgument, "cannot use \(uri): a file URI needs an absolute path and no host",
                hint: "write it as file:///path")
        }
        return try decoded(rest, of: uri)
    }

    private static func decoded(_ text: Substring, of uri: String) throws -> String {
        let bytes = Array(text.utf8)
        var path: [UInt8] = []
        path.reserveCapacity(bytes.count)
        var index = 0
        while index < bytes.count {
            guard bytes[index] == UInt8(ascii: "%") else {
                path.append(bytes[index])
                index += 1
                continue
            }
            guard index + 2 < bytes.count, let high = value(bytes[index + 1]), let low = value(bytes[index + 2]) else {
                throw EngineError(
                    .illegalArgument, "cannot use \(uri): a % must be followed by two hexadecimal digits",
                    hint: "write a % of the path itself as %25")
            }
            path.append(high << 4 | low)
            index += 3
        }
        return String(decoding: path, as: UTF8.self)
    }

    private static func isLegal(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: legalMarks.contains(byte)
        }
    }

    private static let legalMarks = Set("_-!.~'()*,;:$&+=@/".utf8)

    private static func isSpaceOrControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .spaceSeparator, .lineSeparator, .paragraphSeparator, .control: true
        default: false
        }
    }

    private static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "A") + value - 10
    }

    private static func value(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
