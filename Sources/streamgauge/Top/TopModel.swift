import FoundationEssentials
import LiveMonitoring
import Monitoring

/// The view as a value: what is known, what of it is shown, and what keys have made of it. Keys and pictures in, lines out.
struct TopModel: Sendable {
    private let view: TopView
    private(set) var state = TopState()
    private var picture: TopPicture
    /// The rows that pass the filter, in order.
    private var shown: [QueryRow] = []
    /// The query that a page is about; nil while it is not known.
    private var detail: QueryDetail?
    var size: TerminalSize

    init(glyphs: Glyphs, size: TerminalSize, picture: TopPicture) {
        view = TopView(glyphs: glyphs)
        self.size = size
        self.picture = picture
        arrange()
    }

    /// The query that a page is open about.
    var watched: UUID? { if case .detail(let id) = state.screen { id } else { nil } }

    /// Whether the page that is open has still to be filled: it is, once, while the screen stands still too.
    var needsDetail: Bool { watched != detail?.snapshot.id }

    /// Takes a key.
    mutating func take(_ key: Key) -> TopState.Action {
        let before = state
        let action = state.take(key, room)
        // A page that is opened again is not to begin with what was known then.
        if before.screen != state.screen, watched == nil { detail = nil }
        if (before.order, before.isDescending, before.filter) != (state.order, state.isDescending, state.filter) {
            arrange()
        }
        state.settle(room)
        return action
    }

    /// Takes what is known now; not while the screen stands still.
    mutating func take(_ picture: TopPicture) {
        guard !state.isPaused else { return }
        self.picture = picture
        arrange()
    }

    /// Takes all about the query of the page that is open.
    mutating func take(_ detail: QueryDetail?) { self.detail = detail }

    private mutating func arrange() {
        let filter = TopFilter(state.filter)
        let passing = filter.isEmpty ? picture.rows : picture.rows.filter { filter.includes($0.snapshot) }
        shown = state.order.sorted(passing, descending: state.isDescending)
        state.settle(room)
    }

    private var room: TopState.Room {
        TopState.Room(ids: shown.map(\.snapshot.id), page: TopView.page(size))
    }

    /// The frame.
    mutating func lines() -> [ScreenLine] {
        state.settle(room)
        let content: [ScreenLine]
        switch state.screen {
        case .table: return view.table(picture, shown, state, size)
        case .help: content = view.help(size)
        case .detail:
            var none = view.line(size)
            none.add("  this query is not known any more", .faint)
            content = detail.map { view.detail($0, size) } ?? [none]
        }
        state.settle(lines: content.count, page: TopView.page(size))
        return view.page(content, picture, state, size)
    }
}
