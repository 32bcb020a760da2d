import Foundation
import Monitoring
import StreamingMetrics

/// Days in the life of one query, made from a seed: ordinary days with idle nights, bursts, restarts and a clock that is set, and
/// incidents with the alerts that each must give.
///
/// Half of the queries read a topic, half of them files, which do not say what waits. Of half of each the trigger interval is given
/// to the monitor; of the others it has to find it. Three in five run in a Spark of today, the rest in one of the oldest, which differ in what they
/// do after a batch that takes longer than its interval.
struct SimulatedQuery {
    let name: String
    let interval: Double
    /// Whether the monitor is told the interval.
    let isIntervalGiven: Bool
    /// Whether the trigger after a batch that was not done at the next multiple of the interval starts at once, as in Spark; else it
    /// waits for the multiple after it.
    let startsAtOnce: Bool
    /// What has happened and was not taken yet.
    private var events: [TimedEvent] = []
    var happenings: [Happening] = []

    private var maker: EventMaker
    var numbers: SeededNumbers
    private(set) var time: Double
    /// When the last event came.
    private(set) var heard = 0.0
    private var batch: Int64 = 0
    private var run: UInt16 = 1
    /// When its last day ends, and when something happens again.
    let end: Double
    private var next = 0.0
    var clockOffset = 0.0
    var watermarkHold: Double?
    var late: Int64 = 0
    var stateRows: Int64 = 150_000
    /// It rests at night; those that leak do not.
    let sleeps: Bool

    /// What it reads; nil for files.
    var topic: SimulatedTopic?
    /// Records that arrive in an interval.
    var arriving = Self.ordinarily
    private var arrived: Double

    /// Records that arrive in an interval of an ordinary day, and that it can process in one.
    static let (ordinarily, processed) = (100.0, 600.0)

    init(number: UInt8, days: Double, seed: UInt64) {
        numbers = SeededNumbers(seed: seed &* 1000 &+ UInt64(number))
        name = "query-\(number)"
        // Each interval, with and without nights, occurs with both kinds of source, given and not, among 48 queries; those beyond have
        // batches of minutes.
        interval = number < 48 ? [10.0, 25, 60][Int(number) % 3] : 300
        sleeps = number % 4 != 3
        isIntervalGiven = (number / 2 + number / 12) % 2 == 0
        startsAtOnce = number % 5 < 3
        if (number + number / 24) % 2 == 1 {
            topic = SimulatedTopic("topic-\(number)", tellsLatest: number % 5 != 0, using: &numbers)
        }
        maker = EventMaker()
        maker.id = UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9, number))
        maker.name = name
        time = Double(number) * 7
        arrived = time
        end = days * 86_400
        next = time + 5400
        nameRun()
        send(maker.started(own), after: 0)
    }

    /// What happens before a moment and was not taken yet. Weeks of many queries are lived through piece by piece.
    ///
    /// - Parameter moment: Seconds after the beginning; nil takes all that is left.
    mutating func takeEvents(before moment: Double?) -> [TimedEvent] {
        while time < min(moment ?? end, end) { live() }
        let limit = moment.map { EventMaker.time($0) }
        let later = limit.flatMap { limit in events.firstIndex { $0.time >= limit } } ?? events.endIndex
        defer { events.removeSubrange(..<later) }
        return Array(events[..<later])
    }

    private mutating func live() {
        guard time >= next, time < end - 10_800 else { return ordinary() }
        if isNight {
            // A day begins with some ordinary batches.
            next = (time / 86_400).rounded(.up) * 86_400 + 5400
            return
        }
        happen()
        next = time + Double.random(in: 5400...14_400, using: &numbers)
    }

    /// Whether its batches take minutes.
    var hasLongBatches: Bool { interval > 60 }

    private mutating func nameRun() {
        let number = maker.id.uuid.15
        maker.runId = UUID(
            uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7, number, UInt8(run >> 8), UInt8(truncatingIfNeeded: run)))
    }

    private var own: Double { time + clockOffset }
    var timeOfDay: Double { time.truncatingRemainder(dividingBy: 86_400) }
    private var isNight: Bool { sleeps && timeOfDay > 57_600 }

    private mutating func send(_ event: StreamingQueryEvent, after delay: Double) {
        heard = time + delay
        events.append(TimedEvent(event: event, time: EventMaker.time(heard)))
    }

    // MARK: Triggers

    /// To the next trigger, which starts at a multiple of the interval, some milliseconds late, and now and then up to a second.
    private mutating func advance(past seconds: Double, canMiss: Bool = true) {
        let multiple = ((time / interval).rounded(.down) + 1) * interval
        if startsAtOnce, canMiss, time + seconds >= multiple {
            time += seconds + Double(Int64.random(in: 1...20, using: &numbers)) / 1000
            return
        }
        let isBusy = Int.random(in: 0..<60, using: &numbers) == 0
        time = (((time + seconds) / interval).rounded(.down) + 1) * interval
        time += Double(Int64.random(in: isBusy ? 100...1000 : 1...8, using: &numbers)) / 1000
    }

    private mutating func ordinary() {
        if isNight, topic?.waiting ?? 0 == 0 {
            arrived = time
            send(maker.idle(own), after: 0)
            advance(past: max(0, 10 - interval), canMiss: false)
        } else {
            runBatch()
        }
    }

    /// Runs a batch and waits for the next trigger.
    ///
    /// - Parameter takes: How long it takes; nil for as long as its rows do.
    mutating func runBatch(takes: Double? = nil, rows: Int64? = nil) {
        arrive()
        let source = topic?.read()
        let rows = source?.numInputRows ?? rows ?? Int64.random(in: 50...150, using: &numbers)
        let part = source == nil ? Double.random(in: 0.1...0.5, using: &numbers) : work(of: rows)
        let takes = takes ?? interval * part
        var state = StateOperatorProgress(operatorName: "stateStoreSave")
        state.numRowsTotal = stateRows + Int64.random(in: -200...200, using: &numbers)
        state.memoryUsedBytes = stateRows * 200
        state.numRowsDroppedByWatermark = late
        let watermark = watermarkHold ?? (time - 600)
        send(
            maker.batch(
                batch, own, takes: takes, rows: rows, sources: source.map { [$0] }, stateOperators: [state],
                eventTime: ["watermark": "\(EventMaker.timestamp(watermark))"]), after: takes)
        batch += 1
        advance(past: takes)
    }

    /// The part of an interval that so many records of a topic take.
    private mutating func work(of rows: Int64) -> Double {
        max(0.05, Double(rows) / Self.processed * Double.random(in: 0.95...1.05, using: &numbers))
    }

    /// What has come into the topic since the trigger before.
    private mutating func arrive() {
        defer { arrived = time }
        guard topic != nil, !isNight else { return }
        let share = (time - arrived) / interval * Double.random(in: 0.7...1.3, using: &numbers)
        topic?.append(max(1, Int64(arriving * share)))
    }

    // MARK: Runs

    /// Ends the run and begins the next one after a pause. Its first trigger starts at once.
    mutating func restart(after pause: Double, exception: String? = nil) {
        send(maker.terminated(exception), after: 0)
        time += pause
        run += 1
        nameRun()
        send(maker.started(own), after: 0)
        time += Double(Int64.random(in: 1000...8000, using: &numbers)) / 1000
    }
}
