import FoundationEssentials

/// What somebody has made of the view with keys, without anything of the queries themselves.
struct TopState: Sendable, Hashable {
    /// What fills the screen.
    enum Screen: Sendable, Hashable {
        case table
        case detail(UUID)
        case help
    }

    /// What a key asks of the program, beside another look of the view.
    enum Action: Sendable, Hashable { case nothing, quit, stop, repaint }

    /// What keys move in.
    struct Room: Sendable, Hashable {
        /// The queries of the table, from the top.
        var ids: [UUID]
        /// Rows that the screen has for them, or for lines.
        var page: Int
    }

    private(set) var screen = Screen.table
    /// What the help covers.
    private var beneath = Screen.table
    private(set) var order = TopOrder.worst
    private(set) var isDescending = true
    private(set) var filter = ""
    /// Whether keys are letters of the filter.
    private(set) var isTyping = false
    private(set) var isPaused = false
    /// The query with the cursor; nil while it stays at the top, whichever query is there.
    private(set) var selected: UUID?
    /// The cursor's row in the table, and the first row that is shown.
    private(set) var cursor = 0
    private(set) var top = 0
    /// The first line that is shown of a detail or the help.
    private(set) var scroll = 0

    /// Takes a key.
    mutating func take(_ key: Key, _ room: Room) -> Action {
        switch key {
        case .control("c"): return .quit
        case .control("z"): return .stop
        case .control("l"): return .repaint
        default: break
        }
        if isTyping {
            type(key)
            return .nothing
        }
        switch (screen, key) {
        case (.table, .character("q")): return .quit
        case (.table, .escape): filter = ""
        case (_, .character("q")), (_, .escape), (.detail, .left), (.detail, .backspace), (.help, .character("?")):
            leave()
        case (_, .character("?")): show(.help)
        case (_, .character("p")), (_, .character(" ")): isPaused.toggle()
        case (.table, _): takeInTable(key, room)
        default: scroll = max(0, moved(key, from: scroll, room.page, end: .max / 2) ?? scroll)
        }
        return .nothing
    }

    private mutating func takeInTable(_ key: Key, _ room: Room) {
        switch key {
        case .enter, .right: if room.ids.indices.contains(cursor) { show(.detail(room.ids[cursor])) }
        case .character("s"): sort(by: order.next())
        case .character("S"): sort(by: order.next(by: -1))
        case .character("r"): isDescending.toggle()
        case .character("/"): isTyping = true
        case .home, .character("g"): (cursor, selected) = (0, nil)
        default:
            let last = room.ids.count - 1
            guard last >= 0, let moved = moved(key, from: cursor, room.page, end: last) else { return }
            cursor = min(last, max(0, moved))
            selected = room.ids[cursor]
        }
    }

    /// Where a key of movement leads; nil for another key.
    private func moved(_ key: Key, from place: Int, _ page: Int, end: Int) -> Int? {
        switch key {
        case .up, .character("k"): place - 1
        case .down, .character("j"): place + 1
        case .pageUp, .control("b"): place - max(1, page - 1)
        case .pageDown, .control("f"): place + max(1, page - 1)
        case .home, .character("g"): 0
        case .end, .character("G"): end
        default: nil
        }
    }

    private mutating func sort(by order: TopOrder) {
        self.order = order
        isDescending = order.startsDescending
        (cursor, selected) = (0, nil)
    }

    private mutating func type(_ key: Key) {
        switch key {
        case .enter: isTyping = false
        case .escape: (isTyping, filter) = (false, "")
        case .backspace: if filter.isEmpty { isTyping = false } else { filter.removeLast() }
        case .control("u"): filter = ""
        case .character(let character): if filter.utf8.count < 256 { filter.append(character) }
        default: break
        }
        (cursor, selected) = (0, nil)
    }

    private mutating func show(_ screen: Screen) {
        if screen == .help { beneath = self.screen }
        self.screen = screen
        scroll = 0
    }

    private mutating func leave() { show(screen == .help && beneath != .help ? beneath : .table) }

    // MARK: Fitting

    /// Puts cursor and rows where they belong once rows, their order or the screen's size have changed.
    mutating func settle(_ room: Room) {
        let last = max(0, room.ids.count - 1)
        if let selected, let place = room.ids.firstIndex(of: selected) {
            cursor = place
        } else {
            cursor = selected == nil ? 0 : min(cursor, last)
            if selected != nil, !room.ids.isEmpty { selected = room.ids[cursor] }
        }
        let page = max(1, room.page)
        top = min(max(top, cursor - page + 1), cursor, max(0, room.ids.count - page))
    }

    /// Keeps the last line at the bottom.
    mutating func settle(lines: Int, page: Int) { scroll = min(scroll, max(0, lines - max(1, page))) }
}
