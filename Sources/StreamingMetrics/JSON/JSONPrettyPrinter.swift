/// Sets compact JSON over several lines as Jackson's default pretty printer does, which is what Spark's `prettyJson` uses:
/// two blanks a level, ` : ` after keys, arrays on one line as `[ 1, 2 ]`, objects in arrays opening on the bracket's line.
package enum JSONPrettyPrinter {
    /// The text over several lines, without a line break at its end. `compact` must be valid JSON without white space.
    package static func pretty(_ compact: String) -> String {
        var compact = compact
        let bytes = compact.withUTF8 { pretty($0) }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func pretty(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(text.count * 2)
        var isObject: [Bool] = []
        var indentation = 0
        var index = 0
        while index < text.count {
            let byte = text[index]
            switch byte {
            case UInt8(ascii: "\""):
                let start = index
                index = stringEnd(text, from: index)
                output.append(contentsOf: text[start...index])
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                let isBrace = byte == UInt8(ascii: "{")
                output.append(byte)
                if text[index + 1] == byte + 2 {
                    output.append(contentsOf: [UInt8(ascii: " "), byte + 2])
                    index += 1
                } else {
                    isObject.append(isBrace)
                    if isBrace { indentation += 1 }
                    breakLine(isBrace, indentation, &output)
                }
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                let isBrace = isObject.popLast() ?? false
                if isBrace { indentation -= 1 }
                breakLine(isBrace, indentation, &output)
                output.append(byte)
            case UInt8(ascii: ","):
                output.append(byte)
                breakLine(isObject.last ?? false, indentation, &output)
            case UInt8(ascii: ":"): output.append(contentsOf: " : ".utf8)
            default: output.append(byte)
            }
            index += 1
        }
        return output
    }

    /// A new line in an object, a blank in an array.
    private static func breakLine(_ isObject: Bool, _ indentation: Int, _ output: inout [UInt8]) {
        guard isObject else { return output.append(UInt8(ascii: " ")) }
        output.append(UInt8(ascii: "\n"))
        output.append(contentsOf: repeatElement(UInt8(ascii: " "), count: indentation * 2))
    }

    private static func stringEnd(_ text: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
        var index = start + 1
        while text[index] != UInt8(ascii: "\"") { index += text[index] == UInt8(ascii: "\\") ? 2 : 1 }
        return index
    }
}
