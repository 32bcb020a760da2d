/// Values of one series that came one after another, put together as far as some of the window functions need them.
///
/// A window has a slice for each 32nd of its length and each of its series, so a slice holds no number that its functions do not ask for.
protocol WindowSlice: Sendable {
    init(time: Int64, value: Double)
    /// When the newest value came.
    var lastTime: Int64 { get }
    /// Puts values behind these.
    mutating func add(_ later: Self)
    /// What a function says of the values; nil where they are too few for it, or it is none of the slice's.
    func value(of function: AlertExpression.WindowFunction) -> Double?
}

/// For `avg_over_time`.
struct MeanSlice: WindowSlice {
    private(set) var lastTime: Int64
    private var count = 1.0
    private var sum: Double

    init(time: Int64, value: Double) {
        lastTime = time
        sum = value
    }

    mutating func add(_ later: MeanSlice) {
        lastTime = later.lastTime
        count += later.count
        sum += later.sum
    }

    func value(of function: AlertExpression.WindowFunction) -> Double? { function == .average ? sum / count : nil }
}

/// For `max_over_time` and `min_over_time`.
struct ExtremeSlice: WindowSlice {
    private(set) var lastTime: Int64
    private var minimum: Double
    private var maximum: Double

    init(time: Int64, value: Double) {
        lastTime = time
        (minimum, maximum) = (value, value)
    }

    mutating func add(_ later: ExtremeSlice) {
        lastTime = later.lastTime
        minimum = min(minimum, later.minimum)
        maximum = max(maximum, later.maximum)
    }

    func value(of function: AlertExpression.WindowFunction) -> Double? {
        switch function {
        case .maximum: maximum
        case .minimum: minimum
        default: nil
        }
    }
}

/// For `rate`, `increase`, `delta` and `last_over_time`.
struct GrowthSlice: WindowSlice {
    private var firstTime: Int64
    private(set) var lastTime: Int64
    private var first: Double
    private var last: Double
    /// By how much a counter grew from the first to the last; one that became smaller has begun again at 0.
    private var increase = 0.0

    init(time: Int64, value: Double) {
        (firstTime, lastTime) = (time, time)
        (first, last) = (value, value)
    }

    mutating func add(_ later: GrowthSlice) {
        lastTime = later.lastTime
        increase += later.increase + (later.first < last ? later.first : later.first - last)
        last = later.last
    }

    func value(of function: AlertExpression.WindowFunction) -> Double? {
        if function == .last { return last }
        // One value alone has not grown.
        guard lastTime > firstTime else { return nil }
        switch function {
        case .delta: return last - first
        case .increase: return increase
        case .rate: return Double.ratio(increase * 1000, Double(lastTime - firstTime))
        default: return nil
        }
    }
}

/// Which slices a window function reads.
enum WindowKind: Sendable, Hashable {
    case mean, extremes, growth

    init(_ function: AlertExpression.WindowFunction) {
        self =
            switch function {
            case .average: .mean
            case .maximum, .minimum: .extremes
            case .rate, .increase, .delta, .last: .growth
            }
    }
}
