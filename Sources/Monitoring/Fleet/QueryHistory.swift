import StreamingMetrics

/// What becomes a point.
struct HistorySample: Sendable, Hashable {
    var progress: StreamingQueryProgress
    var start: Int64
    var lagRecords: Int64?
    var watermarkDelaySeconds: Double?
}

/// The last points of one query, in memory that is bounded and does not move once it is full.
///
/// A point is a row of 32-bit cells: 4 bytes for its time, its batch and each number that the query's progress has ever told, and none for
/// what it never tells. Phases and custom metrics get columns of their own up to a maximum. Further phases are added up as `other`;
/// further custom metrics are left out: kept are the first by name of the first operator that has some, then those that come first.
/// All but a few of them count against what ``QueryFleet`` has for the custom metrics of all queries. A column stays as long as the
/// query is known.
public struct QueryHistory: Sendable, Hashable {
    /// Phases with a column of their own.
    public static let maximumPhases = 10
    /// Custom metrics of the state that are kept at most.
    public static let maximumCustomMetrics = 256
    /// Custom metrics that are kept of each query, whatever the others have; further ones where there is room for them.
    public static let ownCustomMetrics = 12

    /// The columns of which there is one at most. Times and batches have another for what is beyond 32 bits.
    private enum Fixed: Int {
        case time, timeHigh, batchId, batchIdHigh
        case inputRows, inputRowsPerSecond, processedRowsPerSecond, durationSeconds, lagRecords, watermarkDelaySeconds
        case stateRows, stateBytes, lateRows, stateRowsUpdated, stateRowsRemoved, otherPhases
    }

    /// A column that has its name from the query.
    private struct Named: Sendable, Hashable {
        var name: String
        var column: Int
    }

    /// When runs after the first began, by their own words, the oldest first; as far back as the points go.
    public private(set) var restarts: [MonitorTime] = []
    /// Points that were ever added; what is beyond ``count`` is gone.
    public private(set) var added: UInt64 = 0
    /// Bytes of custom metrics beyond the first ``ownCustomMetrics``.
    private(set) var sharedBytes = 0
    private(set) var table: HistoryTable
    /// Where the fixed columns are in the table; -1 for one that has had no value.
    private var places = SIMD16<Int16>(repeating: -1)
    private var phases: [Named] = []
    private var customMetrics: [Named] = []
    /// The time that a cell of 0 stands for, in milliseconds.
    private var baseTime: Int64 = 0

    /// An empty history of so many points at most.
    public init(capacity: Int) { table = HistoryTable(capacity: capacity) }

    /// The most points it keeps.
    public var capacity: Int { table.capacity }

    /// How many points there are.
    public var count: Int { table.count }

    /// The points, the oldest first.
    public var points: [HistoryPoint] { suffix(count) }

    /// The last points, the oldest first.
    public func suffix(_ limit: Int) -> [HistoryPoint] { newest(limit).map { point(at: $0) } }

    /// The points from one time to another, the oldest first.
    public func points(from start: MonitorTime, through end: MonitorTime) -> [HistoryPoint] {
        newest(count).compactMap { row in
            let time = MonitorTime(millisecondsSinceEpoch: self.time(row))
            return time < start || end < time ? nil : point(at: row)
        }
    }

    /// Rows a second processed by the last triggers, the oldest first; nil where a progress does not say.
    public func processedRowsPerSecond(last limit: Int) -> [Double?] {
        newest(limit).map { number(.processedRowsPerSecond, $0) }
    }

    /// The rows of the last points, the oldest first.
    private func newest(_ limit: Int) -> some Sequence<Int> {
        (count - max(0, min(limit, count))..<count).lazy.map { table.row($0) }
    }

    // MARK: Writing

    /// Adds a point; new custom metrics are kept as far as ``sharedBytes`` does not grow beyond a bound.
    mutating func add(_ sample: HistorySample, sharedBound: Int = .max) {
        guard capacity > 0 else { return }
        added &+= 1
        let row = table.addRow()
        let progress = sample.progress
        write(time: sample.start, row)
        if let batchId = progress.batchId { write(UInt64(max(0, batchId)) + 1, .batchId, .batchIdHigh, row) }
        writeMeasures(of: sample, row)
        writePhases(progress.durationMs, row)
        for state in progress.stateOperators { addCustomMetrics(state.customMetrics, row, sharedBound) }
        dropRestarts()
    }

    /// Notes that another run began.
    mutating func addRestart(at time: MonitorTime) {
        guard capacity > 0 else { return }
        if restarts.count >= 64 { restarts.removeFirst() }
        restarts.append(time)
    }

    private mutating func dropRestarts() {
        guard let first = restarts.first, count == capacity else { return }
        let oldest = MonitorTime(millisecondsSinceEpoch: time(table.row(0)))
        if first < oldest { restarts.removeAll { $0 < oldest } }
    }

    private mutating func writeMeasures(of sample: HistorySample, _ row: Int) {
        let progress = sample.progress
        let operators = progress.stateOperators
        let memory = operators.compactMap(\.memoryUsedBytes)
        let late = operators.compactMap(\.numRowsDroppedByWatermark)
        write(Double(progress.numInputRows), .inputRows, row)
        write(progress.inputRowsPerSecond, .inputRowsPerSecond, row)
        write(progress.processedRowsPerSecond, .processedRowsPerSecond, row)
        write(progress.triggerMilliseconds.map { Double($0) / 1000 }, .durationSeconds, row)
        write(sample.lagRecords.map { Double($0) }, .lagRecords, row)
        write(sample.watermarkDelaySeconds, .watermarkDelaySeconds, row)
        guard !operators.isEmpty else { return }
        write(operators.reduce(0) { $0 + Double($1.numRowsTotal) }, .stateRows, row)
        write(memory.isEmpty ? nil : memory.reduce(0) { $0 + Double($1) }, .stateBytes, row)
        write(late.isEmpty ? nil : late.reduce(0) { $0 + Double($1) }, .lateRows, row)
        let removed = operators.compactMap(\.numRowsRemoved)
        write(operators.reduce(0) { $0 + Double($1.numRowsUpdated) }, .stateRowsUpdated, row)
        write(removed.isEmpty ? nil : removed.reduce(0) { $0 + Double($1) }, .stateRowsRemoved, row)
    }

    private mutating func writePhases(_ milliseconds: MetricMap<Int64>, _ row: Int) {
        var next = 0
        for pair in milliseconds.pairs where pair.key != "triggerExecution" {
            let seconds = Float(max(0, pair.value)) / 1000
            if let index = Self.index(of: pair.key, in: phases, near: next) {
                add(seconds, row, phases[index].column)
                next = index + 1
            } else if phases.count < Self.maximumPhases {
                phases.append(Named(name: pair.key, column: table.addColumns(1)))
                add(seconds, row, phases[phases.count - 1].column)
            } else {
                add(seconds, row, place(of: .otherPhases))
            }
        }
    }

    /// Adds one operator's counters to the row's.
    private mutating func addCustomMetrics(_ metrics: MetricMap<Int64>, _ row: Int, _ sharedBound: Int) {
        var (next, found) = (0, 0)
        var new: [(name: String, value: Int64)] = []
        let isFull =
            customMetrics.count >= Self.maximumCustomMetrics
            || customMetrics.count >= Self.ownCustomMetrics && sharedBytes + sharedCost(of: "") > sharedBound
        for pair in metrics.pairs {
            // All that is kept was there: a store that counts more is not looked through.
            if isFull, found == customMetrics.count { break }
            guard CustomMetrics.hasSum(pair.key) else { continue }
            if let index = Self.index(of: pair.key, in: customMetrics, near: next) {
                add(Float(pair.value), row, customMetrics[index].column)
                (next, found) = (index + 1, found + 1)
            } else if !isFull {
                new.append((pair.key, pair.value))
            }
        }
        if !new.isEmpty { addColumns(of: new.sorted { $0.name < $1.name }, row, sharedBound) }
    }

    /// Makes columns for as many of the counters as there is room for.
    private mutating func addColumns(of counters: [(name: String, value: Int64)], _ row: Int, _ sharedBound: Int) {
        var kept: [(name: String, value: Int64)] = []
        for counter in counters where customMetrics.count + kept.count < Self.maximumCustomMetrics {
            if customMetrics.count + kept.count >= Self.ownCustomMetrics {
                let cost = sharedCost(of: counter.name)
                if sharedBytes + cost > sharedBound { continue }
                sharedBytes += cost
            }
            kept.append(counter)
        }
        let first = table.addColumns(kept.count)
        for (place, counter) in kept.enumerated() {
            customMetrics.append(Named(name: counter.name, column: first + place))
            add(Float(counter.value), row, first + place)
        }
    }

    /// Bytes that a custom metric takes once there are as many points as there may be.
    private func sharedCost(of name: String) -> Int { capacity * 4 + name.utf8.count + MemoryLayout<Named>.stride }

    /// Names come in the same order nearly always, so the one that is looked for is likely where the last one was found.
    private static func index(of name: String, in columns: [Named], near index: Int) -> Int? {
        if index < columns.count, columns[index].name == name { return index }
        return columns.firstIndex { $0.name == name }
    }

    // MARK: Reading

    private func point(at row: Int) -> HistoryPoint {
        let batchId = bits(.batchId, .batchIdHigh, row)
        var phaseSeconds: [String: Double] = [:]
        for phase in phases { phaseSeconds[phase.name] = number(row, phase.column) }
        if let other = number(.otherPhases, row) { phaseSeconds["other"] = other }
        var metrics: [String: Double] = [:]
        for metric in customMetrics { metrics[metric.name] = number(row, metric.column) }
        return HistoryPoint(
            time: MonitorTime(millisecondsSinceEpoch: time(row)), batchId: batchId == 0 ? nil : Int64(batchId - 1),
            inputRows: number(.inputRows, row), inputRowsPerSecond: number(.inputRowsPerSecond, row),
            processedRowsPerSecond: number(.processedRowsPerSecond, row),
            durationSeconds: number(.durationSeconds, row), lagRecords: number(.lagRecords, row),
            watermarkDelaySeconds: number(.watermarkDelaySeconds, row), stateRows: number(.stateRows, row),
            stateBytes: number(.stateBytes, row), lateRows: number(.lateRows, row),
            stateRowsUpdated: number(.stateRowsUpdated, row), stateRowsRemoved: number(.stateRowsRemoved, row),
            phaseSeconds: phaseSeconds,
            customMetrics: metrics)
    }
}

// MARK: Cells

extension QueryHistory {
    /// A cell of 0 is none, so a number's bits are kept as what differs from these.
    private static let unknown = Float.nan.bitPattern

    private mutating func place(of column: Fixed) -> Int {
        if places[column.rawValue] < 0 { places[column.rawValue] = Int16(table.addColumns(1)) }
        return Int(places[column.rawValue])
    }

    private func cell(_ column: Fixed, _ row: Int) -> UInt32 {
        let place = Int(places[column.rawValue])
        return place < 0 ? 0 : table[row, place]
    }

    private mutating func write(_ value: Double?, _ column: Fixed, _ row: Int) {
        guard let value, case let number = Float(value), number.isFinite else { return }
        table[row, place(of: column)] = number.bitPattern ^ Self.unknown
    }

    private mutating func add(_ number: Float, _ row: Int, _ column: Int) {
        let before = table[row, column]
        let sum = before == 0 ? number : Float(bitPattern: before ^ Self.unknown) + number
        table[row, column] = sum.bitPattern ^ Self.unknown
    }

    private func number(_ row: Int, _ column: Int) -> Double? {
        let cell = table[row, column]
        return cell == 0 ? nil : Double(Float(bitPattern: cell ^ Self.unknown))
    }

    private func number(_ column: Fixed, _ row: Int) -> Double? {
        let place = Int(places[column.rawValue])
        return place < 0 ? nil : number(row, place)
    }

    /// Writes 64 bits into two columns, the second of which is only there once it is needed.
    private mutating func write(_ bits: UInt64, _ low: Fixed, _ high: Fixed, _ row: Int) {
        table[row, place(of: low)] = UInt32(truncatingIfNeeded: bits)
        let rest = UInt32(truncatingIfNeeded: bits >> 32)
        if rest != 0 || places[high.rawValue] >= 0 { table[row, place(of: high)] = rest }
    }

    private func bits(_ low: Fixed, _ high: Fixed, _ row: Int) -> UInt64 {
        UInt64(cell(high, row)) << 32 | UInt64(cell(low, row))
    }

    private func time(_ row: Int) -> Int64 { baseTime &+ Int64(bitPattern: bits(.time, .timeHigh, row)) }

    /// Times are kept as what lies between them and ``baseTime``. 32 bits hold 49 days; where the points that are kept
    /// lie within as many, a base that time has left behind is moved up, else times get their second column.
    private mutating func write(time: Int64, _ row: Int) {
        if count == 1 { baseTime = time }
        let distance = UInt64(bitPattern: time &- baseTime)
        if distance >> 32 != 0, places[Fixed.timeHigh.rawValue] < 0 {
            let kept = (0..<count).filter { $0 != row }.map { (row: $0, time: self.time($0)) }
            baseTime = kept.reduce(time) { min($0, $1.time) }
            for point in kept {
                write(UInt64(bitPattern: point.time &- baseTime), .time, .timeHigh, point.row)
            }
        }
        write(UInt64(bitPattern: time &- baseTime), .time, .timeHigh, row)
    }
}
