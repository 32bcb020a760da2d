import DeliverySimulation
import Testing

/// A few of the worlds that `delivery-simulator` runs by the hundred thousand.
@Suite struct DeliverySimulationTests {
    @Test(arguments: 0..<4 as Range<UInt64>)
    func `no event is lost, out of order, miscounted or stored twice in a hundred worlds`(hundred: UInt64) {
        for seed in hundred * 100..<(hundred + 1) * 100 {
            let result = simulate(seed: seed)
            guard let violation = result.violation else { continue }
            Issue.record(
                """
                seed \(seed): \(violation); again with: swift run -c release delivery-simulator --verbose \(seed)
                \(result.scenario)
                \(result.trace.joined(separator: "\n"))
                """)
        }
    }

    @Test func `a seed gives the same world every time, and another seed another one`() {
        let first = simulate(seed: 7)
        #expect(first.counts.events > 0 && first.counts.records > 0)
        #expect(simulate(seed: 7).traceHash == first.traceHash)
        #expect(simulate(seed: 8).traceHash != first.traceHash)
    }

    /// A check that cannot fail proves nothing.
    @Test(arguments: Sabotage.allCases) func `a part that does not do what it must is noticed`(sabotage: Sabotage) {
        let violations = (0..<300 as Range<UInt64>).lazy.compactMap { simulate(seed: $0, sabotage: sabotage).violation }
        #expect(violations.first != nil)
    }
}
