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

    @Test func `F18 a listener that hangs delays no other, and what does not fit its queue is dropped`() {
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

    /// Throws at every event, and counts them.
    final class ThrowingListener: StreamingQueryListener {
        struct Fault: Error {}
        let seen = Atomic<Int>(0)
        func onQueryStarted(_ event: QueryStartedEvent) throws {}
        func onQueryProgress(_ event: QueryProgressEvent) throws {
            seen.wrappingAdd(1, ordering: .relaxed)
            throw Fault()
        }
        func onQueryTerminated(_ event: QueryTerminatedEvent) throws {}
    }

    /// Adds and removes listeners, posts and drains, all from inside its callback.
    final class ReentrantListener: StreamingQueryListener {
        let bus: ListenerBus
        let added = RecordingListener()
        let seen = Atomic<Int>(0)

        init(bus: ListenerBus) { self.bus = bus }

        func onQueryStarted(_ event: QueryStartedEvent) {}
        func onQueryProgress(_ event: QueryProgressEvent) {
            let count = seen.wrappingAdd(1, ordering: .relaxed).newValue
            if count == 1 { bus.add(added) }
            if count == 3 { bus.remove(added) }
            if count == 5 { bus.remove(self) }
        }
        func onQueryTerminated(_ event: QueryTerminatedEvent) {}
    }

    @Test func `F18 a listener that throws at every event stops neither itself nor another`() {
        let bus = ListenerBus(logger: Workspace.quiet)
        let throwing = ThrowingListener()
        let recording = RecordingListener()
        bus.add(throwing)
        bus.add(recording)
        for batch in 0..<200 { bus.post(Self.progress(Int64(batch))) }
        bus.close()
        #expect(throwing.seen.load(ordering: .relaxed) == 200)
        #expect(recording.events.count == 200)
    }

    @Test func `F18 a listener may add and remove listeners, itself too, from inside its call`() {
        let bus = ListenerBus(logger: Workspace.quiet)
        let reentrant = ReentrantListener(bus: bus)
        let recording = RecordingListener()
        bus.add(reentrant)
        bus.add(recording)
        for batch in 0..<10 {
            bus.post(Self.progress(Int64(batch)))
            bus.drain(timeoutMilliseconds: 5000)
        }
        bus.close()
        #expect(reentrant.seen.load(ordering: .relaxed) == 5)
        // The third event is on its way to both when one removes the other.
        #expect((1...2).contains(reentrant.added.events.count))
        #expect(recording.events.count == 10)
    }
}
