/// What readers and writers collect before they are used: options whose keys are compared without regard to case.
struct CaseInsensitiveOptions: Sendable {
    /// The options with the keys as last given.
    private(set) var values: [String: String] = [:]

    /// The value of a key.
    subscript(key: String) -> String? {
        get {
            let lowered = key.lowercased()
            return values[key] ?? values.first { $0.key.lowercased() == lowered }?.value
        }
        set {
            let lowered = key.lowercased()
            if let old = values.keys.first(where: { $0.lowercased() == lowered }) { values[old] = nil }
            values[key] = newValue
        }
    }

    /// Sets several.
    mutating func merge(_ others: [String: String]) {
        for (key, value) in others { self[key] = value }
    }

    /// The same without a key.
    func without(_ key: String) -> [String: String] {
        var copy = self
        copy[key] = nil
        return copy.values
    }
}

/// A value an option can have: text, a number or a Boolean.
public protocol OptionValue: Sendable {
    /// The value as Spark's options spell it.
    var optionText: String { get }
}

extension String: OptionValue {
    /// The text.
    public var optionText: String { self }
}

extension Int: OptionValue {
    /// The digits.
    public var optionText: String { String(self) }
}

extension Double: OptionValue {
    /// The number as Java writes it.
    public var optionText: String { SparkText.double(self) }
}

extension Bool: OptionValue {
    /// `true` or `false`.
    public var optionText: String { self ? "true" : "false" }
}

/// Formats that read and write files.
enum FileFormat {
    static let names: Set<String> = ["json", "csv", "text", "parquet", "orc"]

    /// The format when none is given, as in Spark.
    static func defaultName(_ conf: RuntimeConfiguration) -> String {
        conf.get("spark.sql.sources.default") ?? "parquet"
    }
}
