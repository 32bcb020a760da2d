extension DataType {
    /// Whether this is a whole-number type.
    public var isIntegral: Bool {
        switch self {
        case .byte, .short, .integer, .long: true
        default: false
        }
    }

    /// Whether this is a floating-point or decimal type.
    public var isFractional: Bool {
        switch self {
        case .float, .double, .decimal: true
        default: false
        }
    }

    /// Whether this is a number type.
    public var isNumeric: Bool { isIntegral || isFractional }

    /// Whether this is a date or a timestamp.
    public var isDatetime: Bool {
        switch self {
        case .date, .timestamp, .timestampNTZ: true
        default: false
        }
    }

    /// Whether values are single, not lists, maps or rows.
    public var isAtomic: Bool {
        switch self {
        case .array, .map, .structure: false
        default: true
        }
    }
}
