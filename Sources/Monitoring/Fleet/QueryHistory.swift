import StreamingMetrics

/// One progress of a query as charts draw it. Nil is a gap and not 0. Numbers keep seven digits.
public struct HistoryPoint: Sendable, Hashable, Codable {
    /// When the trigger started, by the progress' own words.
    public var time: MonitorTime
    /// The batch's number; nil before Spark 2.3.
    public var batchId: Int64?
    /// Rows read.
    public var inputRows: Double?
    /// Rows a second arriving, as the progress says.
    public var inputRowsPerSecond: Double?
    /// Rows a second processed, as the progress says.
    public var processedRowsPerSecond: Double?
    /// How long the trigger took, in seconds.
    public var durationSeconds: Double?
    /// Records that waited at the trigger's start, in all sources that say so.
    public var lagRecords: Double?
    /// Seconds from the watermark to the trigger's start.
    public var watermarkDelaySeconds: Double?
    /// Rows in state.
    public var stateRows: Double?
    /// Bytes of state in memory.
    public var stateBytes: Double?
    /// Late rows dropped.
    public var lateRows: Double?
    /// Seconds by phase, without the whole trigger.
    public var phaseSeconds: [String: Double]
}

/// What becomes a point.
struct HistorySample: Sendable, Hashable {
    var progress: StreamingQueryProgress
    var start: Int64
    var lagRecords: Int64?
    var watermarkDelaySeconds: Double?
}

/// The last points of one query, in memory that is bounded and does not move once it is full.
///
/// A point is a row of 32-bit numbers, one for each measure and phase; NaN stands for none. Phases get their columns in the order in
/// which they come; beyond ``maximumPhases`` they are added up as `other`.
///
///     times       [ t0, t1, … ]                       milliseconds
///     batchIds    [ b0, b1, … ]                       -1: none
///     values      [ measures of t0, phases of t0 | measures of t1, … ]
public struct QueryHistory: Sendable, Hashable {
    /// Phases with a column of their own.
    public static let maximumPhases = 10
    private static let measures = 9
    private static let columns = measures + maximumPhases + 1

    /// The most points it keeps.
    public let capacity: Int
    /// When runs after the first began, by their own words, the oldest first; as far back as the points go.
    public private(set) var restarts: [MonitorTime] = []
    /// Points that were ever added; what is beyond ``count`` is gone.
    public private(set) var added: UInt64 = 0
    private var times: [Int64] = []
    private var batchIds: [Int64] = []
    private var values: [Float] = []
    private var phases: [String] = []
    /// Where the next point goes once the ring is full.
    private var next = 0

    /// An empty history of so many points at most.
    public init(capacity: Int) { self.capacity = max(0, capacity) }

    /// How many points there are.
    public var count: Int { times.count }

    /// The points, the oldest first.
    public var points: [HistoryPoint] { suffix(count) }

    /// The last points, the oldest first.
    public func suffix(_ limit: Int) -> [HistoryPoint] {
        let taken = max(0, min(limit, count))
        return (count - taken..<count).map { point(at: (next + $0) % count) }
    }

    /// The points from one time to another, the oldest first.
    public func points(from start: MonitorTime, through end: MonitorTime) -> [HistoryPoint] {
        (0..<count).compactMap { offset in
            let index = (next + offset) % count
            let time = MonitorTime(millisecondsSinceEpoch: times[index])
            return time < start || end < time ? nil : point(at: index)
        }
    }

    /// Rows a second processed by the last triggers, the oldest first; nil where a progress does not say.
    public func processedRowsPerSecond(last limit: Int) -> [Double?] {
        let taken = max(0, min(limit, count))
        return (count - taken..<count).map { offset in
            let value = values[(next + offset) % count * Self.columns + 2]
            return value.isNaN ? nil : Double(value)
        }
    }

    // MARK: Writing

    mutating func add(_ sample: HistorySample) {
        guard capacity > 0 else { return }
        added &+= 1
        let row = count < capacity ? count : next
        if count < capacity {
            makeRoom()
            times.append(0)
            batchIds.append(-1)
            values.append(contentsOf: repeatElement(.nan, count: Self.columns))
        } else {
            next = (next + 1) % capacity
        }
        times[row] = sample.start
        batchIds[row] = sample.progress.batchId.map { max(0, $0) } ?? -1
        write(sample, to: row * Self.columns)
        dropRestarts()
    }

    /// Arrays double when they are full, to more than there will ever be points; these stop at ``capacity``.
    private mutating func makeRoom() {
        // Their capacities need not be what was asked for.
        guard count + 1 > times.capacity || (count + 1) * Self.columns > values.capacity else { return }
        let room = min(capacity, max(16, count * 2))
        times.reserveCapacity(room)
        batchIds.reserveCapacity(room)
        values.reserveCapacity(room * Self.columns)
    }

    /// Notes that another run began.
    mutating func addRestart(at time: MonitorTime) {
        guard capacity > 0 else { return }
        if restarts.count >= 64 { restarts.removeFirst() }
        restarts.append(time)
    }

    private mutating func write(_ sample: HistorySample, to base: Int) {
        let progress = sample.progress
        let operators = progress.stateOperators
        let memory = operators.compactMap(\.memoryUsedBytes)
        let late = operators.compactMap(\.numRowsDroppedByWatermark)
        var column = base
        func put(_ value: Double?) {
            values[column] = value.map { Float($0) }.flatMap { $0.isFinite ? $0 : nil } ?? .nan
            column += 1
        }
        put(Double(progress.numInputRows))
        put(progress.inputRowsPerSecond)
        put(progress.processedRowsPerSecond)
        put(progress.triggerMilliseconds.map { Double($0) / 1000 })
        put(sample.lagRecords.map { Double($0) })
        put(sample.watermarkDelaySeconds)
        put(operators.isEmpty ? nil : operators.reduce(0) { $0 + Double($1.numRowsTotal) })
        put(memory.isEmpty ? nil : memory.reduce(0) { $0 + Double($1) })
        put(late.isEmpty ? nil : late.reduce(0) { $0 + Double($1) })
        for index in 0...Self.maximumPhases { values[base + Self.measures + index] = .nan }
        for pair in progress.durationMs.pairs where pair.key != "triggerExecution" {
            let place = base + Self.measures + self.column(of: pair.key)
            let before = values[place].isNaN ? 0 : values[place]
            values[place] = before + Float(max(0, pair.value)) / 1000
        }
    }

    private mutating func column(of phase: String) -> Int {
        if let index = phases.firstIndex(of: phase) { return index }
        guard phases.count < Self.maximumPhases else { return Self.maximumPhases }
        phases.append(phase)
        return phases.count - 1
    }

    private mutating func dropRestarts() {
        guard let first = restarts.first, count == capacity else { return }
        let oldest = MonitorTime(millisecondsSinceEpoch: times[next])
        if first < oldest { restarts.removeAll { $0 < oldest } }
    }

    // MARK: Reading

    private func point(at row: Int) -> HistoryPoint {
        let base = row * Self.columns
        func value(_ column: Int) -> Double? {
            let value = values[base + column]
            return value.isNaN ? nil : Double(value)
        }
        var phaseSeconds: [String: Double] = [:]
        for (index, phase) in phases.enumerated() { phaseSeconds[phase] = value(Self.measures + index) }
        if let other = value(Self.measures + Self.maximumPhases) { phaseSeconds["other"] = other }
        return HistoryPoint(
            time: MonitorTime(millisecondsSinceEpoch: times[row]), batchId: batchIds[row] < 0 ? nil : batchIds[row],
            inputRows: value(0), inputRowsPerSecond: value(1), processedRowsPerSecond: value(2),
            durationSeconds: value(3), lagRecords: value(4), watermarkDelaySeconds: value(5), stateRows: value(6),
            stateBytes: value(7), lateRows: value(8), phaseSeconds: phaseSeconds)
    }
}
