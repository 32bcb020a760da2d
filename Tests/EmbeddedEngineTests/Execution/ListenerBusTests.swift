import FoundationEssentials
import StreamingMetrics
import Synchronization
import Testing

@testable import EmbeddedEngine

@Suite struct ListenerBusTests {
    static func progress(_ batchId: Int64) -> StreamingQueryEvent {
        .progress(
            QueryProgressEvent(
                progress: StreamingQueryProgress(
                    id: UUID(), runId: UUID(), timestamp: ProgressTimestamp(millisecondsSinceEpoch: 0), batchId: batchId
                )))
    }

    /// Blocks in its first callback until it is let go.
    final class BlockingListener: StreamingQueryListener {
        let gate = WakeSignal()
        let seen = Atomic<Int>(0)
        func onQueryStarted(_ event: QueryStartedEvent) {}
        func onQueryProgress(_ event: QueryProgressEvent) {
            while !gate.isRaised { gate.wait(milliseconds: 1000) }
            seen.wrappingAdd(1, ordering: .relaxed)
        }
        func onQueryTerminated(_ event: QueryTerminatedEvent) {}
    }

    @Test func `a listener that hangs delays no other, and what does not fit its queue is dropped`() {
        let bus = ListenerBus(capacity: 10, logger: Workspace.quiet)
        let hanging = BlockingListener()
        let recording = RecordingListener()
        bus.add(hanging)
        bus.add(recording)
        for batch in 0..<8 { bus.post(Self.progress(Int64(batch))) }
        while recording.events.count < 8 { bus.drain(timeoutMilliseconds: 20) }
        #expect(hanging.seen.load(ordering: .relaxed) == 0)
        for batch in 8..<100 {
            bus.post(Self.progress(Int64(batch)))
            while recording.events.count < batch + 1 { bus.drain(timeoutMilliseconds: 5) }
        }
        hanging.gate.raise()
        bus.close()
        // At most a full queue and the batch that the thread had taken.
        #expect((10...20).contains(hanging.seen.load(ordering: .relaxed)))
        #expect(recording.events.count == 100)
    }

    @Test func `a removed listener gets nothing more, and one added twice gets each event once`() {
        let bus = ListenerBus(logger: Workspace.quiet)
        let first = RecordingListener()
        let second = RecordingListener()
        bus.add(first)
        bus.add(second)
        bus.add(second)
        #expect(bus.listeners.count == 2)
        bus.post(Self.progress(0))
        bus.drain(timeoutMilliseconds: 5000)
        bus.remove(first)
        bus.post(Self.progress(1))
        bus.close()
        #expect(first.events.count == 1)
        #expect(second.events.count == 2)
    }

    @Test func `events arrive in the order in which they were posted`() {
        let bus = ListenerBus(logger: Workspace.quiet)
        let listener = RecordingListener()
        bus.add(listener)
        for batch in 0..<1000 { bus.post(Self.progress(Int64(batch))) }
        bus.close()
        let batches = listener.events.map { event -> Int64? in
            guard case .progress(let event) = event else { return nil }
            return event.progress.batchId
        }
        #expect(batches == (0..<1000).map { Int64($0) })
    }
}
