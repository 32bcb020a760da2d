import LiveMonitoring
import Monitoring

/// Draws frames: a picture, the view's state and a size in, lines out. It knows no terminal.
struct TopView: Sendable {
    let glyphs: Glyphs

    /// Lines above the rows of the table, and above the lines of a detail.
    static let headLines = 3

    /// Rows that a screen has between head and foot.
    static func page(_ size: TerminalSize) -> Int { max(0, size.rows - headLines - 1) }

    /// The table.
    ///
    /// - Parameter shown: The rows that pass the filter, in the order to show them; only those on the screen are looked at.
    func table(_ picture: TopPicture, _ shown: [QueryRow], _ state: TopState, _ size: TerminalSize) -> [ScreenLine] {
        let columns = TopColumn.fitting(size.columns, hasAlerts: picture.firing != nil)
        var lines = head(picture, state, size) + [heading(columns, state, size)]
        let page = Self.page(size)
        for place in state.top..<min(shown.count, state.top + page) where place >= 0 {
            var line = self.line(size)
            for (index, column) in columns.enumerated() {
                let (text, style) = column.cell(shown[place], glyphs)
                if index > 0 { line.fill(to: line.width + TopColumn.gap) }
                line.addCell(text, style, width: column.width, isRight: column.isRight)
            }
            if place == state.cursor { line.reverse() }
            lines.append(line)
        }
        if shown.isEmpty, page > 0 { lines.append(nothing(picture, state, size)) }
        return fill(lines, foot(picture, shown.count, state, size), size)
    }

    /// Lines of a page of their own, such as a detail, from the first that is scrolled to.
    func page(
        _ content: [ScreenLine], _ picture: TopPicture, _ state: TopState, _ size: TerminalSize
    ) -> [ScreenLine] {
        var rule = line(size)
        rule.reverse()
        let lines = head(picture, state, size) + [rule] + content.dropFirst(state.scroll).prefix(Self.page(size))
        var foot = line(size)
        let rest = content.count - state.scroll - Self.page(size)
        foot.add("q back  j/k scroll  p pause  ? help", .faint)
        if rest > 0 { foot.add("  \(NumberText.count(rest, "more line"))", .bold) }
        return fill(lines, foot, size)
    }

    func line(_ size: TerminalSize) -> ScreenLine { ScreenLine(limit: size.columns, glyphs: glyphs) }

    /// The foot is at the bottom, however low the screen.
    private func fill(_ lines: [ScreenLine], _ foot: ScreenLine, _ size: TerminalSize) -> [ScreenLine] {
        let upper = lines.prefix(max(0, size.rows - 1))
        let empty = repeatElement(line(size), count: max(0, size.rows - 1 - upper.count))
        return Array((upper + empty + [foot]).prefix(size.rows))
    }

    // MARK: Head

    private func head(_ picture: TopPicture, _ state: TopState, _ size: TerminalSize) -> [ScreenLine] {
        var first = line(size)
        if state.isPaused { first.add("PAUSED", TextStyle(color: .yellow, isReversed: true)) }
        if state.isPaused { first.add(" ") }
        first.add("\(picture.isReplay ? picture.at.secondText : picture.at.clockText)Z", .bold)
        first.add("  \(picture.rows.count) \(picture.rows.count == 1 ? "query" : "queries")", .bold)
        let states = picture.states.sorted { $0.key.urgency > $1.key.urgency }
        for (place, (state, count)) in states.enumerated() {
            first.add(place == 0 ? ": " : ", ")
            first.add("\(count) \(state.rawValue)", state.style)
        }
        if let firing = picture.firing, firing > 0 {
            first.add("  ")
            first.add("\(NumberText.count(firing, "alert")) firing", TextStyle(color: .red, isBold: true))
        }
        return [first, feeds(picture, size)]
    }

    private func feeds(_ picture: TopPicture, _ size: TerminalSize) -> ScreenLine {
        var line = line(size)
        if picture.feeds.isEmpty { line.add("no feed yet", .faint) }
        for (place, feed) in picture.feeds.enumerated() {
            if place > 0 { line.add("  ") }
            line.add("\(feed.name) ")
            line.add(feed.state.words, feed.state.style)
            if let lag = feed.lagRecords, lag > 0 { line.add(", \(FigureText.count(lag)) to read") }
            for (count, word) in [
                (feed.unreadable, "unreadable"), (feed.missing, "missing"), (feed.lostRanges, "lost"),
            ]
            where count > 0 {
                line.add(", ")
                line.add("\(FigureText.count(Double(count))) \(word)", TextStyle(color: .yellow))
            }
        }
        // A recording that was read at once came as fast as it could.
        let isRunning = picture.feeds.contains { $0.state != .ended }
        if isRunning, let rate = picture.eventsPerSecond { line.add("  \(FigureText.count(rate)) events/s") }
        if let error = picture.feeds.compactMap(\.error).first ?? picture.remark {
            line.add("  \(TerminalText.line(String(error.unicodeScalars.prefix(400))))", TextStyle(color: .red))
        }
        return line
    }

    private func heading(_ columns: [TopColumn], _ state: TopState, _ size: TerminalSize) -> ScreenLine {
        var line = line(size)
        for (index, column) in columns.enumerated() {
            if index > 0 { line.fill(to: line.width + TopColumn.gap) }
            var heading = column.heading
            if column.order == state.order {
                heading = String(heading.prefix(max(1, column.width - 1)))
                heading.append(state.isDescending ? glyphs.descending : glyphs.ascending)
            }
            line.addCell(heading, .bold, width: column.width, isRight: column.isRight)
        }
        line.reverse()
        return line
    }

    private func nothing(_ picture: TopPicture, _ state: TopState, _ size: TerminalSize) -> ScreenLine {
        var line = line(size)
        line.add(picture.rows.isEmpty ? "no query has been heard of yet" : "no query passes the filter (/)", .faint)
        return line
    }

    // MARK: Foot

    private func foot(_ picture: TopPicture, _ shown: Int, _ state: TopState, _ size: TerminalSize) -> ScreenLine {
        var line = line(size)
        if state.isTyping {
            line.add("filter: ", .bold)
            line.add(state.filter)
            line.add("_", .reversed)
            line.add("  \(shown) of \(picture.rows.count), Enter keeps it, Esc drops it", .faint)
            return line
        }
        if !state.filter.isEmpty {
            line.add("filter \"\(state.filter)\": \(shown) of \(picture.rows.count)", .bold)
            line.add("  ")
        }
        let direction = state.isDescending ? "down" : "up"
        line.add(
            "q quit  Enter detail  s sort: \(state.order.rawValue) \(direction)  / filter  p pause  ? help", .faint)
        return line
    }
}

extension FeedHealth.State {
    fileprivate var words: String { self == .catchingUp ? "catching up" : rawValue }

    fileprivate var style: TextStyle {
        switch self {
        case .live: TextStyle(color: .green)
        case .ended: .faint
        case .connecting, .catchingUp: TextStyle(color: .cyan)
        case .away, .failed: TextStyle(color: .red, isBold: true)
        }
    }
}
