import Foundation
import Monitoring
import StreamingMetrics

/// Days in the life of one query, made from a seed: ordinary days with idle nights, bursts, restarts and a clock that is set, and
/// incidents with the alerts that each must give.
struct SimulatedQuery {
    /// What can happen.
    enum Incident: CaseIterable {
        case burst, restart, clockSet
        case stall, failure, restartLoop, behind, watermarkStuck, lateRows, leak

        /// Alerts that it gives; none for what is ordinary.
        var alerts: [String] {
            switch self {
            case .burst, .restart, .clockSet: []
            case .stall: ["QueryStalled"]
            case .failure: ["QueryFailed"]
            case .restartLoop: ["QueryRestartLoop", "QueryFailed"]
            case .behind: ["QueryFallingBehind", "QueryBatchOverTrigger"]
            case .watermarkStuck: ["QueryWatermarkStuck"]
            case .lateRows: ["QueryLateRowsDropped"]
            case .leak: ["QueryStateGrowth"]
            }
        }
    }

    /// An incident and when it was, in seconds after the beginning.
    struct Happening {
        var incident: Incident
        var begin: Double
        var end: Double
    }

    let name: String
    let interval: Double
    /// What has happened and was not taken yet.
    private var events: [TimedEvent] = []
    private(set) var happenings: [Happening] = []

    private var maker: EventMaker
    private var numbers: SeededNumbers
    private var time: Double
    private var batch: Int64 = 0
    private var run: UInt16 = 1
    /// When its last day ends, and when something happens again.
    private let end: Double
    private var next = 0.0
    private var clockOffset = 0.0
    private var watermarkHold: Double?
    private var late: Int64 = 0
    private var stateRows: Int64 = 150_000
    /// It rests at night; those that leak do not.
    private let sleeps: Bool

    init(number: UInt8, days: Double, seed: UInt64) {
        numbers = SeededNumbers(seed: seed &* 1000 &+ UInt64(number))
        name = "query-\(number)"
        interval = [10.0, 30, 60][Int(number) % 3]
        sleeps = number % 4 != 3
        maker = EventMaker()
        maker.id = UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9, number))
        maker.name = name
        time = Double(number) * 7
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

    private mutating func nameRun() {
        let number = maker.id.uuid.15
        maker.runId = UUID(
            uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7, number, UInt8(run >> 8), UInt8(truncatingIfNeeded: run)))
    }

    private var own: Double { time + clockOffset }
    private var isNight: Bool { sleeps && time.truncatingRemainder(dividingBy: 86_400) > 57_600 }

    private mutating func send(_ event: StreamingQueryEvent, after delay: Double) {
        events.append(TimedEvent(event: event, time: EventMaker.time(time + delay)))
    }

    /// To the next multiple of the interval, as Spark's triggers start.
    private mutating func advance(past seconds: Double) {
        time = (((time + seconds) / interval).rounded(.down) + 1) * interval
    }

    private mutating func ordinary() {
        if isNight {
            send(maker.idle(own), after: 0)
            advance(past: max(0, 10 - interval))
        } else {
            runBatch(takes: interval * Double.random(in: 0.1...0.5, using: &numbers))
        }
    }

    private mutating func runBatch(takes: Double, rows: Int64? = nil) {
        let rows = rows ?? Int64.random(in: 50...150, using: &numbers)
        var state = StateOperatorProgress(operatorName: "stateStoreSave")
        state.numRowsTotal = stateRows + Int64.random(in: -200...200, using: &numbers)
        state.memoryUsedBytes = stateRows * 200
        state.numRowsDroppedByWatermark = late
        let watermark = watermarkHold ?? (time - 600)
        send(
            maker.batch(
                batch, own, takes: takes, rows: rows, stateOperators: [state],
                eventTime: ["watermark": "\(EventMaker.timestamp(watermark))"]), after: takes)
        batch += 1
        advance(past: takes)
    }

    private mutating func beginRun(after pause: Double) {
        time += pause
        run += 1
        nameRun()
        send(maker.started(own), after: 0)
        advance(past: 5)
    }

    private mutating func happen() {
        let possible = Incident.allCases.filter {
            $0 == .leak ? !sleeps && !happenings.contains { $0.incident == .leak } && time < end - 110_000 : true
        }
        guard let incident = possible.randomElement(using: &numbers) else { return }
        let begin = time
        defer { happenings.append(Happening(incident: incident, begin: begin, end: time)) }
        switch incident {
        case .burst: runBatch(takes: interval * 1.7, rows: 20_000)
        case .restart:
            send(maker.terminated(), after: 0)
            beginRun(after: Double.random(in: 20...200, using: &numbers))
        case .clockSet: clockOffset += [-3600, 3600, -86_400, 120].randomElement(using: &numbers) ?? 0
        case .stall: runBatch(takes: Double.random(in: 900...2400, using: &numbers))
        case .failure:
            send(maker.terminated("java.lang.RuntimeException: boom"), after: 0)
            beginRun(after: Double.random(in: 60...1500, using: &numbers))
        case .restartLoop:
            for _ in 0..<6 {
                send(maker.terminated("java.lang.RuntimeException: boom"), after: 0)
                beginRun(after: Double.random(in: 20...60, using: &numbers))
            }
        case .behind:
            let until = time + Double.random(in: 1500...2700, using: &numbers)
            while time < until { runBatch(takes: interval * Double.random(in: 1.3...1.9, using: &numbers)) }
        case .watermarkStuck:
            watermarkHold = time - 600
            let until = time + Double.random(in: 2400...4000, using: &numbers)
            while time < until { runBatch(takes: interval * 0.3) }
            watermarkHold = nil
        case .lateRows:
            late = 30
            let until = time + Double.random(in: 300...900, using: &numbers)
            while time < until { runBatch(takes: interval * 0.3) }
            late = 0
        case .leak:
            let (base, until) = (stateRows, time + 64_800)
            while time < until {
                stateRows += Int64(Double(base) * 0.06 * interval / 3600)
                runBatch(takes: interval * 0.3)
            }
            stateRows = base
        }
    }
}
