import StreamingMetrics

/// Text in Prometheus' format as it is written.
struct PrometheusText: ~Copyable {
    private var writer: JSONWriter
    /// What each line of the present family begins with.
    private var name: [UInt8] = []
    /// Whether the present family is more than a head.
    private(set) var hasSamples = false

    init(capacity: Int = 1024) { writer = JSONWriter(capacity: capacity) }

    /// What has been written.
    var bytes: [UInt8] { writer.bytes }

    /// What has been written; valid until the next write.
    var written: UnsafeBufferPointer<UInt8> { writer.written }

    /// Begins a family, with its head or in the middle of it.
    mutating func begin(_ family: MetricFamily, withHead: Bool = true) {
        name = Array(family.name.utf8)
        hasSamples = false
        guard withHead else { return }
        writer.literal("# HELP ")
        put(name)
        writer.literal(" ")
        var help: [UInt8] = []
        // In a help text the quote stands for itself.
        Self.appendEscaped(family.help, quotes: false, to: &help)
        put(help)
        writer.literal("\n# TYPE ")
        put(name)
        writer.literal(" ")
        put(Array(family.kind.rawValue.utf8))
        writer.literal("\n")
    }

    /// Writes a value of the present family; one that is no finite number is left out.
    ///
    /// - Parameters:
    ///   - identity: Labels as ``append(_:to:)`` writes them, which come first.
    ///   - labels: Those that come after, in the same form.
    ///   - value: The value.
    mutating func sample(
        _ identity: UnsafeBufferPointer<UInt8>, _ labels: UnsafeBufferPointer<UInt8>, _ value: Double
    ) {
        guard value.isFinite else { return }
        hasSamples = true
        put(name)
        if !identity.isEmpty || !labels.isEmpty {
            writer.byte(UInt8(ascii: "{"))
            writer.raw(identity)
            if !identity.isEmpty, !labels.isEmpty { writer.byte(UInt8(ascii: ",")) }
            writer.raw(labels)
            writer.byte(UInt8(ascii: "}"))
        }
        writer.byte(UInt8(ascii: " "))
        if let whole = Int64(exactly: value), whole.magnitude < 1 << 53 {
            writer.integer(whole)
        } else {
            writer.double(value)
        }
        writer.byte(UInt8(ascii: "\n"))
    }

    /// The same with labels as they are.
    mutating func sample(_ identity: [MetricLabel], _ labels: [MetricLabel], _ value: Double) {
        var first: [UInt8] = []
        var rest: [UInt8] = []
        Self.append(identity, to: &first)
        Self.append(labels, to: &rest)
        first.withUnsafeBufferPointer { first in
            rest.withUnsafeBufferPointer { rest in sample(first, rest, value) }
        }
    }

    // MARK: Labels

    /// Appends labels as they stand between the braces.
    static func append(_ labels: [MetricLabel], to bytes: inout [UInt8]) {
        for (index, label) in labels.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            append(label.name, to: &bytes)
            bytes.append(UInt8(ascii: "="))
            bytes.append(UInt8(ascii: "\""))
            appendEscaped(label.value, quotes: true, to: &bytes)
            bytes.append(UInt8(ascii: "\""))
        }
    }

    private static func append(_ text: String, to bytes: inout [UInt8]) {
        var text = text
        text.withUTF8 { bytes.append(contentsOf: $0) }
    }

    /// A backslash and a line's end are escaped, in label values the quote too; everything else stands as it is.
    private static func appendEscaped(_ text: String, quotes: Bool, to bytes: inout [UInt8]) {
        var text = text
        text.withUTF8 { source in
            let isPlain = source.allSatisfy {
                $0 != UInt8(ascii: "\\") && $0 != UInt8(ascii: "\n") && (!quotes || $0 != UInt8(ascii: "\""))
            }
            if isPlain { return bytes.append(contentsOf: source) }
            for byte in source {
                switch byte {
                case UInt8(ascii: "\\"): append(#"\\"#, to: &bytes)
                case UInt8(ascii: "\n"): append(#"\n"#, to: &bytes)
                case UInt8(ascii: "\"") where quotes: append(#"\""#, to: &bytes)
                default: bytes.append(byte)
                }
            }
        }
    }

    private mutating func put(_ bytes: [UInt8]) { bytes.withUnsafeBufferPointer { writer.raw($0) } }
}
