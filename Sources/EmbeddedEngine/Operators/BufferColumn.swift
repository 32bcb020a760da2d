import StructuredStreaming

/// One buffer field of many groups: a value a group, and whether it has one yet.
struct BufferColumn: Sendable {
    /// The values, by group.
    enum Storage: Sendable {
        case int64([Int64])
        case float64([Double])
        case text([String])
    }

    let field: BufferField
    private(set) var storage: Storage
    private(set) var hasValue: [Bool] = []

    init(_ field: BufferField) {
        self.field = field
        storage =
            switch PhysicalType(field.type) ?? .string {
            case .int64, .boolean: .int64([])
            case .float64: .float64([])
            case .string: .text([])
            }
    }

    /// Makes room for groups up to `count`.
    mutating func grow(to count: Int) {
        let more = count - hasValue.count
        guard more > 0 else { return }
        hasValue.append(contentsOf: repeatElement(!field.startsNull, count: more))
        switch storage {
        case .int64(var values):
            storage = .int64([])
            values.append(contentsOf: repeatElement(0, count: more))
            storage = .int64(values)
        case .float64(var values):
            storage = .float64([])
            values.append(contentsOf: repeatElement(0, count: more))
            storage = .float64(values)
        case .text(var values):
            storage = .text([])
            values.append(contentsOf: repeatElement("", count: more))
            storage = .text(values)
        }
    }

    /// Takes in one batch: row `i` belongs to group `groups[i]`.
    mutating func update(_ groups: [Int32], _ argument: ColumnVector?) throws(EngineError) {
        switch storage {
        case .int64(var values):
            storage = .int64([])
            defer { storage = .int64(values) }
            try updateIntegers(&values, groups, argument)
        case .float64(var values):
            storage = .float64([])
            defer { storage = .float64(values) }
            updateDoubles(&values, groups, argument)
        case .text(var values):
            storage = .text([])
            defer { storage = .text(values) }
            updateTexts(&values, groups, argument)
        }
    }

    private mutating func updateIntegers(
        _ values: inout [Int64], _ groups: [Int32], _ argument: ColumnVector?
    ) throws(EngineError) {
        if field.input != .value {
            let validity = field.input == .values ? argument?.validity : nil
            values.withUnsafeMutableBufferPointer { values in
                if let validity {
                    for row in groups.indices where validity[row] { values[Int(groups[row])] &+= 1 }
                } else {
                    for group in groups { values[Int(group)] &+= 1 }
                }
            }
            return
        }
        guard let argument else { return }
        let inputs: [Int64]
        switch argument.storage {
        case .int64(let integers): inputs = integers
        case .boolean(let flags): inputs = flags.map { $0 ? 1 : 0 }
        case .float64, .string: return
        }
        for row in inputs.indices where argument.isValid(row) {
            let group = Int(groups[row])
            values[group] = try combine(values[group], inputs[row], isFirst: !hasValue[group])
            hasValue[group] = true
        }
    }

    private mutating func updateDoubles(_ values: inout [Double], _ groups: [Int32], _ argument: ColumnVector?) {
        guard let argument else { return }
        let inputs: [Double]
        switch argument.storage {
        case .float64(let doubles): inputs = doubles
        case .int64(let integers): inputs = integers.map(Double.init)
        case .boolean, .string: return
        }
        if field.rule == .add, argument.validity == nil {
            values.withUnsafeMutableBufferPointer { values in
                for row in inputs.indices { values[Int(groups[row])] += inputs[row] }
            }
            hasValue.withUnsafeMutableBufferPointer { hasValue in
                for group in groups { hasValue[Int(group)] = true }
            }
            return
        }
        for row in inputs.indices where argument.isValid(row) {
            let group = Int(groups[row])
            values[group] = combine(values[group], inputs[row], isFirst: !hasValue[group])
            hasValue[group] = true
        }
    }

    private mutating func updateTexts(_ values: inout [String], _ groups: [Int32], _ argument: ColumnVector?) {
        guard let argument, case .string(let texts) = argument.storage else { return }
        for row in groups.indices where argument.isValid(row) {
            let group = Int(groups[row])
            values[group] = combine(values[group], texts[row], isFirst: !hasValue[group])
            hasValue[group] = true
        }
    }

    /// The buffer of a group as a value.
    subscript(group: Int) -> Value {
        guard hasValue[group] else { return .null }
        switch storage {
        case .int64(let values):
            switch field.type {
            case .boolean: return .boolean(values[group] != 0)
            case .date: return .date(values[group])
            case .timestamp, .timestampNTZ: return .timestamp(values[group])
            default: return .long(values[group])
            }
        case .float64(let values): return .double(values[group])
        case .text(let values): return .string(values[group])
        }
    }

    /// The value of a stored buffer and one of this batch together.
    @inline(__always)
    func combine(_ old: Int64, _ new: Int64, isFirst: Bool) throws(EngineError) -> Int64 {
        if isFirst { return new }
        switch field.rule {
        case .min: return Swift.min(old, new)
        case .max: return Swift.max(old, new)
        case .add:
            let (sum, overflow) = old.addingReportingOverflow(new)
            if overflow {
                throw EngineError(
                    .arithmetic, "the sum of a BIGINT column does not fit 64 bits",
                    hint: "sum a DOUBLE instead: sum(CAST(column AS DOUBLE))")
            }
            return sum
        }
    }

    @inline(__always)
    func combine(_ old: Double, _ new: Double, isFirst: Bool) -> Double {
        if isFirst { return new }
        switch field.rule {
        case .add: return old + new
        case .min: return Comparison.order(new, old) < 0 ? new : old
        case .max: return Comparison.order(new, old) > 0 ? new : old
        }
    }

    func combine(_ old: String, _ new: String, isFirst: Bool) -> String {
        if isFirst { return new }
        let isLess = old.utf8.lexicographicallyPrecedes(new.utf8)
        return field.rule == .min ? (isLess ? old : new) : (isLess ? new : old)
    }
}
