/// The places in which the events of consecutive positions lie, in pages.
///
/// A page in which everything is settled is let go of: what comes and goes behind one event that waits for days takes no memory, and
/// nobody walks over it.
struct EventPlaces: Sendable {
    /// Where one event is.
    struct Place: OptionSet, Sendable {
        let rawValue: UInt8
        static let memory = Place(rawValue: 1)
        static let disk = Place(rawValue: 2)
        static let onItsWay = Place(rawValue: 4)
        /// Alone, and for ever.
        static let settled = Place(rawValue: 8)
    }

    private struct Page: Sendable {
        /// The position of its first event.
        var first: UInt64
        var places: [Place]
        /// How many are not settled.
        var open = 0
        var end: UInt64 { first + UInt64(places.count) }
    }

    /// Events of a page, at most.
    private let pageSize: Int
    /// In the order of their positions. Each has an event that is not settled, but for the last, whose memory is used again.
    private var pages: [Page] = []
    /// The position behind the last event.
    private(set) var end: UInt64

    /// Nothing, and events from a position on are to come.
    init(from position: UInt64, pageSize: Int = 4096) {
        end = position
        self.pageSize = pageSize
    }

    /// Pages that take memory.
    var pageCount: Int { pages.count }

    /// Events in a place that is not `settled`.
    mutating func append(_ place: Place, count: Int) {
        var count = count
        while count > 0 {
            let page = openPage()
            let added = min(count, pageSize - pages[page].places.count)
            pages[page].places.append(contentsOf: repeatElement(place, count: added))
            pages[page].open += added
            end += UInt64(added)
            count -= added
        }
    }

    /// The page that takes the next event.
    private mutating func openPage() -> Int {
        if let last = pages.indices.last {
            if pages[last].places.isEmpty {
                pages[last].first = end
                return last
            }
            // What was skipped within a page is filled in: a page for each short run would take more.
            let skipped = end - pages[last].end
            if skipped < UInt64(pageSize - pages[last].places.count) {
                if skipped > 0 { pages[last].places.append(contentsOf: repeatElement(.settled, count: Int(skipped))) }
                return last
            }
        }
        pages.append(Page(first: end, places: []))
        return pages.count - 1
    }

    /// Everything below a position that is not there yet is settled.
    mutating func skip(to position: UInt64) { end = max(end, position) }

    /// Where the event of a position is.
    subscript(position: UInt64) -> Place {
        guard let page = page(of: position) else { return .settled }
        return pages[page].places[Int(position - pages[page].first)]
    }

    /// Settles an event.
    ///
    /// - Returns: Where it was.
    mutating func settle(_ position: UInt64) -> Place {
        guard let page = page(of: position) else { return .settled }
        let index = Int(position - pages[page].first)
        let place = pages[page].places[index]
        guard !place.contains(.settled) else { return .settled }
        pages[page].places[index] = .settled
        _ = settled(1, in: page)
        return place
    }

    /// Puts the first event, from a position on, that is not settled into one more place.
    ///
    /// - Returns: Its position; nil when everything is settled.
    mutating func insert(_ place: Place, atFirstOpenFrom position: UInt64) -> UInt64? {
        guard let found = firstOpen(from: position) else { return nil }
        pages[found.page].places[found.index].insert(place)
        return pages[found.page].first + UInt64(found.index)
    }

    /// Changes what is not settled of a range, which it may settle.
    mutating func updateOpen(in positions: ClosedRange<UInt64>, _ body: (UInt64, inout Place) -> Void) {
        var page = firstPage(endingBehind: positions.lowerBound)
        while page < pages.count, pages[page].first <= positions.upperBound {
            let first = pages[page].first
            let start = positions.lowerBound > first ? Int(positions.lowerBound - first) : 0
            let end = Int(min(UInt64(pages[page].places.count), positions.upperBound - first + 1))
            var count = 0
            pages[page].places.withUnsafeMutableBufferPointer { places in
                for index in start..<end where !places[index].contains(.settled) {
                    body(first + UInt64(index), &places[index])
                    if places[index].contains(.settled) { count += 1 }
                }
            }
            if !settled(count, in: page) { page += 1 }
        }
    }

    /// Notes that events of a page were settled.
    ///
    /// - Returns: Whether the page is gone, and the next one has its place.
    private mutating func settled(_ count: Int, in page: Int) -> Bool {
        pages[page].open -= count
        guard count > 0, pages[page].open == 0 else { return false }
        if page < pages.count - 1 {
            pages.remove(at: page)
            return true
        }
        pages[page].places.removeAll(keepingCapacity: true)
        return false
    }

    /// The first position, from one on, that is not settled; ``end`` when there is none. It looks through two pages at most.
    func firstOpen(from position: UInt64) -> UInt64 {
        guard let found: (page: Int, index: Int) = firstOpen(from: position) else { return max(position, end) }
        return pages[found.page].first + UInt64(found.index)
    }

    /// Whether anything of a range is not settled; looks at no more than the range.
    func hasOpen(in positions: ClosedRange<UInt64>) -> Bool {
        var page = firstPage(endingBehind: positions.lowerBound)
        while page < pages.count, pages[page].first <= positions.upperBound {
            let first = pages[page].first
            let start = positions.lowerBound > first ? Int(positions.lowerBound - first) : 0
            let end = Int(min(UInt64(pages[page].places.count), positions.upperBound - first + 1))
            for index in start..<max(start, end) where !pages[page].places[index].contains(.settled) { return true }
            page += 1
        }
        return false
    }

    private func firstOpen(from position: UInt64) -> (page: Int, index: Int)? {
        var page = firstPage(endingBehind: position)
        while page < pages.count {
            var index = position > pages[page].first ? Int(position - pages[page].first) : 0
            while pages[page].open > 0, index < pages[page].places.count {
                if !pages[page].places[index].contains(.settled) { return (page, index) }
                index += 1
            }
            page += 1
        }
        return nil
    }

    private func page(of position: UInt64) -> Int? {
        let page = firstPage(endingBehind: position)
        return page < pages.count && pages[page].first <= position ? page : nil
    }

    /// The first page that ends behind a position; their count when none does.
    private func firstPage(endingBehind position: UInt64) -> Int {
        // Nearly always it is the last one, or the first.
        guard let last = pages.last, position < last.end else { return pages.count }
        if pages.count == 1 || position < pages[0].end { return 0 }
        if position >= last.first { return pages.count - 1 }
        var (low, high) = (0, pages.count - 1)
        while low < high {
            let middle = (low + high) / 2
            if pages[middle].end > position { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
