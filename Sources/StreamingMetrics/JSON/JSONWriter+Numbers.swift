extension JSONWriter {
    /// Writes an integer.
    @inline(__always)
    package mutating func integer(_ value: Int64) {
        let target = room(20)
        let length = JSONWriter.writeDigits(value.magnitude, to: target, isNegative: value < 0)
        advance(length)
    }

    @inline(__always)
    private static func writeDigits(
        _ magnitude: UInt64, to target: UnsafeMutablePointer<UInt8>, isNegative: Bool
    ) -> Int {
        var start = target
        if isNegative {
            start.pointee = UInt8(ascii: "-")
            start += 1
        }
        let count = digitCount(magnitude)
        var index = count
        var rest = magnitude
        repeat {
            index &-= 1
            let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
            start[index] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: digit)
            rest = quotient
        } while index > 0
        return count + (isNegative ? 1 : 0)
    }

    @inline(__always)
    private static func digitCount(_ magnitude: UInt64) -> Int {
        var count = 1
        while count < 20, magnitude >= powersOfTen[count] { count &+= 1 }
        return count
    }

    /// Writes a rate in the given notation.
    @inline(__always)
    package mutating func rate(_ value: Double, _ notation: RateNotation) {
        let magnitude = abs(value)
        // Most rates have one decimal and need no search for the shortest digits: tenths are exact up to here.
        if magnitude < 1e7, magnitude >= 0.1 || value.bitPattern == 0 {
            let tenths = (magnitude * 10).rounded()
            if tenths / 10 == magnitude {
                fixed(tenths: UInt64(tenths), isNegative: value < 0)
                return
            }
        }
        unusualRate(value, notation)
    }

    @inline(never)
    private mutating func unusualRate(_ value: Double, _ notation: RateNotation) {
        switch notation {
        case .javaDouble: double(value)
        case .oneDecimal: oneDecimal(value)
        }
    }

    private mutating func fixed(tenths: UInt64, isNegative: Bool) {
        let (whole, tenth) = tenths.quotientAndRemainder(dividingBy: 10)
        let target = room(24)
        let length = JSONWriter.writeDigits(whole, to: target, isNegative: isNegative)
        target[length] = UInt8(ascii: ".")
        target[length + 1] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: tenth)
        advance(length + 2)
    }

    /// Writes a double as Spark 4.1 writes rates: one decimal, rounded half up on the decimal text, never an exponent.
    /// NaN and infinity, which have no such form, become strings.
    package mutating func oneDecimal(_ value: Double) {
        guard let shortest = ShortestDecimal(value) else { return nonNumber(value) }
        if shortest.exponent >= 0 {
            if value < 0 { byte(UInt8(ascii: "-")) }
            digits(shortest.significand)
            for _ in 0..<shortest.exponent { byte(UInt8(ascii: "0")) }
            return literal(".0")
        }
        let dropped = -1 - shortest.exponent
        var tenths = shortest.significand
        if dropped > 19 {
            tenths = 0
        } else if dropped > 0 {
            let (quotient, remainder) = tenths.quotientAndRemainder(dividingBy: powersOfTen[dropped])
            tenths = quotient + (remainder >= powersOfTen[dropped] - remainder ? 1 : 0)
        }
        fixed(tenths: tenths, isNegative: value < 0 && tenths != 0)
    }

    /// Writes a double as Java's `Double.toString` (19 and later, the shortest digits that give the value back): plain
    /// from 0.001 to below 10,000,000, otherwise `1.0E7`. NaN and infinity become the strings that Spark writes.
    package mutating func double(_ value: Double) {
        guard var shortest = ShortestDecimal(value) else { return nonNumber(value) }
        if value.magnitude.bitPattern < 200 { shortest.takeSecondDigit(of: value.magnitude) }
        if value.sign == .minus { byte(UInt8(ascii: "-")) }
        if shortest.significand == 0 { return literal("0.0") }
        let digitCount = JSONWriter.digitCount(shortest.significand)
        let scientific = shortest.exponent + digitCount - 1
        if (-3..<7).contains(scientific) {
            plain(shortest, digitCount: digitCount)
        } else {
            let (lead, rest) = shortest.significand.quotientAndRemainder(dividingBy: powersOfTen[digitCount - 1])
            digits(lead)
            byte(UInt8(ascii: "."))
            digits(rest, width: max(digitCount - 1, 1))
            byte(UInt8(ascii: "E"))
            integer(Int64(scientific))
        }
    }

    private mutating func plain(_ shortest: ShortestDecimal, digitCount: Int) {
        if shortest.exponent >= 0 {
            digits(shortest.significand * powersOfTen[shortest.exponent])
            return literal(".0")
        }
        let (whole, fraction) = shortest.significand.quotientAndRemainder(dividingBy: powersOfTen[-shortest.exponent])
        digits(whole)
        byte(UInt8(ascii: "."))
        digits(fraction, width: -shortest.exponent)
    }

    private mutating func digits(_ value: UInt64, width: Int = 1) {
        let count = JSONWriter.digitCount(value)
        for _ in 0..<max(0, width - count) { byte(UInt8(ascii: "0")) }
        let length = JSONWriter.writeDigits(value, to: room(20), isNegative: false)
        advance(length)
    }

    private mutating func nonNumber(_ value: Double) {
        literal(value.isNaN ? "\"NaN\"" : value < 0 ? "\"-Infinity\"" : "\"Infinity\"")
    }
}

/// The shortest decimal digits that give a finite double back: |value| = significand × 10^exponent.
package struct ShortestDecimal {
    package var significand: UInt64 = 0
    package var exponent = 0

    /// Nil for NaN and infinity.
    package init?(_ value: Double) {
        guard value.isFinite else { return nil }
        // Swift's description has the same digits as Java's and another notation.
        var text = value.description
        text.withUTF8 { take($0) }
        guard significand != 0 else {
            exponent = 0
            return
        }
        while significand % 10 == 0 {
            significand /= 10
            exponent += 1
        }
    }

    /// Java insists on two digits and takes the nearest two where one would do: 4.9E-324, not 5.0E-324. Only among the
    /// smallest doubles does that make a difference, and they are small multiples of the smallest.
    fileprivate mutating func takeSecondDigit(of magnitude: Double) {
        guard (1..<10).contains(significand) else { return }
        var digits = Double(magnitude.bitPattern) * 49.40656458412465
        exponent = -325
        while digits >= 99.5 {
            digits /= 10
            exponent += 1
        }
        significand = UInt64(digits.rounded())
        if significand % 10 == 0 {
            significand /= 10
            exponent += 1
        }
    }

    private mutating func take(_ text: UnsafeBufferPointer<UInt8>) {
        var index = 0
        var isFraction = false
        while index < text.count {
            let byte = text[index]
            index += 1
            if byte == UInt8(ascii: "e") { break }
            if byte == UInt8(ascii: ".") { isFraction = true }
            let digit = byte &- UInt8(ascii: "0")
            guard digit < 10 else { continue }
            // "…000.0" may have more zeros than 64 bits hold; zeros behind 17 digits only move the exponent.
            if significand >= 100_000_000_000_000_000 {
                if !isFraction { exponent += 1 }
                continue
            }
            significand = significand * 10 + UInt64(digit)
            if isFraction { exponent -= 1 }
        }
        guard index < text.count else { return }
        let isNegative = text[index] == UInt8(ascii: "-")
        var value = 0
        for byte in text[index...] where byte &- UInt8(ascii: "0") < 10 { value = value * 10 + Int(byte - 48) }
        exponent += isNegative ? -value : value
    }
}
