extension LenientJSONScanner {
    mutating func number() throws(MalformedJSON) -> Item {
        let start = position
        var digitCount = 0
        let isSigned = current == UInt8(ascii: "-") || current == UInt8(ascii: "+")
        if isSigned || current == UInt8(ascii: "N") || current == UInt8(ascii: "I"), let value = nonNumericWord() {
            return .nonNumeric(value, start..<position)
        }
        if current == UInt8(ascii: "-") { position += 1 }
        let first = position
        digitCount += try digits()
        if bytes[first] == UInt8(ascii: "0"), digitCount > 1, !options.allowNumericLeadingZeros {
            throw MalformedJSON()
        }
        var isInteger = true
        if current == UInt8(ascii: ".") {
            position += 1
            isInteger = false
            digitCount += try digits()
        }
        if current == UInt8(ascii: "e") || current == UInt8(ascii: "E") {
            position += 1
            isInteger = false
            if current == UInt8(ascii: "+") || current == UInt8(ascii: "-") { position += 1 }
            digitCount += try digits()
        }
        guard digitCount <= Self.mostDigits else { throw MalformedJSON() }
        return .number(start..<position, isInteger: isInteger)
    }

    private mutating func digits() throws(MalformedJSON) -> Int {
        let start = position
        while let byte = current, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { position += 1 }
        guard position > start else { throw MalformedJSON() }
        return position - start
    }

    private mutating func nonNumericWord() -> Double? {
        guard options.allowNonNumericNumbers else { return nil }
        let words: [(StaticString, Double)] = [
            ("NaN", .nan), ("Infinity", .infinity), ("+Infinity", .infinity), ("-Infinity", -.infinity),
            ("+INF", .infinity), ("-INF", -.infinity),
        ]
        for (text, value) in words {
            let end = position + text.utf8CodeUnitCount
            guard end <= bytes.count, end == bytes.count || !Self.isNameByte(bytes[end]) else { continue }
            if (0..<text.utf8CodeUnitCount).allSatisfy({ bytes[position + $0] == text.utf8Start[$0] }) {
                position = end
                return value
            }
        }
        return nil
    }
}
