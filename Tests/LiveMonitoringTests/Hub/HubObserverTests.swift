import LiveMonitoring
import Monitoring
import StreamingMetrics
import Synchronization
import Testing

@Suite struct HubObserverTests {
    /// Notes what it hears.
    private final class Listening: HubObserver {
        private let heard = Mutex<[String]>([])
        private let asked = Mutex(0)
        var lines: [String] { heard.withLock { $0 } }
        var questions: Int { asked.withLock { $0 } }

        func take(
            _ event: StreamingQueryEvent, at time: MonitorTime, queryName: String?, changes: [QueryTransition]
        ) {
            let states = changes.map(\.to.rawValue).joined(separator: ",")
            heard.withLock { $0.append("\(event.kind) \(time.seconds(since: BatchMaker.time(0))) \(states)") }
        }

        func take(_ changes: [QueryTransition]) {
            heard.withLock { $0.append("silence " + changes.map(\.to.rawValue).joined(separator: ",")) }
        }

        func makeRoom() async { asked.withLock { $0 += 1 } }
    }

    @Test func `an observer hears each event with what it changed, and silences`() {
        let (observer, clock) = (Listening(), HandClock())
        let hub = MonitoringHub(clock: clock.reading, observers: [observer])
        let maker = BatchMaker()
        hub.take(maker.started(0), at: BatchMaker.time(0))
        for batch in 0..<20 {
            hub.take(maker.batch(Int64(batch), Double(batch)), at: BatchMaker.time(Double(batch) + 0.5))
        }
        hub.take(maker.batch(19, 19), at: BatchMaker.time(20))
        for second in 21...90 {
            clock.set(Double(second))
            hub.tick()
        }
        #expect(observer.lines.count == 23)
        #expect(observer.lines.prefix(3) == ["started 0.0 starting", "progress 0.5 processing", "progress 1.5 "])
        #expect(observer.lines.suffix(2) == ["progress 20.0 ", "silence stalled"])
        #expect(observer.questions == 0)
    }

    @Test func `a recording asks for room between its events`() async throws {
        let folder = try ScratchFolder()
        let observer = Listening()
        let path = try folder.write("a.jsonl", (0..<50).map { BatchMaker().batch($0, Double($0)).json })
        try await RecordingFeed(paths: [path]).run(into: MonitoringHub(settings: .replay, observers: [observer]))
        #expect(observer.lines.count == 50 && observer.questions == 50)
    }
}
