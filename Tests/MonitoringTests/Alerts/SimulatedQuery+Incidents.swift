import Foundation

/// What can happen to a query, and which alerts it must give.
///
/// Some of it depends on the query, by these rules, which are those of the README and of the shipped rules:
/// - A backlog that the batches work off within a quarter of an hour is ordinary, whatever made it; a longer one is falling behind.
/// - A query that is over its interval from a run's first trigger on is known to be by the interval that it had shown in the run before, once
///   twelve triggers in a row have started at once. Where triggers wait for a multiple instead, one of them shows the interval that is no
///   multiple of twice the interval. Else, where it is not given, it looks like a query of twice the interval, and what is behind is known by
///   the lag alone, which files do not tell.
/// - A query that a limit holds back is falling behind once more than a minute's work waits and it has become more for some minutes.
/// - A hanging batch has made no progress either, where records waited before it and it lasts for more than 15 + 1 minutes.
extension SimulatedQuery {
    enum Incident: CaseIterable {
        case burst, restart, clockSet
        case stall, failure, restartLoop, outage, behind, heldBack, heavyRun, watermarkStuck, lateRows, leak
    }

    /// What happens to queries with batches of minutes, of which the rules that count in minutes say nothing.
    private static let ofLongBatches: Set<Incident> = [.burst, .restart, .clockSet, .failure, .behind, .heldBack]

    /// An alert that has to fire once and to resolve once in these seconds after the beginning.
    struct ExpectedAlert {
        var name: String
        var fires: ClosedRange<Double>
        var resolves: ClosedRange<Double>
    }

    /// Something that has happened.
    struct Happening {
        var incident: Incident
        var begin: Double
        var alerts: [ExpectedAlert] = []
    }

    /// Lets something happen that can.
    mutating func happen() {
        guard let incident = Incident.allCases.filter(isPossible).randomElement(using: &numbers) else { return }
        let begin = time
        let names = happen(incident)
        if incident == .outage { return }
        let alerts = names.map { expect($0, from: begin, to: time) }
        happenings.append(Happening(incident: incident, begin: begin, alerts: alerts))
    }

    /// It has to be over before the evening.
    private func isPossible(_ incident: Incident) -> Bool {
        if hasLongBatches, !Self.ofLongBatches.contains(incident) { return false }
        return switch incident {
        case .heldBack: topic != nil && (!sleeps || timeOfDay < 45_000)
        case .leak: !sleeps && !happenings.contains { $0.incident == .leak } && time < end - 110_000
        case .outage: topic != nil && time < end - 40_000 && (!sleeps || timeOfDay < 30_000)
        default: !sleeps || timeOfDay < 52_000
        }
    }

    /// Rules are judged every 15 s here, and may see an end a minute later. The end is the trigger after the last batch of an incident.
    /// Within an hour and a half after it nothing else happens.
    private func expect(_ name: String, from begin: Double, to end: Double) -> ExpectedAlert {
        ExpectedAlert(name: name, fires: begin...end + 75, resolves: max(begin, end - interval - 15)...end + 5400)
    }

    /// Lets this happen.
    ///
    /// - Returns: The names of the alerts that it gives.
    private mutating func happen(_ incident: Incident) -> [String] {
        switch incident {
        case .burst:
            if topic == nil {
                runBatch(takes: interval * 1.7, rows: 20_000)
            } else {
                // What is worked off within a quarter of an hour.
                let records: ClosedRange<Int64> = hasLongBatches ? 600...1000 : 1500...3000
                topic?.append(Int64.random(in: records, using: &numbers))
                runBatch()
            }
            return []
        case .restart:
            restart(after: Double.random(in: 20...200, using: &numbers))
            return []
        case .clockSet:
            clockOffset += [-3600, 3600, -86_400, 600].randomElement(using: &numbers) ?? 0
            return []
        case .stall: return stall()
        case .failure:
            restart(after: Double.random(in: 60...1500, using: &numbers), exception: "java.lang.RuntimeException: boom")
            return ["QueryFailed"]
        case .restartLoop:
            for _ in 0..<6 {
                let pause = Double.random(in: 20...60, using: &numbers)
                restart(after: pause, exception: "java.lang.RuntimeException: boom")
            }
            return ["QueryRestartLoop", "QueryFailed"]
        case .outage:
            outage()
            return []
        case .behind:
            arriving = growing(by: 300)
            runBatches(for: hasLongBatches ? 5400...7200 : 1500...2700, takes: 1.3...1.9)
            arriving = Self.ordinarily
            return ["QueryFallingBehind", "QueryBatchOverTrigger"]
        case .heldBack:
            topic?.limit = Int64(Self.ordinarily / 2)
            let until = time + Double.random(in: 2400...3600, using: &numbers)
            while time < until { runBatch() }
            topic?.limit = SimulatedTopic.usualLimit
            return ["QueryFallingBehind"]
        case .heavyRun: return heavyRun()
        case .watermarkStuck:
            watermarkHold = time - 600
            runBatches(for: 2400...4000, takes: 0.3...0.3)
            watermarkHold = nil
            return ["QueryWatermarkStuck"]
        case .lateRows:
            late = 30
            runBatches(for: 300...900, takes: 0.3...0.3)
            late = 0
            return ["QueryLateRowsDropped"]
        case .leak:
            let (base, until) = (stateRows, time + 64_800)
            while time < until {
                stateRows += Int64(Double(base) * 0.06 * interval / 3600)
                runBatch(takes: interval * 0.3)
            }
            stateRows = base
            return ["QueryStateGrowth"]
        }
    }

    /// Runs batches for some seconds, each of which takes so many intervals.
    private mutating func runBatches(for seconds: ClosedRange<Double>, takes: ClosedRange<Double>) {
        let until = time + Double.random(in: seconds, using: &numbers)
        while time < until { runBatch(takes: interval * Double.random(in: takes, using: &numbers)) }
    }

    /// What must arrive in an interval so that the backlog grows by so many records with each batch that takes 1.6 intervals.
    private func growing(by records: Double) -> Double {
        (Double(SimulatedTopic.usualLimit) + records) / (startsAtOnce ? 1.6 : 2)
    }

    /// A batch that takes very long, in half of the cases with records that wait before it.
    private mutating func stall() -> [String] {
        if topic != nil, Bool.random(using: &numbers) {
            topic?.append(Int64.random(in: 1500...3000, using: &numbers))
            runBatch()
        }
        let silence = heard
        let hasWaiting = topic?.waiting ?? 0 > 0
        var length = Double.random(in: 900...2400, using: &numbers)
        // Not so near to the rule's 16 minutes that the moment of judging would decide.
        if (900...1000).contains(time + length - silence) { length += 150 }
        let isLong = time + length - silence > 960
        runBatch(takes: length)
        return hasWaiting && isLong ? ["QueryStalled", "QueryNoProgress"] : ["QueryStalled"]
    }

    /// A failure that is mended hours later, which leaves more than a quarter of an hour's backlog.
    private mutating func outage() {
        let begin = time
        let length = Double.random(in: 10_800...14_400, using: &numbers)
        restart(after: length, exception: "java.lang.RuntimeException: boom")
        let restarted = time
        var nearlyOver: Double?
        repeat {
            runBatch()
            let triggers = Double(topic?.waiting ?? 0) / (Double(SimulatedTopic.usualLimit) - Self.ordinarily)
            if triggers * interval < 900, nearlyOver == nil { nearlyOver = time }
        } while topic?.waiting ?? 0 > 0
        let behind = ExpectedAlert(
            name: "QueryFallingBehind", fires: restarted...time, resolves: (nearlyOver ?? time)...time + 1800)
        let failed = expect("QueryFailed", from: begin, to: restarted)
        happenings.append(Happening(incident: .outage, begin: begin, alerts: [failed, behind]))
    }

    /// A version of the query that takes longer than its interval from its first trigger on, and is taken back.
    private mutating func heavyRun() -> [String] {
        arriving = growing(by: 150)
        restart(after: Double.random(in: 20...60, using: &numbers))
        // Its first trigger reads what has come meanwhile, and ends before a multiple of twice the interval or before another.
        let looksLonger = Bool.random(using: &numbers)
        let first = interval * Double.random(in: 1.3...1.9, using: &numbers)
        let number = ((time + first) / interval).rounded(.down) + 1
        let isEven = number.truncatingRemainder(dividingBy: 2) == 0
        runBatch(takes: isEven == looksLonger ? first : first + interval)
        runBatches(for: 1800...2400, takes: 1.3...1.9)
        arriving = Self.ordinarily
        restart(after: Double.random(in: 20...60, using: &numbers))
        if isIntervalGiven || startsAtOnce || !looksLonger { return ["QueryFallingBehind", "QueryBatchOverTrigger"] }
        return topic == nil ? [] : ["QueryFallingBehind"]
    }
}
