import StructuredStreaming

/// The types that Spark's JSON inference gives to values, and what two of them have in common.
///
/// While types are gathered, `.null` is a value that says nothing about its type: null or the empty string.
struct JSONTypeInference {
    let options: JSONOptions

    /// The type of a line; nil for one of white space.
    func type(of line: UnsafeBufferPointer<UInt8>) throws(MalformedJSON) -> DataType? {
        var scanner = LenientJSONScanner(line, options: options)
        guard try scanner.next() != nil else { return nil }
        return try value(&scanner, depth: 0)
    }

    private func value(_ scanner: inout LenientJSONScanner, depth: Int) throws(MalformedJSON) -> DataType {
        guard depth <= LenientJSONScanner.deepest else { throw MalformedJSON() }
        if try scanner.next() == UInt8(ascii: "{") { return .structure(try object(&scanner, depth: depth + 1)) }
        if try scanner.take("[") {
            var element = DataType.null
            if try !scanner.take("]") {
                repeat {
                    element = Self.common(element, try value(&scanner, depth: depth + 1))
                } while try scanner.take(",")
                guard try scanner.take("]") else { throw MalformedJSON() }
            }
            return .array(element, containsNull: true)
        }
        switch try scanner.item(depth: depth) {
        case .null: return .null
        case .boolean: return options.primitivesAsString ? .string : .boolean
        case .string(let text):
            if text.isEmpty { return .null }
            guard options.prefersDecimal, let decimal = Self.decimal(text) else { return .string }
            return decimal
        case .number(let extent, let isInteger):
            if options.primitivesAsString { return .string }
            return try number(Array(scanner.bytes[extent]), isInteger: isInteger)
        case .nonNumeric:
            if options.primitivesAsString { return .string }
            // Spark asks for the decimal, and there is none.
            if options.prefersDecimal { throw MalformedJSON() }
            return .double
        case .nested: throw MalformedJSON()
        }
    }

    private func object(_ scanner: inout LenientJSONScanner, depth: Int) throws(MalformedJSON) -> StructType {
        var fields: [StructField] = []
        _ = try scanner.take("{")
        if try scanner.take("}") { return StructType([]) }
        repeat {
            let name = String(decoding: try scanner.name(), as: UTF8.self)
            fields.append(StructField(name, try value(&scanner, depth: depth)))
        } while try scanner.take(",")
        guard try scanner.take("}") else { throw MalformedJSON() }
        return StructType(Self.sorted(fields))
    }

    private func number(_ text: [UInt8], isInteger: Bool) throws(MalformedJSON) -> DataType {
        if isInteger, Int64(String(decoding: text, as: UTF8.self)) != nil { return .long }
        guard isInteger || options.prefersDecimal else { return .double }
        return Self.decimal(text) ?? .double
    }

    /// The decimal type of a number's text; nil when it has too many digits or is no number.
    private static func decimal(_ text: [UInt8]) -> DataType? {
        var digits: [UInt8] = []
        var scale = 0
        var rest = text[...]
        if rest.first == UInt8(ascii: "-") || rest.first == UInt8(ascii: "+") { rest.removeFirst() }
        var hasPoint = false
        while let byte = rest.first, byte == UInt8(ascii: ".") && !hasPoint || (48...57).contains(byte) {
            rest.removeFirst()
            if byte == UInt8(ascii: ".") {
                hasPoint = true
            } else {
                digits.append(byte)
                scale += hasPoint ? 1 : 0
            }
        }
        guard !digits.isEmpty else { return nil }
        if let byte = rest.first {
            guard byte | 0x20 == UInt8(ascii: "e"),
                let exponent = Int32(String(decoding: rest.dropFirst(), as: UTF8.self))
            else { return nil }
            scale -= Int(exponent)
        }
        // A negative scale has no type here; such numbers are doubles.
        guard scale >= 0 else { return nil }
        let precision = max(digits.drop { $0 == UInt8(ascii: "0") }.count, 1)
        guard max(precision, scale) <= 38 else { return nil }
        return .decimal(precision: max(precision, scale), scale: scale)
    }

    /// The type that values of both types have.
    static func common(_ left: DataType, _ right: DataType) -> DataType {
        switch (left, right) {
        case (.null, let other), (let other, .null): return other
        case (.long, .double), (.double, .long), (.double, .decimal), (.decimal, .double): return .double
        case (.long, .decimal): return common(.decimal(precision: 20, scale: 0), right)
        case (.decimal, .long): return common(left, .decimal(precision: 20, scale: 0))
        case (.decimal(let p, let s), .decimal(let q, let t)):
            let (scale, whole) = (max(s, t), max(p - s, q - t))
            return whole + scale > 38 ? .double : .decimal(precision: whole + scale, scale: scale)
        case (.structure(let one), .structure(let other)): return .structure(merge(one, other))
        case (.array(let one, _), .array(let other, _)): return .array(common(one, other), containsNull: true)
        default: return left == right ? left : .string
        }
    }

    /// The fields of both, each of the type it has in common. Both are sorted by name.
    static func merge(_ left: StructType, _ right: StructType) -> StructType {
        var fields: [StructField] = []
        var (l, r) = (left.fields[...], right.fields[...])
        while let one = l.first, let other = r.first {
            if one.name == other.name {
                fields.append(StructField(one.name, common(one.dataType, other.dataType)))
                l.removeFirst()
                r.removeFirst()
            } else if precedes(one.name, other.name) {
                fields.append(l.removeFirst())
            } else {
                fields.append(r.removeFirst())
            }
        }
        return StructType(fields + l + r)
    }

    /// Fields in the order of Java's strings, which is that of UTF-16 code units.
    static func sorted(_ fields: [StructField]) -> [StructField] { fields.sorted { precedes($0.name, $1.name) } }

    private static func precedes(_ left: String, _ right: String) -> Bool {
        left.utf16.lexicographicallyPrecedes(right.utf16)
    }
}
