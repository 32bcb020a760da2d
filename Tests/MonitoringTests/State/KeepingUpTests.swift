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
}
