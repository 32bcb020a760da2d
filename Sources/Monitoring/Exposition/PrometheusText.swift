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

    /// Begins a family with its head.
    mutating func begin(_ family: MetricFamily) {
        name = Array(family.name.utf8)
        hasSamples = false
        writer.literal("# HELP ")
        put(name)
        writer.literal(" ")
        // In a help text the quote stands for itself.
        escape(family.help, quotes: false)
        writer.literal("\n# TYPE ")
        put(name)
        writer.literal(" ")
        put(family.kind.rawValue)
        writer.literal("\n")
    }

    /// Writes a value of the present family; one that is no finite number is left out.
    ///
    /// - Parameters:
    ///   - identity: Labels as ``bytes(of:)`` writes them, which come first.
    ///   - labels: Those that come after.
    ///   - value: The value.
    mutating func sample(_ identity: [UInt8], _ labels: [MetricLabel], _ value: Double) {
        guard value.isFinite else { return }
        hasSamples = true
        put(name)
        if !identity.isEmpty || !labels.isEmpty {
            writer.byte(UInt8(ascii: "{"))
            put(identity)
            for (index, label) in labels.enumerated() {
                if index > 0 || !identity.isEmpty { writer.byte(UInt8(ascii: ",")) }
                put(label)
            }
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

    /// Labels as they stand between the braces.
    static func bytes(of labels: [MetricLabel]) -> [UInt8] {
        var text = PrometheusText(capacity: 128)
        for (index, label) in labels.enumerated() {
            if index > 0 { text.writer.byte(UInt8(ascii: ",")) }
            text.put(label)
        }
        return text.bytes
    }

    private mutating func put(_ bytes: [UInt8]) { bytes.withUnsafeBufferPointer { writer.raw($0) } }

    private mutating func put(_ text: String) {
        var text = text
        text.withUTF8 { writer.raw($0) }
    }

    private mutating func put(_ label: MetricLabel) {
        put(label.name)
        writer.literal("=\"")
        escape(label.value, quotes: true)
        writer.byte(UInt8(ascii: "\""))
    }

    /// A backslash and a line's end are escaped, in label values the quote too; everything else stands as it is.
    private mutating func escape(_ text: String, quotes: Bool) {
        var text = text
        text.withUTF8 { bytes in
            let isPlain = bytes.allSatisfy {
                $0 != UInt8(ascii: "\\") && $0 != UInt8(ascii: "\n") && (!quotes || $0 != UInt8(ascii: "\""))
            }
            if isPlain { return writer.raw(bytes) }
            for byte in bytes {
                switch byte {
                case UInt8(ascii: "\\"): writer.literal(#"\\"#)
                case UInt8(ascii: "\n"): writer.literal(#"\n"#)
                case UInt8(ascii: "\"") where quotes: writer.literal(#"\""#)
                default: writer.byte(byte)
                }
            }
        }
    }
}
