import Monitoring
import StreamingMetrics
import Testing

/// What a run's interval says of the next run, whose trigger may be another.
@Suite struct TriggerIntervalHintTests {
    /// A query that is restarted, each time with a trigger and batches of its own. Batches take a fixed time and more for what has come
    /// since the trigger before.
    private struct Runner {
        var monitor: QueryMonitor
        /// Whether an interval made the query behind at any time in this run, and those that were told in it.
        private(set) var (wasBehind, intervals) = (false, Set<Duration?>())
        var maker = EventMaker()
        private(set) var time: Double
        private var read: Double
        private var number: Int64 = 0
        private var run: UInt8 = 1
        private var numbers: SeededNumbers

        init(seed: UInt64 = 1) {
            numbers = SeededNumbers(seed: seed)
            time = 3 + Double(seed) * 1.7
            read = time
            monitor = QueryMonitor(id: maker.id)
            monitor.replay(maker.started(time))
        }

        mutating func restart(after pause: Double = 20, saysEnd: Bool = true) {
            if saysEnd { monitor.replay(maker.terminated(), orAt: time) }
            time += pause
            run += 1
            maker = maker.nextRun(run)
            monitor.replay(maker.started(time))
            (wasBehind, intervals) = (false, [])
        }

        /// - Parameters:
        ///   - interval: Of the trigger; 0 is the default trigger.
        ///   - takes: Seconds that each batch takes, apart from its rows.
        ///   - share: Seconds that a second's rows take.
        ///   - varying: The part by which a batch may be shorter or longer.
        mutating func batches(
            _ count: Int, interval: Double, takes: Double, share: Double = 0, varying: Double = 0, pause: Double = 0.006
        ) {
            for _ in 0..<count {
                let part = Double.random(in: (1 - varying)...(1 + varying), using: &numbers)
                let length = (takes + share * (time - read)) * part
                monitor.replay(maker.batch(number, time, takes: length, rows: 1 + Int64((time - read) * 10)))
                if monitor.state == .behind, monitor.stateReason.contains("trigger interval") { wasBehind = true }
                intervals.insert(monitor.triggerInterval)
                (read, number) = (time, number + 1)
                let multiple = multiple(of: interval)
                time = max(time + length + pause, multiple + 0.003)
            }
        }

        private func multiple(of interval: Double) -> Double {
            guard interval > 0 else { return time }
            let origin = Double(EventMaker.origin) / 1000
            return (((origin + time) / interval).rounded(.down) + 1) * interval - origin
        }
    }

    /// A query that has shown an interval of 10 s, and was restarted.
    private func restarted(seed: UInt64 = 1, after pause: Double = 20) -> Runner {
        var runner = Runner(seed: seed)
        runner.batches(40, interval: 10, takes: 2, share: 0.1)
        #expect(runner.monitor.triggerInterval == .seconds(10))
        runner.restart(after: pause)
        return runner
    }

    @Test func `a restart into batches that all take longer than the interval is behind`() {
        for seed in 1...5 as ClosedRange<UInt64> {
            var runner = restarted(seed: seed)
            runner.batches(40, interval: 10, takes: 15, varying: 0.15)
            #expect(runner.monitor.state == .behind)
            #expect(runner.monitor.triggerInterval == .seconds(10))
            #expect(runner.monitor.stateReason.contains("the trigger interval was 10 s in the run before"))
            #expect(runner.monitor.transitions.count { $0.to == .behind } == 1)
            // Batches that are in time show it themselves.
            runner.batches(40, interval: 10, takes: 2)
            #expect(runner.monitor.state == .processing && runner.monitor.triggerInterval == .seconds(10))
        }
    }

    @Test func `an interval is handed on by runs that are too short to show it`() {
        var runner = restarted()
        runner.batches(2, interval: 10, takes: 4)
        runner.restart(saysEnd: false)
        runner.batches(40, interval: 10, takes: 15, varying: 0.15)
        #expect(runner.monitor.state == .behind)
    }

    @Test(arguments: [12.0, 15, 20, 30, 60], [0.6, 0.8, 0.9])
    func `batches that fit into a longer interval than before are in time`(interval: Double, busy: Double) {
        for seed in 1...6 as ClosedRange<UInt64> {
            for (share, pause) in [(0, 20.0), (0.5, 600), (0.8, 600)] {
                var runner = restarted(seed: seed, after: pause)
                runner.batches(
                    80, interval: interval, takes: interval * busy * (1 - share), share: busy * share, varying: 0.05)
                let wasBehind = runner.wasBehind
                #expect(!wasBehind, "\(interval) s, busy for \(busy), seed \(seed)")
                #expect(!runner.intervals.contains(.seconds(10)))
            }
        }
    }

    @Test(arguments: [1, 2, 5, 6.0, 9]) func `batches that fit into a shorter interval than before are in time`(
        interval: Double
    ) {
        for seed in 1...6 as ClosedRange<UInt64> {
            for share in [0, 0.5, 0.9] {
                var runner = restarted(seed: seed, after: 600)
                runner.batches(
                    80, interval: interval, takes: interval * 0.9 * (1 - share), share: 0.9 * share, varying: 0.1)
                let wasBehind = runner.wasBehind
                #expect(!wasBehind, "\(interval) s, seed \(seed)")
                #expect(runner.monitor.triggerInterval == .seconds(interval))
            }
        }
    }

    @Test(arguments: [0, 0.3, 0.6, 0.74], [0, 0.1, 0.3])
    func `a query that had time enough is not behind under the default trigger`(share: Double, varying: Double) {
        for seed in 1...6 as ClosedRange<UInt64> {
            for pause in [5, 600, 3600.0] {
                var runner = Runner(seed: seed)
                let takes = 7.4 - 10 * share
                runner.batches(40, interval: 10, takes: takes, share: share, varying: varying)
                runner.restart(after: pause)
                runner.batches(100, interval: 0, takes: takes, share: share, varying: varying)
                let wasBehind = runner.wasBehind
                #expect(!wasBehind, "seed \(seed), after \(pause) s")
                #expect(!runner.intervals.contains(.seconds(10)), "seed \(seed), after \(pause) s")
            }
        }
    }

    @Test func `the default trigger given to a query that had no reserve is no reason to be behind`() {
        for seed in 1...6 as ClosedRange<UInt64> {
            var runner = Runner(seed: seed)
            runner.batches(40, interval: 10, takes: 0.5, share: 0.9, varying: 0.05)
            runner.restart(after: 600)
            runner.batches(200, interval: 0, takes: 0.5, share: 0.9, varying: 0.3)
            let wasBehind = runner.wasBehind
            #expect(!wasBehind, "seed \(seed)")
        }
    }

    @Test func `the default trigger given to a query that was behind is no reason to be behind`() {
        for saysEnd in [true, false] {
            var runner = Runner()
            runner.batches(40, interval: 10, takes: 2)
            runner.batches(20, interval: 10, takes: 13)
            #expect(runner.monitor.state == .behind)
            runner.restart(saysEnd: saysEnd)
            runner.batches(100, interval: 0, takes: 13, varying: 0.1)
            #expect(!runner.wasBehind && runner.monitor.triggerInterval == nil)
        }
    }

    @Test func `an interval that was shown again is that of the new run`() {
        var runner = restarted()
        runner.batches(20, interval: 10, takes: 15)
        #expect(runner.monitor.state == .behind)
        runner.restart()
        runner.batches(40, interval: 30, takes: 15)
        #expect(!runner.wasBehind && runner.monitor.triggerInterval == .seconds(30))
        runner.restart()
        runner.batches(40, interval: 30, takes: 45, varying: 0.1)
        #expect(runner.monitor.state == .behind && runner.monitor.triggerInterval == .seconds(30))
    }

    @Test func `what is known to have no interval may be silent as if nothing were known`() {
        var settings = MonitorSettings()
        settings.triggerIntervals = ["orders": .zero]
        let maker = EventMaker()
        var untold = QueryMonitor(id: maker.id)
        var told = QueryMonitor(id: maker.id, settings: settings)
        for number in 0..<6 as Range<Int64> {
            untold.replay(maker.batch(number, Double(number * number) * 70))
            told.replay(maker.batch(number, Double(number * number) * 70))
        }
        #expect(told.triggerInterval == .zero)
        #expect(told.silenceDeadline == untold.silenceDeadline)
    }
}
