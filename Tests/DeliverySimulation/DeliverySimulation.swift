import MetricsTopic

/// What came of one seed.
package struct SimulationResult: Sendable {
    /// The seed.
    package var seed: UInt64
    /// Of all steps: the same seed gives the same.
    package var traceHash: UInt64
    /// What is wrong; nil when nothing is.
    package var violation: String?
    /// The last steps, or all, for people.
    package var trace: [String]
    /// What the world was like.
    package var scenario: String
    /// How much happened, to see that something does.
    package var counts: SimulationCounts
}

/// How much happened.
package struct SimulationCounts: Sendable {
    /// Events offered.
    package var events = 0
    /// Records in the logs.
    package var records = 0
    /// Processes that lived.
    package var lives = 0
    /// Clients that were made.
    package var clients = 0
    /// Steps of the traces.
    package var steps = 0

    /// Nothing yet.
    package init() {}

    /// Adds another seed's.
    package static func += (left: inout SimulationCounts, right: SimulationCounts) {
        left.events += right.events
        left.records += right.records
        left.lives += right.lives
        left.clients += right.clients
        left.steps += right.steps
    }
}

/// A part of the world that does not do what it must, to see that the checks notice.
package enum Sabotage: CaseIterable, Sendable {
    /// The broker says that it has records which it has not.
    case brokerLies
    /// The client sends the records of a request in another order.
    case clientReorders
    /// The disk loses what was safe on it.
    case diskForgets
    /// The consumer stores what it has stored before.
    case consumerForgets
}

/// Runs the world of one seed to its end, or to the first thing that is wrong.
///
/// - Parameters:
///   - steps: How many steps the faulty part has; nil leaves that to the seed.
///   - lines: How many lines of the trace are given back.
///   - sabotage: What does not do what it must.
package func simulate(
    seed: UInt64, steps: Int? = nil, lines: Int = 40, sabotage: Sabotage? = nil
) -> SimulationResult {
    let world = World(seed: seed, steps: steps, keepsRemarks: lines > 40, sabotage: sabotage)
    world.start()
    for _ in 0..<world.scenario.steps where world.violation == nil { world.step() }
    world.heal()
    world.conclude()
    var counts = SimulationCounts()
    counts.events = world.book.entries.count
    counts.records = world.cluster.topics.reduce(0) { $0 + $1.log.count }
    counts.lives = world.lives
    counts.clients = world.clients.count
    counts.steps = world.trace.count
    let wantsText = world.violation != nil || lines > 40
    return SimulationResult(
        seed: seed, traceHash: world.trace.hash, violation: world.violation,
        trace: wantsText ? world.trace.lines(last: lines) : [],
        scenario: wantsText ? world.scenario.description : "", counts: counts)
}
