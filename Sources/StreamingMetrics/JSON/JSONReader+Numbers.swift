/// A rate as it was read.
package struct RateReading {
    /// The value; nil for null, NaN and infinity.
    package var value: Double?
    /// Whether only Java's notation gives this text (or its value) back: an exponent, more than one decimal, `-0.0`.
    package var needsJavaNotation = false
}

extension JSONReader {
    /// Consumes a whole number of 64 bits. `1.0E7` and `5.0` are whole numbers too, `5.5` is none.
    @inline(__always)
    package mutating func int64(_ expected: StaticString = "a whole number") throws(JSONFault) -> Int64 {
        let first = peek()
        var index = position
        let isNegative = first == UInt8(ascii: "-")
        if isNegative { index &+= 1 }
        let start = index
        var value: UInt64 = 0
        if let digits = leadingDigits(at: index) {
            value = digits.value
            index &+= digits.count
        }
        while index < end {
            let digit = base[index] &- UInt8(ascii: "0")
            guard digit < 10 else { break }
            value = value &* 10 &+ UInt64(digit)
            index &+= 1
        }
        let count = index &- start
        // 18 digits cannot overflow; a dot, an exponent or anything odd goes the slow way.
        guard count &- 1 < 18, count > 0, base[start] != UInt8(ascii: "0") || count == 1, index < end,
            base[index] != UInt8(ascii: "."), base[index] | 0x20 != UInt8(ascii: "e")
        else { return try unusualInt64(expected) }
        position = index
        return isNegative ? -Int64(value) : Int64(value)
    }

    private mutating func unusualInt64(_ expected: StaticString) throws(JSONFault) -> Int64 {
        let start = position
        let decimal = try decimal(expected)
        guard let value = decimal.wholeNumber else {
            throw JSONFault(.invalidValue, start, "a whole number of 64 bits is needed here")
        }
        return value
    }

    /// Consumes a number of JSON's grammar.
    package mutating func decimal(_ expected: StaticString = "a number") throws(JSONFault) -> DecimalReading {
        let first = peek()
        guard first == UInt8(ascii: "-") || first &- UInt8(ascii: "0") < 10 else { throw mismatch(expected) }
        var reading = DecimalReading(isNegative: first == UInt8(ascii: "-"))
        if reading.isNegative { position += 1 }
        let integerStart = position
        reading.takeDigits(&self, isFraction: false)
        guard position > integerStart else { throw fault(.malformedJSON, "a number needs a digit here") }
        guard position == integerStart + 1 || base[integerStart] != UInt8(ascii: "0") else {
            throw JSONFault(.malformedJSON, integerStart, "a number may not begin with 0")
        }
        if position < end, base[position] == UInt8(ascii: ".") {
            position += 1
            let fractionStart = position
            reading.takeDigits(&self, isFraction: true)
            reading.fractionDigits = position - fractionStart
            guard reading.fractionDigits > 0 else {
                throw fault(.malformedJSON, "a number needs a digit after its dot")
            }
        }
        if position < end, base[position] | 0x20 == UInt8(ascii: "e") { try takeExponent(&reading) }
        return reading
    }

    private mutating func takeExponent(_ reading: inout DecimalReading) throws(JSONFault) {
        reading.hasExponent = true
        position += 1
        var isNegative = false
        if position < end, base[position] == UInt8(ascii: "-") || base[position] == UInt8(ascii: "+") {
            isNegative = base[position] == UInt8(ascii: "-")
            position += 1
        }
        let start = position
        var value = 0
        while position < end {
            let digit = base[position] &- UInt8(ascii: "0")
            guard digit < 10 else { break }
            // Saturates: no double and no whole number of 64 bits has an exponent of this size.
            if value < 100_000_000 { value = value * 10 + Int(digit) }
            position += 1
        }
        guard position > start else { throw fault(.malformedJSON, "an exponent needs a digit") }
        reading.exponent += isNegative ? -value : value
    }

    /// Consumes a double; beyond the largest it is infinite.
    package mutating func double(_ expected: StaticString = "a number") throws(JSONFault) -> Double {
        let start = position
        let reading = try decimal(expected)
        return reading.double(text: UnsafeBufferPointer(start: base + start, count: position - start))
    }

    /// Consumes a rate: a number, null, or a spelling of NaN or infinity in quotes or bare.
    @inline(__always)
    package mutating func rate() throws(JSONFault) -> RateReading {
        let first = peek()
        guard first &- UInt8(ascii: "0") < 10 || first == UInt8(ascii: "-") else { return try unusualRate() }
        let start = position
        if first == UInt8(ascii: "-"), consume("-Infinity") || consume("-INF") { return RateReading() }
        let reading = try decimal()
        let value = reading.double(text: UnsafeBufferPointer(start: base + start, count: position - start))
        guard value.isFinite else { return RateReading() }
        return RateReading(value: value, needsJavaNotation: reading.needsJavaNotation(value))
    }

    private mutating func unusualRate() throws(JSONFault) -> RateReading {
        if null() || nonNumber() != nil { return RateReading() }
        guard peek() == UInt8(ascii: "\"") else { throw mismatch("a number") }
        let start = position
        position += 1
        if nonNumber() != nil || consume("+Infinity") || consume("+INF"), position < end,
            base[position] == UInt8(ascii: "\"")
        {
            position += 1
            return RateReading()
        }
        throw JSONFault(.wrongType, start, "a number")
    }

    /// Consumes a bare NaN or infinity, which is no JSON and yet what some writers put; gives the spelling Spark has for it.
    package mutating func nonNumber() -> StaticString? {
        if consume("NaN") { return "NaN" }
        if consume("Infinity") || consume("+Infinity") || consume("INF") || consume("+INF") { return "Infinity" }
        if consume("-Infinity") || consume("-INF") { return "-Infinity" }
        return nil
    }
}

/// A number's digits and exponent, before it is known what they become: significand × 10^exponent.
package struct DecimalReading {
    package var isNegative: Bool
    /// The first 19 significant digits.
    package var significand: UInt64 = 0
    package var exponent = 0
    package var fractionDigits = 0
    package var hasExponent = false
    /// Whether a digit other than 0 had to be left out of the significand.
    package var isTruncated = false

    init(isNegative: Bool) { self.isNegative = isNegative }

    @inline(__always)
    mutating func takeDigits(_ reader: inout JSONReader, isFraction: Bool) {
        while significand < 10_000_000_000, let digits = reader.leadingDigits(at: reader.position) {
            significand = significand &* powersOfTen[digits.count] &+ digits.value
            if isFraction { exponent &-= digits.count }
            reader.position &+= digits.count
            if digits.count < 8 { return }
        }
        while reader.position < reader.end {
            let digit = reader.base[reader.position] &- UInt8(ascii: "0")
            guard digit < 10 else { return }
            if significand < 1_000_000_000_000_000_000 {
                significand = significand &* 10 &+ UInt64(digit)
                if isFraction { exponent &-= 1 }
            } else {
                if digit != 0 { isTruncated = true }
                if !isFraction { exponent &+= 1 }
            }
            reader.position &+= 1
        }
    }

    /// The value as a whole number of 64 bits, nil when it is none.
    package var wholeNumber: Int64? {
        guard !isTruncated else { return nil }
        var magnitude = significand
        var exponent = exponent
        guard magnitude != 0 else { return 0 }
        while exponent < 0 {
            guard magnitude % 10 == 0 else { return nil }
            magnitude /= 10
            exponent += 1
        }
        while exponent > 0 {
            let (product, overflow) = magnitude.multipliedReportingOverflow(by: 10)
            guard !overflow else { return nil }
            magnitude = product
            exponent -= 1
        }
        guard isNegative else { return Int64(exactly: magnitude) }
        return magnitude == Int64.min.magnitude ? Int64.min : Int64(exactly: magnitude).map { -$0 }
    }

    /// The nearest double; `text` is asked where 64-bit arithmetic does not decide it.
    @inline(__always)
    package func double(text: UnsafeBufferPointer<UInt8>) -> Double {
        if isTruncated || exponent > 0 || exponent < -19 { return slowDouble(text: text) }
        let magnitude = significand == 0 ? 0.0 : quotient()
        return isNegative ? -magnitude : magnitude
    }

    private func slowDouble(text: UnsafeBufferPointer<UInt8>) -> Double {
        // Text of JSON's number grammar always is a double's text too.
        Double(String(decoding: text, as: UTF8.self)) ?? .nan
    }

    /// significand ÷ 10^-exponent, correctly rounded. Both are shifted to their full 64 bits and divided once; the quotient
    /// has at least ten bits more than a double, and a remainder sets its lowest, so the one rounding at the end is right.
    @inline(__always)
    private func quotient() -> Double {
        if exponent == 0 { return Double(significand) }
        let divisor = powersOfTen[-exponent]
        let significandShift = significand.leadingZeroBitCount
        let divisorShift = divisor.leadingZeroBitCount
        let dividend = significand << UInt64(significandShift)
        let (quotient, remainder) = (divisor << UInt64(divisorShift))
            .dividingFullWidth((dividend >> 1, dividend << 63))
        let rounded = Double(remainder == 0 ? quotient : quotient | 1)
        let scale = Double(bitPattern: UInt64(1023 - 63 + divisorShift - significandShift) << 52)
        return rounded * scale
    }

    /// Whether writing `value` with one decimal would change this text's value or form.
    @inline(__always)
    func needsJavaNotation(_ value: Double) -> Bool {
        if !hasExponent && fractionDigits <= 1 { return isNegative && value == 0 }
        return !RateNotation.areAlike(value)
    }
}

extension RateNotation {
    /// Whether a value looks the same in both notations.
    package static func areAlike(_ value: Double) -> Bool {
        guard abs(value) < 1e7 else { return false }
        // Rounded by way of a whole number, which needs no call. A value that has one decimal is so near to one after the
        // multiplication that any way of rounding finds it; others are found to have more whatever they are rounded to.
        let tenths = Double(Int64(value * 10 + (value < 0 ? -0.5 : 0.5)))
        return tenths / 10 == value && !(value == 0 && value.sign == .minus)
    }
}

/// 10^0 … 10^19, all that fit 64 bits. A literal, so that the compiler lays it out and no access waits for a first use.
package let powersOfTen: [UInt64] = [
    1, 10, 100, 1000, 10000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000, 10_000_000_000,
    100_000_000_000, 1_000_000_000_000, 10_000_000_000_000, 100_000_000_000_000, 1_000_000_000_000_000,
    10_000_000_000_000_000, 100_000_000_000_000_000, 1_000_000_000_000_000_000, 10_000_000_000_000_000_000,
]
