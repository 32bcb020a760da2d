/// Finds the path of a byte in JSON text. Only errors need it, so it is computed after the fact rather than kept up
/// while reading, and it makes do with text that is broken beyond that byte.
package enum JSONPath {
    private enum Step {
        case key(String)
        case index(Int)
    }

    /// The path of the value or key at an offset, such as `$.sources[0].numInputRows`.
    package static func path(at offset: Int, in bytes: UnsafeRawBufferPointer) -> String {
        var steps: [Step] = []
        var position = 0
        let end = min(offset, bytes.count)
        var expectsKey = false
        while position < end {
            switch bytes[position] {
            case UInt8(ascii: "{"):
                steps.append(.key(""))
                expectsKey = true
            case UInt8(ascii: "["): steps.append(.index(0))
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                _ = steps.popLast()
                expectsKey = false
            case UInt8(ascii: ","):
                if case .index(let index) = steps.last {
                    steps[steps.count - 1] = .index(index + 1)
                } else if !steps.isEmpty {
                    expectsKey = true
                }
            case UInt8(ascii: ":"): expectsKey = false
            case UInt8(ascii: "\""):
                let start = position + 1
                position = closingQuote(from: start, in: bytes)
                if expectsKey, !steps.isEmpty {
                    steps[steps.count - 1] = .key(shown(bytes[start..<position]))
                }
            default: break
            }
            position += 1
        }
        return render(steps)
    }

    private static func closingQuote(from start: Int, in bytes: UnsafeRawBufferPointer) -> Int {
        var position = start
        while position < bytes.count, bytes[position] != UInt8(ascii: "\"") {
            position += bytes[position] == UInt8(ascii: "\\") ? 2 : 1
        }
        return min(position, bytes.count)
    }

    /// A key as an error shows it, whatever is in it and however long it is. A line feed, or another character that steers
    /// what shows the text, is escaped as in JSON.
    private static func shown(_ key: Slice<UnsafeRawBufferPointer>) -> String {
        let isLong = key.count > 64
        // Not more is decoded than is shown: the fault may lie behind a key of megabytes.
        let text = String(decoding: isLong ? key.prefix(60) : key, as: UTF8.self)
        var shown = ""
        for scalar in text.unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator:
                for unit in String(scalar).utf16 {
                    let digits = String(unit, radix: 16, uppercase: true)
                    shown += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
                }
            default: shown.unicodeScalars.append(scalar)
            }
        }
        return isLong ? shown + "…" : shown
    }

    /// Deep paths are shortened: an error's text stays one readable line.
    private static func render(_ steps: [Step]) -> String {
        var text = "$"
        for step in steps.prefix(16) {
            switch step {
            case .index(let index): text += "[\(index)]"
            case .key(let key) where key.isEmpty: break
            case .key(let key): text += "." + key
            }
        }
        return steps.count > 16 ? text + "…" : text
    }
}
