/// The last values of one series over a length of time, in memory that does not depend on how often it is asked.
///
/// Values are put together in slices of a 32nd of the window, of which as many are kept:
///
///     slices   [ oldest … newest ]        a ring of at most 33
///     closed   all but the newest put together, so that a step costs the same however long the window is
///
/// A slice stays while its last value is in the window, so the window's beginning is exact to a 32nd of its length.
struct SeriesWindow: Sendable {
    /// Values one after another.
    struct Slice: Sendable {
        var number: Int64
        var firstTime: Int64
        var lastTime: Int64
        var count = 1.0
        var sum: Double
        var minimum: Double
        var maximum: Double
        var first: Double
        var last: Double
        /// By how much a counter grew from the first to the last; one that became smaller has begun again at 0.
        var increase = 0.0

        init(number: Int64, time: Int64, value: Double) {
            self.number = number
            (firstTime, lastTime) = (time, time)
            (sum, minimum, maximum, first, last) = (value, value, value, value, value)
        }

        mutating func add(_ later: Slice) {
            lastTime = later.lastTime
            count += later.count
            sum += later.sum
            minimum = min(minimum, later.minimum)
            maximum = max(maximum, later.maximum)
            increase += later.increase + (later.first < last ? later.first : later.first - last)
            last = later.last
        }
    }

    private static let slices: Int64 = 32
    private var ring: [Slice] = []
    private var head = 0
    private var closed: Slice?

    /// Slices that are kept.
    var count: Int { ring.count - head }

    /// Adds a value that is not older than those before, and lets go of what has left the window.
    mutating func add(_ value: Double, at time: Int64, milliseconds: Int64) {
        let slice = Slice(number: time / max(1, milliseconds / Self.slices), time: time, value: value)
        if let last = ring.last, count > 0 {
            if last.number == slice.number {
                ring[ring.count - 1].add(slice)
                return drop(before: time - milliseconds)
            }
            closed?.add(last)
            if closed == nil { closed = last }
        }
        ring.append(slice)
        drop(before: time - milliseconds)
    }

    /// Lets go of what has left the window; false when nothing is left.
    mutating func advance(to time: Int64, milliseconds: Int64) -> Bool {
        drop(before: time - milliseconds)
        return count > 0
    }

    /// All values in the window put together; nil when there is none.
    var all: Slice? {
        guard count > 0, let newest = ring.last else { return nil }
        guard var all = closed else { return newest }
        all.add(newest)
        return all
    }

    private mutating func drop(before time: Int64) {
        guard count > 0, ring[head].lastTime < time else { return }
        while count > 0, ring[head].lastTime < time { head += 1 }
        if head >= Int(Self.slices) {
            ring.removeFirst(head)
            head = 0
        }
        closed = nil
        guard count > 1 else { return }
        var all = ring[head]
        for slice in ring[(head + 1)..<(ring.count - 1)] { all.add(slice) }
        closed = all
    }
}

extension SeriesWindow.Slice {
    /// What a function says of the values; nil where they are too few for it.
    func value(of function: AlertExpression.WindowFunction) -> Double? {
        switch function {
        case .average: return sum / count
        case .maximum: return maximum
        case .minimum: return minimum
        case .last: return last
        case .delta: return count > 1 ? last - first : nil
        case .increase: return count > 1 ? increase : nil
        case .rate: return count > 1 ? Double.ratio(increase * 1000, Double(lastTime - firstTime)) : nil
        }
    }
}
