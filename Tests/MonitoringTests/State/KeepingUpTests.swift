import Monitoring
import StreamingMetrics
import Testing

/// What is falling behind, and what is only a backlog that is worked off.
@Suite struct KeepingUpTests {
    private let query = EventMaker()

    /// Batches a minute that read up to 500 of the records which come, and have time for 600.
    private struct Reader {
        var monitor: QueryMonitor
        private(set) var states: [QueryState] = []
        private var time = 0.0
        private var number: Int64 = 0
        private var (latest, end): (Int64, Int64) = (0, 0)
        private let query = EventMaker()

        init(hearsStart: Bool = false) {
            monitor = QueryMonitor(id: query.id)
            if hearsStart { states += monitor.replay(query.started(0)).map(\.to) }
        }

        mutating func run(_ count: Int, arriving: Int64, takes: Double? = nil) {
            for _ in 0..<count {
                latest += arriving
                let rows = min(500, latest - end)
                end += rows
                let length = takes ?? Double(rows) / 10
                let source = EventMaker.kafka(end: [end], latest: [latest], rows: rows)
                let event = query.batch(number, time, takes: length, rows: rows, sources: [source])
                states += monitor.replay(event).map(\.to)
                number += 1
                time = ((time + length) / 60).rounded(.up) * 60
            }
        }
    }

    @Test func `a backlog that a burst has left and that is worked off is not behind`() {
        var reader = Reader()
        reader.run(20, arriving: 100)
        reader.run(1, arriving: 3000)
        #expect(reader.monitor.lags.first?.records == 2500)
        reader.run(30, arriving: 100)
        #expect(reader.monitor.lags.first?.records == 0)
        #expect(reader.states == [.processing])
    }

    @Test func `a backlog that takes hours is behind until it will soon be gone`() {
        var reader = Reader()
        reader.run(20, arriving: 100)
        reader.run(1, arriving: 20_000)
        reader.run(10, arriving: 100)
        #expect(reader.monitor.state == .behind)
        reader.run(26, arriving: 100)
        #expect(reader.monitor.state == .behind)
        // 500 a minute less 100 a minute: half of a quarter of an hour is left at 3000.
        reader.run(10, arriving: 100)
        #expect(reader.monitor.lags.first?.records ?? 0 > 0)
        #expect(reader.states == [.processing, .behind, .processing])
    }

    @Test func `a backlog that grows slowly is behind, and one quick batch does not hide it`() {
        var reader = Reader()
        reader.run(20, arriving: 100)
        reader.run(20, arriving: 650)
        #expect(reader.monitor.state == .behind)
        reader.run(1, arriving: 200)
        reader.run(20, arriving: 650)
        #expect(reader.states == [.processing, .behind])
    }

    @Test func `a lag that falls after each burst and grows from one to the next is behind`() {
        var reader = Reader()
        reader.run(20, arriving: 100)
        for _ in 0..<12 {
            reader.run(1, arriving: 3300)
            reader.run(5, arriving: 0)
        }
        #expect(reader.states == [.processing, .behind])
        reader.run(20, arriving: 100)
        #expect(reader.states == [.processing, .behind, .processing])
    }

    @Test
    func `a query that rests most of the time is not behind, though its few batches take longer than the interval`() {
        var settings = MonitorSettings()
        settings.triggerInterval = .seconds(5)
        var monitor = QueryMonitor(id: query.id, settings: settings)
        for number in 0..<60 as Range<Int64> {
            monitor.replay(query.batch(number, Double(number) * 60, takes: 8))
            #expect(monitor.state == .processing)
        }
        // Files that come faster than they are read are another thing.
        for number in 60..<120 as Range<Int64> {
            monitor.replay(query.batch(number, 3600 + Double(number - 60) * 8.01, takes: 8))
        }
        #expect(monitor.state == .behind)
    }

    @Test func `a query that rests two thirds of the time is not behind for batches longer than its interval`() {
        var settings = MonitorSettings()
        settings.triggerInterval = .seconds(10)
        var monitor = QueryMonitor(id: query.id, settings: settings)
        for number in 0..<60 as Range<Int64> {
            monitor.replay(query.batch(number, Double(number) * 60, takes: 20))
            #expect(monitor.state == .processing)
        }
    }

    /// Batches of 15 s that follow each other at once and read 1,000 records each, while 300 come; gives the states.
    private func working(off backlog: Int64, _ count: Int, arriving: Int64 = 300) -> [QueryState] {
        var settings = MonitorSettings()
        settings.triggerInterval = .seconds(10)
        var monitor = QueryMonitor(id: query.id, settings: settings)
        var (latest, end, time): (Int64, Int64, Double) = (0, 0, 0)
        return (0..<count).flatMap { number in
            latest += number == 10 ? backlog : arriving
            let rows = min(1000, latest - end)
            end += rows
            let length = Double(rows) * 0.015
            let source = EventMaker.kafka(end: [end], latest: [latest], rows: rows)
            let batch = query.batch(Int64(number), time, takes: length, rows: rows, sources: [source])
            time = max(time + length, ((time / 10).rounded(.down) + 1) * 10)
            return monitor.replay(batch).map(\.to)
        }
    }

    @Test(arguments: [1500, 4000, 8000, 15_000, 25_000, 35_000] as [Int64])
    func `a backlog that a limit works off in batches longer than the interval is not behind`(backlog: Int64) {
        #expect(working(off: backlog, 120) == [.processing])
    }

    @Test func `a backlog that a limit works off for hours is behind`() {
        #expect(working(off: 150_000, 60) == [.processing, .behind])
    }

    @Test func `batches longer than the interval are behind where as much waits as before`() {
        #expect(working(off: 15_000, 100, arriving: 1000) == [.processing, .behind])
    }

    /// A query of ten seconds whose batches take 16 s and read two sources, of which one has so many records left after each.
    private func late(_ count: Int, waiting: (Int) -> Int64) -> [QueryState] {
        var settings = MonitorSettings()
        settings.triggerInterval = .seconds(10)
        var monitor = QueryMonitor(id: query.id, settings: settings)
        return (0..<count).flatMap { number in
            let end = Int64(number) * 1600
            let files = SourceProgress(description: "FileStreamSource[file:/data/in]", numInputRows: 500)
            let topic = EventMaker.kafka(end: [end], latest: [end + waiting(number)], rows: 1600)
            let batch = query.batch(
                Int64(number), Double(number) * 16, takes: 15.99, rows: 2100, sources: [topic, files])
            return monitor.replay(batch).map(\.to)
        }
    }

    @Test func `a query that is late all the time is behind once, though what waits becomes less now and then`() {
        // A burst each five minutes, records that wait for a moment every other batch, and some that always do.
        #expect(late(400) { max(0, 3000 - 400 * Int64($0 % 20)) } == [.processing, .behind])
        #expect(late(400) { $0 % 2 == 0 ? 0 : 300 - Int64($0 % 3) * 100 } == [.processing, .behind])
        #expect(late(400) { 500 + Int64($0 * 7919 % 11) * 40 } == [.processing, .behind])
    }

    /// Batches of four seconds of each ten, which read 10,000 records at most; 500 come in a second, and more in a burst after a quiet time.
    private func burst(afterQuiet quiet: Double, perSecond: Double, seconds: Double) -> [QueryState] {
        var settings = MonitorSettings()
        settings.triggerInterval = .seconds(10)
        var monitor = QueryMonitor(id: query.id, settings: settings)
        var (latest, end, time): (Int64, Int64, Double) = (0, 0, 0)
        var states: [QueryState] = []
        for number in 0..<200 {
            let isBurst = number >= 60 && Double(number - 60) * 10 < seconds
            if number == 60 { time += quiet }
            latest += Int64((isBurst ? perSecond : 500) * 10)
            let rows = min(10_000, latest - end)
            end += rows
            let source = EventMaker.kafka(end: [end], latest: [latest], rows: rows)
            states += monitor.replay(query.batch(Int64(number), time, takes: 4, rows: rows, sources: [source])).map(
                \.to)
            time += 10
        }
        return states
    }

    @Test(arguments: [0.0, 600, 18_000])
    func `a burst that a limit works off in minutes is not behind, also after rest`(
        quiet: Double
    ) {
        #expect(!burst(afterQuiet: quiet, perSecond: 1010, seconds: 100).contains(.behind))
        #expect(!burst(afterQuiet: quiet, perSecond: 1150, seconds: 110).contains(.behind))
        #expect(!burst(afterQuiet: quiet, perSecond: 1500, seconds: 180).contains(.behind))
        #expect(!burst(afterQuiet: quiet, perSecond: 1050, seconds: 600).contains(.behind))
    }

    @Test(arguments: [true, false]) func `a batch that ended a stall is no beginning of falling behind`(
        hearsStart: Bool
    ) {
        var reader = Reader(hearsStart: hearsStart)
        reader.run(20, arriving: 100)
        reader.run(1, arriving: 1500)
        reader.run(1, arriving: 100, takes: 1500)
        reader.run(1, arriving: 2500)
        reader.run(12, arriving: 100)
        let stall: [QueryState] = hearsStart ? [.starting, .processing, .stalled] : [.processing, .unknown]
        #expect(reader.states == stall + [.processing])
    }

    @Test func `batches that only vary are not behind where no interval is known`() {
        var monitor = QueryMonitor(id: query.id)
        var time = 0.0
        let lengths = [60.0, 68, 77, 88, 100, 61, 70, 80, 93, 62, 70, 78, 90, 104]
        for number in 0..<200 as Range<Int64> {
            let length = lengths[Int(number) % lengths.count]
            monitor.replay(query.batch(number, time, takes: length))
            time += length + 0.01
            #expect(monitor.state == .processing)
        }
    }

    /// Batches of a tenth of the time, which read no more than a limit of what has come; gives the states.
    private func limited(_ count: Int, every interval: Double, reading limit: Int64, arriving: (Int) -> Int64)
        -> [QueryTransition]
    {
        var monitor = QueryMonitor(id: query.id)
        var (end, latest): (Int64, Int64) = (0, 0)
        return (0..<count).flatMap { number in
            latest += arriving(number)
            let rows = min(limit, latest - end)
            end += rows
            return monitor.replay(
                query.batch(
                    Int64(number), Double(number) * interval, takes: interval / 10, rows: rows,
                    sources: [EventMaker.kafka(end: [end], latest: [latest], rows: rows)]))
        }
    }

    @Test(arguments: [30.0, 600]) func `a query that a limit holds back is behind though it rests`(interval: Double) {
        let changes = limited(60, every: interval, reading: 12_000) { _ in 24_000 }
        #expect(changes.map(\.to) == [.processing, .behind])
        #expect(changes.last?.reason.contains(" records wait, ") == true)
        // Within a quarter of an hour, or four triggers where these are longer.
        #expect(changes.last.map { $0.at.seconds(since: EventMaker.time(0)) <= max(1000, 6 * interval) } == true)
    }

    @Test func `a backlog that grows by little each time is behind in the end`() {
        let changes = limited(1200, every: 30, reading: 12_000) { _ in 12_600 }
        #expect(changes.map(\.to) == [.processing, .behind])
    }

    @Test func `a query that rests and has what a burst left, or as much as before, is not behind`() {
        let burst = limited(300, every: 30, reading: 12_000) { $0 == 20 ? 2_000_000 : 6000 }
        #expect(burst.map(\.to) == [.processing])
        let same = limited(600, every: 30, reading: 12_000) { $0 == 0 ? 2_000_000 : $0 % 2 == 0 ? 14_000 : 10_000 }
        #expect(same.map(\.to) == [.processing])
        // What comes once an hour is read within it.
        let hourly = limited(600, every: 30, reading: 12_000) { $0 % 120 < 5 ? 200_000 : 2000 }
        #expect(hourly.map(\.to) == [.processing])
    }

    /// Batches without an interval, each of which reads what has come during the one before, so that a share of its length comes of that
    /// one's, and varies by 30 %; gives how many there were until it was behind.
    private func batchesUntilBehind(share: Double, fixed: Double, limit: Int64, seed: UInt64) -> Int64? {
        var numbers = SeededNumbers(seed: seed)
        var monitor = QueryMonitor(id: query.id)
        var (time, length) = (0.0, 3.5)
        for number in 0..<limit {
            monitor.replay(query.batch(number, time, takes: length, rows: Int64(length * 1000)))
            if monitor.state == .behind { return number }
            time += length + 0.01
            length = (fixed + share * length) * Double.random(in: 0.7...1.3, using: &numbers)
        }
        return nil
    }

    @Test func `batches that feed each other and vary are not behind`() {
        for seed in 0..<20 as Range<UInt64> {
            #expect(batchesUntilBehind(share: 0.6, fixed: 1.4, limit: 2000, seed: seed) == nil, "seed \(seed)")
        }
    }

    @Test func `batches that feed each other beyond what can be processed are soon behind, though they vary`() {
        let found = (0..<100 as Range<UInt64>).compactMap {
            batchesUntilBehind(share: 1.2, fixed: 0.1, limit: 60, seed: $0)
        }.sorted()
        #expect(found.count == 100)
        #expect(found[50] <= 12)
    }
}
