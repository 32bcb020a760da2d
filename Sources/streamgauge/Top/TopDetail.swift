import FoundationEssentials
import LiveMonitoring
import Monitoring

/// All about one query.
extension TopView {
    /// Partitions of a source that are listed, those that are behind most.
    private static let maximumPartitions = 100
    /// Transitions and restarts that are listed, the newest.
    private static let maximumTransitions = 32

    func detail(_ detail: QueryDetail, _ size: TerminalSize) -> [ScreenLine] {
        let query = detail.snapshot
        return summary(query, size) + alerts(detail.alerts, size) + rates(detail, size) + verdict(query.sizing, size)
            + phases(query, size)
            + sources(detail, size) + rest(query, size) + history(detail, size)
    }

    // MARK: State

    private func summary(_ query: QuerySnapshot, _ size: TerminalSize) -> [ScreenLine] {
        var first = line(size)
        first.add(query.title, .bold)
        first.add("  ")
        first.add(query.state.rawValue, query.state.style)
        if let seconds = query.stateSeconds {
            let since = MonitorTime(
                millisecondsSinceEpoch: query.at.millisecondsSinceEpoch - Int64((seconds * 1000).rounded()))
            first.add(" for \(FigureText.duration(seconds)), since \(since.secondText)Z")
        }
        var lines = [first] + paragraph(query.stateReason, size, .plain)
        lines += paragraph("id \(query.id.uuidString.lowercased())", size, .faint)
        if let runId = query.runId {
            let since = query.runSince.map { " since \($0.secondText)Z" } ?? ""
            lines += paragraph("run \(runId.uuidString.lowercased())\(since)", size, .faint)
        }
        let counts = query.counts
        lines += paragraph(
            "\(NumberText.count(counts.restarts, "restart")), \(query.restartsInLastHour) of them in the last hour; "
                + "\(NumberText.count(counts.failures, "failure")); last event "
                + "\(FigureText.duration(query.lastEventAgeSeconds)) ago", size, .plain)
        if let failure = query.failure {
            let name = failure.errorClass.map { "[\($0)] " } ?? ""
            lines += paragraph("failed: \(name)\(failure.firstLine)", size, TextStyle(color: .red))
        }
        return lines
    }

    private func rates(_ detail: QueryDetail, _ size: TerminalSize) -> [ScreenLine] {
        let query = detail.snapshot
        var lines = section("RATES", size)
        let trend = max(0, min(60, size.columns - 42))
        func add(_ name: String, _ value: String, _ sustained: String, _ points: [Double?]) {
            var line = line(size)
            line.addCell("  \(name)", width: 18)
            line.addCell(value, .bold, width: 7, isRight: true)
            line.addCell(sustained, .faint, width: 16, isRight: true)
            if trend > 0 { line.add(" " + glyphs.sparkline(points, width: trend), TextStyle(color: .blue)) }
            lines.append(line)
        }
        let points = detail.points.suffix(60)
        add(
            "rows/s arriving", FigureText.count(query.inputRowsPerSecond),
            "\(FigureText.count(query.sustainedInputRowsPerSecond)) sustained", points.map(\.inputRowsPerSecond))
        add(
            "rows/s processed", FigureText.count(query.processedRowsPerSecond),
            "\(FigureText.count(query.sustainedProcessedRowsPerSecond)) possible", points.map(\.processedRowsPerSecond))
        add("rows of a batch", FigureText.count(query.inputRows), "", points.map(\.inputRows))
        add(
            "batch duration", FigureText.duration(query.batchDurationSeconds),
            query.triggerIntervalSeconds.map { "trigger \(FigureText.duration($0))" } ?? "",
            points.map(\.durationSeconds))
        return lines
    }

    private func verdict(_ verdict: SizingVerdict, _ size: TerminalSize) -> [ScreenLine] {
        var first = line(size)
        first.add("  \(verdict.kind.words)", .bold)
        return section("SIZE", size) + [first] + paragraph(verdict.summary, size, .plain)
            + verdict.advice.flatMap { paragraph("- \($0)", size, .plain) }
    }

    // MARK: Batch

    private func phases(_ query: QuerySnapshot, _ size: TerminalSize) -> [ScreenLine] {
        guard !query.phaseSeconds.isEmpty else { return [] }
        let number = query.batchId.map { " \($0)" } ?? ""
        var lines = section("LAST BATCH\(number): PHASES", size)
        let phases = query.phaseSeconds.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        let whole = max(query.batchDurationSeconds ?? 0, phases.reduce(0) { $0 + $1.value })
        for (name, seconds) in phases.prefix(16) {
            let share = whole > 0 ? seconds / whole : 0
            var line = line(size)
            line.addCell("  \(name)", width: 18)
            line.addCell(FigureText.duration(seconds), width: 7, isRight: true)
            line.addCell(FigureText.percent(share), width: 6, isRight: true)
            line.add(" " + glyphs.bar(share, width: max(0, min(40, line.room - 1))), TextStyle(color: .blue))
            lines.append(line)
        }
        return lines
    }

    // MARK: Sources

    private func sources(_ detail: QueryDetail, _ size: TerminalSize) -> [ScreenLine] {
        var lines: [ScreenLine] = []
        for (lag, partitions) in zip(detail.snapshot.lags, detail.partitions) {
            lines += section("SOURCE \(lag.label)", size) + paragraph(lag.words, size, .plain)
            lines += table(of: partitions, size)
        }
        return lines
    }

    private func table(of partitions: [PartitionLag], _ size: TerminalSize) -> [ScreenLine] {
        guard !partitions.isEmpty else { return [] }
        var heads = [("LAG", 8), ("BEHIND", 8), ("TREND", 9), ("CAUGHT UP", 11)]
        // Offsets stand where there is room for them.
        let hasOffsets = size.columns >= 72
        if hasOffsets { heads += [("READ TO", 12), ("NEWEST", 13)] }
        // The topic's name takes what the figures leave.
        let width = max(8, min(40, size.columns - 1 - heads.reduce(0) { $0 + $1.1 }))
        func row(_ name: String, _ cells: [String], _ style: TextStyle) -> ScreenLine {
            var line = line(size)
            line.addCell("  \(name)", style, width: width)
            for (cell, head) in zip(cells, heads) { line.addCell(cell, style, width: head.1, isRight: true) }
            return line
        }
        let ordered = partitions.enumerated().sorted { left, right in
            (right.element.records ?? -1, left.offset) < (left.element.records ?? -1, right.offset)
        }
        var lines = [row("PARTITION", heads.map(\.0), .faint)]
        for (_, partition) in ordered.prefix(Self.maximumPartitions) {
            lines.append(
                row(
                    "\(partition.topic) \(partition.partition)",
                    [
                        FigureText.count(partition.records), FigureText.duration(partition.secondsBehind),
                        FigureText.change(partition.trendPerSecond),
                        partition.neverCatchesUp ? "never" : FigureText.duration(partition.catchUpSeconds),
                        NumberText.integer(partition.endOffset), NumberText.integer(partition.latestOffset),
                    ], .plain))
        }
        let left = partitions.count - Self.maximumPartitions
        if left > 0 {
            lines += paragraph("and \(NumberText.count(left, "partition")) that are less behind", size, .faint)
        }
        return lines
    }

    // MARK: State and history

    private func rest(_ query: QuerySnapshot, _ size: TerminalSize) -> [ScreenLine] {
        var lines: [ScreenLine] = []
        if let state = query.stateUse {
            var text = "\(FigureText.count(state.rows)) rows, \(FigureText.bytes(state.bytes)) in memory"
            if let growth = state.rowsPerHour { text += ", growing by \(FigureText.count(growth)) rows an hour" }
            lines += section("STATE", size) + paragraph(text, size, .plain)
        }
        if let watermark = query.watermark {
            let delay = FigureText.duration(query.watermarkDelaySeconds)
            lines += section("WATERMARK", size) + paragraph("\(watermark.secondText)Z, \(delay) behind", size, .plain)
        }
        if let sink = query.sink { lines += section("SINK", size) + paragraph(sink, size, .plain) }
        return lines
    }

    private func history(_ detail: QueryDetail, _ size: TerminalSize) -> [ScreenLine] {
        var lines = section("HISTORY", size)
        if detail.transitions.isEmpty { lines += paragraph("no change of state yet", size, .faint) }
        for change in detail.transitions.suffix(Self.maximumTransitions).reversed() {
            var line = line(size)
            line.add("  \(change.at.secondText)Z  \(change.from.rawValue) \(glyphs.arrow) ")
            line.add(change.to.rawValue, change.to.style)
            lines.append(line)
            lines += paragraph("  \(change.reason)", size, .faint, indent: 4)
        }
        guard !detail.restarts.isEmpty else { return lines }
        lines += section("RUNS AFTER THE FIRST BEGAN", size)
        let times = detail.restarts.suffix(Self.maximumTransitions).reversed().map { "\($0.secondText)Z" }
        return lines + times.flatMap { paragraph($0, size, .plain) }
    }

    // MARK: Text

    func section(_ title: String, _ size: TerminalSize) -> [ScreenLine] { [line(size), heading(title, size)] }

    func paragraph(
        _ text: String, _ size: TerminalSize, _ style: TextStyle, indent: Int = 2
    ) -> [ScreenLine] {
        // An exception's first line may be its whole text.
        wrapped(String(text.unicodeScalars.prefix(2000)), to: size.columns - indent).map { text in
            var line = line(size)
            line.fill(to: indent)
            line.add(text, style)
            return line
        }
    }
}

extension SizingVerdict.Kind {
    /// The verdict in words.
    fileprivate var words: String {
        switch self {
        case .overProvisioned: "more than it needs"
        case .wellProvisioned: "well provisioned"
        case .underProvisioned: "under-provisioned"
        case .bottleneck: "one phase limits it"
        case .unknown: "no verdict yet"
        }
    }
}

extension SourceLag {
    /// How far behind, and whether it catches up.
    fileprivate var words: String {
        var parts: [String] = []
        if let records { parts.append("\(FigureText.count(records)) records behind") }
        if let secondsBehind, records != 0 { parts.append("\(FigureText.duration(secondsBehind)) of work") }
        if let files { parts.append("\(FigureText.count(files)) files wait") }
        if let bytes { parts.append("\(FigureText.bytes(bytes)) wait") }
        if let trendPerSecond, records != nil {
            let word = trendPerSecond < 0 ? "shrinking" : "growing"
            parts.append("\(word) by \(FigureText.count(abs(trendPerSecond))) a second")
        }
        if neverCatchesUp {
            parts.append("never catches up at these rates")
        } else if let catchUpSeconds, catchUpSeconds > 0 {
            parts.append("caught up in \(FigureText.duration(catchUpSeconds))")
        }
        if unknownPartitions > 0 { parts.append("\(NumberText.count(unknownPartitions, "partition")) unknown") }
        return parts.isEmpty ? "it does not say what waits" : parts.joined(separator: ", ")
    }
}
