import StructuredStreaming

/// Conversions between types, with ANSI rules: a value that is none of the wanted type fails the query.
enum Cast {
    /// The operand as another type.
    static func apply(_ operand: Operand, to type: DataType, count: Int) throws(EngineError) -> Operand {
        if operand.type == type { return operand }
        if case .constant(let value, _) = operand {
            return .constant(try convert(value, from: operand.type, to: type), type)
        }
        guard case .vector(let column) = operand else { return operand }
        return .vector(try apply(column, to: type))
    }

    private static func apply(_ column: ColumnVector, to type: DataType) throws(EngineError) -> ColumnVector {
        switch (column.storage, PhysicalType(type)) {
        case (.int64(let values), .float64) where isNumber(column.type):
            let converted = type == .float ? values.map { Double(Float($0)) } : values.map(Double.init)
            return ColumnVector(type: type, storage: .float64(converted), validity: column.validity)
        case (.int64(let values), .int64) where isWidening(column.type, type):
            return ColumnVector(type: type, storage: .int64(values), validity: column.validity)
        case (.float64(let values), .float64):
            let narrowed = type == .float ? values.map { Double(Float($0)) } : values
            return ColumnVector(type: type, storage: .float64(narrowed), validity: column.validity)
        case (.string(.dictionary(let codes, let dictionary)), _) where dictionary.count < codes.count:
            return try byDictionary(column, codes, dictionary, type)
        default:
            var builder = ColumnBuilder(type)
            for row in 0..<column.count { builder.append(try convert(column[row], from: column.type, to: type)) }
            return builder.finish()
        }
    }

    /// Converts only the entries that some row uses: one that no row uses must not fail the query.
    private static func byDictionary(
        _ column: ColumnVector, _ codes: [Int32], _ dictionary: StringDictionary, _ type: DataType
    ) throws(EngineError) -> ColumnVector {
        var converted = [Value?](repeating: nil, count: dictionary.count)
        var builder = ColumnBuilder(type)
        for row in codes.indices {
            guard column.isValid(row) else {
                builder.append(.null)
                continue
            }
            let code = Int(codes[row])
            let value: Value
            if let known = converted[code] {
                value = known
            } else {
                value = try convert(.string(dictionary[codes[row]]), from: .string, to: type)
                converted[code] = value
            }
            builder.append(value)
        }
        return builder.finish()
    }

    private static func isNumber(_ type: DataType) -> Bool { [.byte, .short, .integer, .long].contains(type) }

    private static func isWidening(_ from: DataType, _ to: DataType) -> Bool {
        let order: [DataType] = [.byte, .short, .integer, .long]
        guard let a = order.firstIndex(of: from), let b = order.firstIndex(of: to) else { return false }
        return a <= b
    }

    /// One value as another type.
    static func convert(_ value: Value, from: DataType, to type: DataType) throws(EngineError) -> Value {
        if value == .null { return .null }
        switch type {
        case .string: return .string(value.text(as: from))
        case .boolean: return try boolean(value)
        case .byte, .short, .integer, .long: return .long(try integer(value, from: from, to: type))
        case .float, .double:
            let number = try double(value, from: from)
            return .double(type == .float ? Double(Float(number)) : number)
        case .date: return .date(try days(value))
        case .timestamp, .timestampNTZ: return .timestamp(try microseconds(value, from: from))
        case .null: return .null
        case .binary, .decimal, .array, .map, .structure:
            throw EngineError(.unsupported, "a cast to \(type.sql) is not supported yet")
        }
    }

    private static func boolean(_ value: Value) throws(EngineError) -> Value {
        switch value {
        case .boolean: return value
        case .long(let number): return .boolean(number != 0)
        case .double(let number): return .boolean(number != 0)
        case .string(let text):
            switch text.trimmingSpaces.lowercased() {
            case "true", "t", "yes", "y", "1": return .boolean(true)
            case "false", "f", "no", "n", "0": return .boolean(false)
            default: throw invalid(value, .boolean)
            }
        default: throw invalid(value, .boolean)
        }
    }

    private static func integer(_ value: Value, from: DataType, to type: DataType) throws(EngineError) -> Int64 {
        let range = integerRange(type)
        let number: Int64?
        switch value {
        case .long(let integer): number = integer
        case .boolean(let flag): number = flag ? 1 : 0
        case .double(let double): number = Int64(exactly: double.rounded(.towardZero))
        case .timestamp(let microseconds): number = SparkText.floorDivide(microseconds, 1_000_000)
        case .string(let text): number = Int64(text.trimmingSpaces)
        default: number = nil
        }
        guard let number, range.contains(number) else { throw invalid(value, type) }
        return number
    }

    private static func double(_ value: Value, from: DataType) throws(EngineError) -> Double {
        switch value {
        case .double(let number): return number
        case .long(let number): return Double(number)
        case .boolean(let flag): return flag ? 1 : 0
        case .timestamp(let microseconds): return Double(microseconds) / 1_000_000
        case .string(let text):
            switch text.trimmingSpaces.lowercased() {
            case "nan": return .nan
            case "infinity", "inf", "+infinity", "+inf": return .infinity
            case "-infinity", "-inf": return -.infinity
            case let other:
                // Swift's own reader would also take hexadecimal and "nan(…)".
                guard other.utf8.allSatisfy({ "0123456789+-.e".utf8.contains($0) }), let number = Double(other) else {
                    throw invalid(value, .double)
                }
                return number
            }
        default: throw invalid(value, .double)
        }
    }

    private static func days(_ value: Value) throws(EngineError) -> Int64 {
        switch value {
        case .date(let days): return days
        case .timestamp(let microseconds): return SparkText.floorDivide(microseconds, 86_400_000_000)
        case .string(let text):
            guard let days = ISODateTime.date(Array(text.utf8)) else { throw invalid(value, .date) }
            return Int64(days)
        default: throw invalid(value, .date)
        }
    }

    private static func microseconds(_ value: Value, from: DataType) throws(EngineError) -> Int64 {
        switch value {
        case .timestamp(let microseconds): return microseconds
        case .date(let days):
            let (result, overflow) = days.multipliedReportingOverflow(by: 86_400_000_000)
            if overflow { throw invalid(value, .timestamp) }
            return result
        case .long(let seconds):
            let (result, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000)
            if overflow { throw invalid(value, .timestamp) }
            return result
        case .double(let seconds):
            guard let result = Int64(exactly: (seconds * 1_000_000).rounded(.towardZero)) else {
                throw invalid(value, .timestamp)
            }
            return result
        case .string(let text):
            let bytes = Array(text.utf8)
            guard let result = ISODateTime.timestamp(bytes, zone: .utc, today: Self.today) else {
                throw invalid(value, .timestamp)
            }
            return result
        default: throw invalid(value, .timestamp)
        }
    }

    /// Days since 1970 now, for times without a date.
    private static func today() -> Int { Int(SystemClock().nowMilliseconds / 86_400_000) }

    private static func invalid(_ value: Value, _ type: DataType) -> EngineError {
        EngineError(
            .invalidCast, "the value \(value.text(as: .string)) cannot be cast to \(type.sql)",
            hint: "filter such rows out, or correct the data")
    }
}

extension String {
    /// Without white space at both ends, as Spark's casts ignore it.
    var trimmingSpaces: String {
        var scalars = Substring(self).unicodeScalars
        while let first = scalars.first, first.value <= 32 { scalars.removeFirst() }
        while let last = scalars.last, last.value <= 32 { scalars.removeLast() }
        return String(scalars)
    }
}
