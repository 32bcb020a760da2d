/// Evaluates prepared expressions at one moment after another.
///
/// Memory is bounded by the series that there are: a window keeps some 33 slices of each, and labels that no series has had for
/// the longest window and ten minutes are forgotten.
struct ExpressionEvaluator: Sendable {
    typealias Sample = SampleTable.Sample

    /// A value of the result: the labels of a series and its value.
    struct Result: Sendable, Hashable {
        var labels: [MetricLabel]
        var value: Double
    }

    /// Why an expression has no result at this moment.
    struct Failure: Error, Sendable, Hashable {
        var message: String
    }

    enum Value {
        case number(Double)
        case series([Sample])
    }

    /// One window; only the series of its kind are filled.
    private struct WindowState: Sendable {
        var mean = SeriesWindows<MeanSlice>()
        var extremes = SeriesWindows<ExtremeSlice>()
        var growth = SeriesWindows<GrowthSlice>()
        var round = 0
        /// When it began to be filled.
        var since: Int64?

        var isEmpty: Bool { mean.isEmpty && extremes.isEmpty && growth.isEmpty }

        mutating func remove(_ labels: Set<Int>) {
            mean.remove(labels)
            extremes.remove(labels)
            growth.remove(labels)
        }
    }

    private static let sweepInterval: Int64 = 300_000
    private static let keptWithoutUse: Int64 = 600_000

    let plan: ExpressionPlan
    private(set) var samples: SampleTable
    private var windows: [WindowState]
    /// By condition and labels: whether they meet it; 0 is not known yet.
    private var accepted: [ContiguousArray<UInt8>]
    /// By projection and labels: the number of the labels that are left, and -1 where it is not known yet.
    private var projected: [ContiguousArray<Int>]
    private var marks: ContiguousArray<Int> = []
    private var lastSweep: Int64 = 0
    /// The moment that is evaluated: steady for windows, the calendar's for `time()`.
    private var steady: Int64 = 0
    private var calendar = MonitorTime(millisecondsSinceEpoch: 0)
    private var round = 0
    /// What comparisons have said, where somebody wants to know.
    var outcomes: [Int]?

    /// Prepares expressions.
    ///
    /// - Parameter old: What was evaluated so far; windows that these expressions have as well go on as they are.
    init(_ expressions: [AlertExpression], continuing old: ExpressionEvaluator? = nil) {
        plan = ExpressionPlan(expressions)
        // With the numbers of the labels, by which windows know their series.
        samples = SampleTable(metrics: plan.metrics, labels: old?.samples.labels ?? LabelTable())
        var kept: [String: WindowState] = [:]
        if let old {
            for (window, state) in zip(old.plan.windows, old.windows) { kept[window.key] = state }
            (steady, round, lastSweep) = (old.steady, old.round, old.lastSweep)
        }
        windows = plan.windows.map { kept[$0.key] ?? WindowState() }
        accepted = Array(repeating: [], count: plan.selections.count)
        projected = Array(repeating: [], count: plan.projections.count)
    }

    /// Whether an expression is about a metric.
    func asks(for metric: String) -> Bool { plan.metrics.contains(metric) }

    /// Slices that all windows keep together.
    var sliceCount: Int {
        windows.reduce(0) { $0 + $1.mean.sliceCount + $1.extremes.sliceCount + $1.growth.sliceCount }
    }
    /// Sets of labels that are known.
    var labelCount: Int { samples.labels.count }

    /// Takes the values of a moment.
    ///
    /// - Parameter steady: The moment in a time that only goes forward.
    mutating func begin(_ input: AlertInput, steady: Int64) {
        self.steady = steady
        round += 1
        calendar = input.at
        if steady - lastSweep >= Self.sweepInterval { sweep() }
        samples.take(input, at: steady)
    }

    /// Forgets what windows hold.
    mutating func forgetWindows() { windows = Array(repeating: WindowState(), count: plan.windows.count) }

    /// Says that nothing could be seen at the moment that was begun: a window with nothing in it begins anew.
    mutating func noteBlindness() {
        for index in windows.indices where windows[index].isEmpty { windows[index].since = nil }
    }

    /// Whether any series that an expression asks for has a value at the moment that was begun.
    mutating func hasData(_ expression: Int) -> Bool {
        for selection in plan.selectionsRead[expression] where !select(selection).isEmpty { return true }
        return false
    }

    /// Whether a window of an expression has never been filled.
    func hasEmptyWindow(_ expression: Int) -> Bool {
        plan.windowsRead[expression].contains { windows[$0].since == nil }
    }

    /// Whether all windows of an expression have been filled for as long as they look back.
    func hasFullWindows(_ expression: Int) -> Bool {
        plan.windowsRead[expression].allSatisfy { index in
            windows[index].since.map { steady.subtractingSaturated($0) >= plan.windows[index].reach } ?? false
        }
    }

    /// The result of an expression at the moment that was begun.
    mutating func evaluate(_ expression: Int) throws(Failure) -> [Result] {
        guard case .series(let series) = try value(of: plan.roots[expression]) else { return [] }
        return series.map { Result(labels: samples.labels.labels(of: $0.labels), value: $0.value) }
    }

    private mutating func sweep() {
        lastSweep = steady
        let removed = samples.removeUnused(before: steady - plan.longestWindow - Self.keptWithoutUse)
        guard !removed.isEmpty else { return }
        for index in windows.indices { windows[index].remove(removed) }
        for index in accepted.indices { accepted[index].removeAll(keepingCapacity: true) }
        for index in projected.indices { projected[index].removeAll(keepingCapacity: true) }
    }

    // MARK: Steps

    mutating func value(of step: ExpressionPlan.Step) throws(Failure) -> Value {
        switch step {
        case .number(let number): return .number(number)
        case .time: return .number(calendar.secondsSinceEpoch)
        case .selection(let index): return .series(select(index))
        case .vector(let inner):
            guard case .number(let number) = try value(of: inner) else { return .series([]) }
            return .series([Sample(labels: samples.labels.number(of: [], at: steady), value: number)])
        case .negated(let inner): return Self.mapped(try value(of: inner)) { -$0 }
        case .call(let function, let inner, let numbers, let labels):
            return call(function, try value(of: inner), numbers, labels)
        case .binary(let sign, let left, let right, let isBool, let projection):
            // Both sides always, so that the windows in them see each moment.
            let (left, right) = (try value(of: left), try value(of: right))
            let result = try combine(left, sign, right, isBool: isBool, projection)
            if outcomes != nil, sign.isComparison { note(outcome: result, isBool: isBool) }
            return result
        case .window(let function, let index):
            try fill(index)
            return .series(read(function, index))
        case .aggregation(let aggregation, let inner, let projection):
            guard case .series(let series) = try value(of: inner) else { return .series([]) }
            return .series(aggregate(aggregation, series, projection))
        }
    }

    static func mapped(_ value: Value, _ body: (Double) -> Double) -> Value {
        switch value {
        case .number(let number): return .number(body(number))
        case .series(var series):
            for index in series.indices { series[index].value = body(series[index].value) }
            return .series(series)
        }
    }

    private mutating func select(_ index: Int) -> [Sample] {
        let selection = plan.selections[index]
        let all = samples.values[selection.metric]
        guard !selection.matchers.isEmpty else { return all }
        let missing = samples.labels.capacity - accepted[index].count
        if missing > 0 { accepted[index].append(contentsOf: repeatElement(0, count: missing)) }
        var result: [Sample] = []
        for sample in all {
            if accepted[index][sample.labels] == 0 {
                let labels = samples.labels.labels(of: sample.labels)
                accepted[index][sample.labels] = selection.matchers.allSatisfy { $0.accepts(labels) } ? 1 : 2
            }
            if accepted[index][sample.labels] == 1 { result.append(sample) }
        }
        return result
    }

    private mutating func call(
        _ function: AlertExpression.Function, _ value: Value, _ numbers: [Double], _ labels: [MetricLabel]
    ) -> Value {
        switch function {
        case .absent:
            guard case .series(let series) = value, series.isEmpty else { return .series([]) }
            return .series([Sample(labels: samples.labels.number(of: labels, at: steady), value: 1)])
        case .abs: return Self.mapped(value) { $0.magnitude }
        case .ceil: return Self.mapped(value) { $0.rounded(.up) }
        case .floor: return Self.mapped(value) { $0.rounded(.down) }
        // Ties go up, as in Prometheus.
        case .round: return Self.mapped(value) { ($0 + 0.5).rounded(.down) }
        case .clampMinimum: return Self.mapped(value) { max($0, numbers[0]) }
        case .clampMaximum: return Self.mapped(value) { min($0, numbers[0]) }
        }
    }

    // MARK: Windows

    /// Gives a window the values of this moment, once.
    private mutating func fill(_ index: Int) throws(Failure) {
        guard windows[index].round != round else { return }
        let window = plan.windows[index]
        guard case .series(let series) = try value(of: window.inner) else { return }
        windows[index].round = round
        if windows[index].since == nil { windows[index].since = steady }
        let milliseconds = window.milliseconds
        switch window.kind {
        case .mean:
            windows[index].mean.take(series, at: steady, milliseconds: milliseconds, labels: &samples.labels)
        case .extremes:
            windows[index].extremes.take(series, at: steady, milliseconds: milliseconds, labels: &samples.labels)
        case .growth:
            windows[index].growth.take(series, at: steady, milliseconds: milliseconds, labels: &samples.labels)
        }
    }

    private func read(_ function: AlertExpression.WindowFunction, _ index: Int) -> [Sample] {
        switch plan.windows[index].kind {
        case .mean: windows[index].mean.read(function)
        case .extremes: windows[index].extremes.read(function)
        case .growth: windows[index].growth.read(function)
        }
    }

    // MARK: Labels

    /// The number of the labels that a projection leaves of others.
    mutating func project(_ projection: Int?, _ labels: Int) -> Int {
        guard let projection else { return labels }
        let missing = samples.labels.capacity - projected[projection].count
        if missing > 0 { projected[projection].append(contentsOf: repeatElement(-1, count: missing)) }
        let known = projected[projection][labels]
        if known >= 0 {
            samples.labels.touch(known, at: steady)
            return known
        }
        let kept = samples.labels.labels(of: labels).filter { plan.projections[projection].keeps($0.name) }
        let number = samples.labels.number(of: kept, at: steady)
        projected[projection][labels] = number
        return number
    }

    /// Takes the list in which every place is -1, long enough for all labels there are.
    mutating func takeMarks() -> ContiguousArray<Int> {
        var taken = ContiguousArray<Int>()
        swap(&taken, &marks)
        let missing = samples.labels.capacity - taken.count
        if missing > 0 { taken.append(contentsOf: repeatElement(-1, count: missing)) }
        return taken
    }

    /// Gives the list back. A list that is not given back is made anew.
    mutating func giveBack(_ list: ContiguousArray<Int>, cleared places: [Int]) {
        marks = list
        for place in places { marks[place] = -1 }
    }
}
