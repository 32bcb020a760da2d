import StreamingMetrics

/// What one check of `streamgauge doctor` found.
struct Finding: Sendable {
    /// How good or bad it is.
    enum Status: String, Sendable {
        case ok
        /// It works, and something should be known.
        case warning
        case failed
        /// Not looked at, since something before it failed.
        case skipped
    }

    /// Which check.
    let check: String
    let status: Status
    /// What was found, in one sentence.
    let text: String
    /// What to do about it.
    var hint: String?
    /// Figures, for programs.
    var figures: [(name: String, value: JSONValue)] = []

    /// One line for people.
    var line: String {
        let mark = status.rawValue.uppercased()
        let padding = String(repeating: " ", count: max(1, 9 - mark.count))
        let what = check + String(repeating: " ", count: max(1, 16 - check.count))
        return TerminalText.line("\(mark)\(padding)\(what) \(text)" + (hint.map { ": \($0)" } ?? ""))
    }

    /// The same for programs.
    var json: JSONValue {
        var members: [JSONValue.Member] = [
            .init("check", .string(check)), .init("status", .string(status.rawValue)), .init("text", .string(text)),
        ]
        if let hint { members.append(.init("hint", .string(hint))) }
        members += figures.map { .init($0.name, $0.value) }
        return .object(members)
    }
}

extension Duration {
    /// Milliseconds with three digits after the point.
    var millisecondsText: String {
        let microseconds = components.seconds * 1_000_000 + components.attoseconds / 1_000_000_000_000
        let fraction = "\(microseconds % 1000)"
        return "\(microseconds / 1000).\(String(repeating: "0", count: 3 - fraction.count))\(fraction) ms"
    }

    /// Milliseconds as a number.
    var milliseconds: JSONValue {
        .double(Double(components.seconds) * 1000 + (Double(components.attoseconds) / 1e12).rounded() / 1000)
    }
}
