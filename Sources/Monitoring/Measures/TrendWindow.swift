/// A value over time in bounded memory, and how fast it changes.
///
/// Points older than the span are dropped, but for a few where they are far between (``LookBack``). When there is no room, every second point goes: recent and old stay alike.
struct TrendWindow: Sendable, Hashable {
    /// One value at one time.
    struct Point: Sendable, Hashable {
        var time: Int64
        var value: Double
    }

    private static let capacity = 32
    private let lookBack: LookBack
    private var spacing: Int64 = 0
    private(set) var points: [Point] = []

    /// A window that looks back so many milliseconds.
    init(span: Int64) { lookBack = LookBack(span: max(1, span)) }

    /// Notes a value; one that is not later than the last begins anew, for the clock was set.
    mutating func add(_ value: Double, at time: Int64) {
        guard value.isFinite else { return }
        if let last = points.last, time <= last.time { removeAll() }
        removeOld(at: time)
        // The newest point is always kept; one that came too soon after the one before it is replaced by the next.
        if points.count >= 2,
            points[points.count - 1].time.subtractingSaturated(points[points.count - 2].time) < spacing
        {
            points.removeLast()
        }
        points.append(Point(time: time, value: value))
        if points.count >= Self.capacity { thin() }
    }

    /// The points that are not older than the span.
    var recent: some Sequence<Point> {
        let oldest = (points.last?.time ?? 0).subtractingSaturated(lookBack.span)
        return points.lazy.filter { $0.time >= oldest }
    }

    private mutating func removeOld(at time: Int64) {
        let oldest = time.subtractingSaturated(lookBack.span)
        guard let first = points.first, let last = points.last, first.time < oldest else { return }
        let before = points.dropLast().last.map { last.time.subtractingSaturated($0.time) }
        let earliest = lookBack.earliest(at: time, gap: time.subtractingSaturated(last.time), before: before)
        let firstKept = points.count - (LookBack.points - 1)
        let old = points.indices.first { index in
            points[index].time >= oldest || (index >= firstKept && points[index].time >= earliest)
        }
        points.removeFirst(old ?? points.count)
    }

    /// Forgets all.
    mutating func removeAll() {
        points.removeAll(keepingCapacity: true)
        spacing = 0
    }

    private mutating func thin() {
        points = points.enumerated().filter { $0.offset % 2 == 0 || $0.offset == points.count - 1 }.map(\.element)
        spacing = max(spacing, coveredMilliseconds / Int64(Self.capacity / 2))
    }

    /// From the first point to the last, in milliseconds.
    var coveredMilliseconds: Int64 {
        guard let first = points.first, let last = points.last else { return 0 }
        return last.time.subtractingSaturated(first.time)
    }

    /// The slope of the line nearest to the points (least squares), per second; nil with fewer than three points or where they
    /// cover less than this many milliseconds.
    func slopePerSecond(minimumCover: Int64 = 1) -> Double? {
        guard points.count >= 3, coveredMilliseconds >= max(1, minimumCover) else { return nil }
        let start = points[0].time
        let count = Double(points.count)
        func seconds(_ point: Point) -> Double { Double(point.time.subtractingSaturated(start)) / 1000 }
        var meanTime = 0.0
        var meanValue = 0.0
        for point in points {
            meanTime += seconds(point) / count
            meanValue += point.value / count
        }
        var covariance = 0.0
        var variance = 0.0
        for point in points {
            let distance = seconds(point) - meanTime
            covariance += distance * (point.value - meanValue)
            variance += distance * distance
        }
        return Double.ratio(covariance, variance)
    }
}
