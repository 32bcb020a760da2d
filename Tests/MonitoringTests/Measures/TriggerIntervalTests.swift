import Monitoring
import StreamingMetrics
import Testing

/// The interval of a query that is found in the times of its triggers.
@Suite struct TriggerIntervalTests {
    private let query = EventMaker()

    /// Runs batches that take so long each: the next one starts at the next multiple of the interval, or after one that was not done by
    /// then at once, as in Spark, or at the multiple after it, as in the oldest Sparks.
    private struct Runner {
        var monitor: QueryMonitor
        let interval: Double
        let startsAtOnce: Bool
        /// How long after a batch that took too long the next one begins.
        var pause = 0.006
        private(set) var time = 3.0
        private var number: Int64 = 0
        private let query = EventMaker()

        init(interval: Double, startsAtOnce: Bool = true) {
            monitor = QueryMonitor(id: query.id)
            self.interval = interval
            self.startsAtOnce = startsAtOnce
            monitor.replay(query.started(time))
        }

        mutating func run(_ count: Int, takes: (Int) -> Double, late: (Int) -> Double = { _ in 0.004 }) {
            for index in 0..<count {
                let length = takes(index)
                monitor.replay(query.batch(number, time, takes: length))
                number += 1
                let multiple = multiple(after: time)
                if startsAtOnce, time + length >= multiple {
                    time += length + pause
                } else {
                    time = self.multiple(after: time + length) + late(index + 1)
                }
            }
        }

        /// The next multiple of the interval since 1970.
        private func multiple(after time: Double) -> Double {
            let origin = Double(EventMaker.origin) / 1000
            return (((origin + time) / interval).rounded(.down) + 1) * interval - origin
        }
    }

    @Test(arguments: [true, false]) func `a query that becomes slower than its interval keeps it`(atOnce: Bool) {
        var runner = Runner(interval: 10, startsAtOnce: atOnce)
        runner.run(40, takes: { _ in 2 })
        #expect(runner.monitor.triggerInterval == .seconds(10))
        runner.run(300) { 13 + Double($0 % 5) }
        #expect(runner.monitor.triggerInterval == .seconds(10))
        #expect(runner.monitor.state == .behind)
        #expect(runner.monitor.transitions.count { $0.to == .behind } == 1)
        runner.run(40, takes: { _ in 2 })
        #expect(runner.monitor.triggerInterval == .seconds(10))
        #expect(runner.monitor.state == .processing)
    }

    @Test func `a run that is slower from its first trigger on shows no interval, or a longer one`() {
        var spark = Runner(interval: 10)
        spark.run(100) { 13 + Double($0 % 5) }
        #expect(spark.monitor.triggerInterval == nil)
        var oldest = Runner(interval: 10, startsAtOnce: false)
        oldest.run(100) { $0 == 0 ? 11 : 13 + Double($0 % 5) }
        #expect(oldest.monitor.triggerInterval == .seconds(20))
        // It is known as soon as a batch is done in time.
        oldest.run(60, takes: { _ in 2 })
        #expect(oldest.monitor.triggerInterval == .seconds(10))
    }

    @Test(arguments: [0.3, 0.75, 7, 9, 24, 25, 40, 50, 150, 360, 2700, 5400])
    func `intervals that divide no round one are found, and batches that fit into them are in time`(_ interval: Double)
    {
        var runner = Runner(interval: interval)
        runner.run(60) { (0.4 + 0.05 * Double($0 % 6)) * interval }
        #expect(runner.monitor.triggerInterval == .milliseconds(Int64(interval * 1000)))
        #expect(runner.monitor.transitions.allSatisfy { $0.to != .behind })
    }

    @Test func `a query that cleans up for a moment between batches that take too long keeps its interval`() {
        var runner = Runner(interval: 10)
        runner.pause = 0.2
        runner.run(40, takes: { _ in 2 })
        runner.run(300) { 13 + Double($0 % 5) }
        #expect(runner.monitor.triggerInterval == .seconds(10))
        #expect(runner.monitor.state == .behind)
    }

    @Test(arguments: [2, 5, 9]) func `late starts are no shorter interval`(late: Int) {
        var runner = Runner(interval: 60)
        // One of the first, and later one in twelve, half a second and a whole one late: multiples of 500 ms.
        for count in 1...120 {
            let lateness = count % 24 == late ? 0.5 : (count % 24 == late + 12 ? 1 : 0.003)
            runner.run(1, takes: { _ in 12 }, late: { _ in lateness })
            #expect([nil, .seconds(60)].contains(runner.monitor.triggerInterval), "after \(count)")
        }
        #expect(runner.monitor.triggerInterval == .seconds(60))
        #expect(runner.monitor.transitions.allSatisfy { $0.to != .behind })
    }

    @Test func `two of the first starts that are late by different times are no interval of parts of a second`() {
        var runner = Runner(interval: 60)
        let late = [0.003, 0.003, 0.113, 0.003, 0.003, 0.001, 0.763, 0.006, 0.001]
        for (index, lateness) in late.enumerated() {
            runner.run(1, takes: { _ in 12 }, late: { _ in lateness })
            #expect([nil, .seconds(60)].contains(runner.monitor.triggerInterval), "after \(index)")
        }
        #expect(runner.monitor.triggerInterval == .seconds(60))
    }

    @Test func `batches that follow each other at once show no interval`() {
        var numbers = SeededNumbers(seed: 5)
        for _ in 0..<50 {
            var monitor = QueryMonitor(id: query.id)
            var time = Double.random(in: 0...100, using: &numbers)
            for number in 0..<200 as Range<Int64> {
                let length = Double(Int64.random(in: 2000...9000, using: &numbers)) / 1000
                monitor.replay(query.batch(number, time, takes: length))
                time += length + 0.01
                #expect(monitor.triggerInterval == nil)
            }
        }
    }

    @Test(arguments: [0, 0.1, 0.2, 0.4])
    func `data that comes once a second is no interval of a part of a second, which the batches would exceed`(
        at moment: Double
    ) {
        var monitor = QueryMonitor(id: query.id)
        monitor.replay(query.started(0.7))
        for number in 0..<200 as Range<Int64> {
            monitor.replay(query.batch(number, 1 + Double(number) + moment + 0.004, takes: 0.64))
            #expect([nil, .seconds(1)].contains(monitor.triggerInterval))
            #expect(monitor.state == .processing)
        }
    }

    @Test(arguments: [1.1, 4.5, 95, 105, 125, 250, 280, 400, 660, 1020, 25_200], [0.5, 0.6, 0.75, 0.9])
    func `an interval that nobody looks for is not taken for one of its divisors`(interval: Double, share: Double) {
        var runner = Runner(interval: interval)
        for _ in 0..<100 {
            runner.run(1, takes: { _ in share * interval })
            #expect(runner.monitor.triggerInterval == nil)
        }
        #expect(runner.monitor.state == .processing)
    }

    @Test func `data at even times is no interval where it comes more rarely than any that fits`() {
        for second in 0..<60 {
            var monitor = QueryMonitor(id: query.id)
            for number in 0..<60 as Range<Int64> {
                // The default trigger, and a file a minute, which takes 50 s.
                let batch = query.batch(number, Double(number) * 60 + Double(second) + 0.005, takes: 50)
                monitor.replay(batch)
                #expect([nil, .seconds(60)].contains(monitor.triggerInterval), "second \(second)")
                #expect(monitor.state == .processing)
            }
        }
    }

    @Test func `a batch now and then that data follows late hides no interval`() {
        var runner = Runner(interval: 10)
        runner.run(40) { $0 % 8 == 3 ? 12 : 2 }
        var monitor = runner.monitor
        for number in 0..<8 as Range<Int64> {
            // Every fourth is over the interval, and the next data comes a minute later.
            monitor.replay(query.batch(40 + number, 1000 + Double(number) * 60, takes: number % 4 == 0 ? 12 : 2))
        }
        #expect(monitor.triggerInterval == .seconds(10))
    }

    @Test(arguments: (1...90).map { Double($0) } + [110, 130, 140, 160, 210, 270])
    func `batches that fit into their interval are in time, whichever it is`(interval: Double) {
        var numbers = SeededNumbers(seed: UInt64(interval))
        for trial in 0..<8 {
            var runner = Runner(interval: interval)
            for batch in 0..<60 {
                // Some starts are late, and one of the batches is.
                let lateness = Double(Int64.random(in: 1...(batch % 20 == 13 ? 18 : 8), using: &numbers)) / 1000
                let share = batch == 30 + trial ? 1.3 : Double.random(in: 0.2...0.8, using: &numbers)
                runner.run(1, takes: { _ in share * interval }, late: { _ in lateness })
                #expect(runner.monitor.state == .processing)
            }
            #expect(runner.monitor.triggerInterval == .seconds(interval))
        }
    }
}
