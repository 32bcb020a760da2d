import ArgumentParser
import MonitoringHistory

/// Where a history is kept.
struct HistoryOptions: ParsableArguments, Sendable {
    @Option(
        help: ArgumentHelp(
            "Keep what queries do in this SQLite file: each trigger for a day, minutes for 30 days, hours for a year.",
            valueName: "file"))
    var history: String?

    @Option(
        help: ArgumentHelp(
            "How large the file may be, such as 500MB or 2GB; the oldest goes first. (default: 1GB)", valueName: "size"),
        transform: Self.bytes)
    var historySize: Int64?

    func validate() throws {
        if history == .some("") {
            throw ValidationError("--history has an empty value: give one, or leave the option out")
        }
        if historySize != nil, history == nil {
            throw ValidationError("--history-size is for a history: give --history as well")
        }
    }

    /// Opens the file; nil where none is named.
    func recorder() throws -> HistoryRecorder? {
        guard let history else { return nil }
        var limits = HistoryLimits()
        if let historySize { limits.maximumBytes = historySize }
        return try HistoryRecorder(
            path: history, limits: limits,
            onFault: { StandardStream.error.tell("warning: \(TerminalText.line($0))\n") })
    }

    private static let units: [(name: String, bytes: Int64)] = [
        ("KB", 1000), ("MB", 1_000_000), ("GB", 1_000_000_000), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30),
    ]

    /// A whole number and a unit; less than a megabyte holds nothing of use.
    private static func bytes(_ text: String) throws -> Int64 {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let name = text.dropFirst(digits.count).drop { $0 == " " }
        let unit = units.first { $0.name.lowercased() == name.lowercased() }
        guard let unit, let count = Int64(digits),
            case let (size, overflow) = count.multipliedReportingOverflow(by: unit.bytes), !overflow, size >= 1_000_000
        else {
            throw ValidationError("cannot read \"\(text)\" as a size: give one of 1MB or more, such as 500MB or 2GB")
        }
        return size
    }
}
