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
                    steps[steps.count - 1] = .key(String(decoding: bytes[start..<position], as: UTF8.self))
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

    /// Deep paths and long keys are shortened: an error's text stays one readable line.
    private static func render(_ steps: [Step]) -> String {
        var text = "$"
        for step in steps.prefix(16) {
            switch step {
            case .index(let index): text += "[\(index)]"
            case .key(let key) where key.isEmpty: break
            case .key(let key): text += "." + (key.utf8.count > 64 ? key.prefix(60) + "…" : key)
            }
        }
        return steps.count > 16 ? text + "…" : text
    }
}
