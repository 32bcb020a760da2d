import StreamingTesting
import StructuredStreaming
import Synchronization
import Testing

@testable import EmbeddedEngine

@Suite struct TriggerExecutorTests {
    @Test(arguments: [
        (Int64(10_342), Int64(2000), Int64(12_000)), (12_000, 2000, 14_000), (15_974, 2000, 16_000), (0, 1000, 1000),
    ])
    func `triggers of an interval fall on its multiples since 1970`(_ now: Int64, _ interval: Int64, _ next: Int64) {
        #expect(TriggerExecutor.nextTrigger(after: now, interval: interval) == next)
    }

    /// The times are those that a Spark with the same interval and a batch of the same length had.
    @Test func `the first trigger runs at once, and so does one whose time has gone by, which is told`() throws {
        let clock = ManualClock(milliseconds: 10_342)
        let stop = WakeSignal()
        let slow = Mutex<[Int64]>([])
        let executor = TriggerExecutor(
            trigger: .processingTime(.seconds(2)), clock: SelfAdvancingClock(clock), stopSignal: stop,
            pollingDelayMilliseconds: 10
        ) { took, _ in slow.withLock { $0.append(took) } }
        var starts: [Int64] = []
        try executor.run {
            starts.append(clock.nowMilliseconds)
            if starts.count == 2 { clock.advance(milliseconds: 3974) }
            if starts.count == 3 { clock.advance(milliseconds: 221) }
            if starts.count == 5 { stop.raise() }
            return .ranBatch
        }
        #expect(starts == [10_342, 12_000, 15_974, 16_195, 18_000])
        #expect(slow.withLock { $0 } == [3974])
    }

    @Test func `once runs one trigger, available-now until it is finished`() throws {
        var runs = 0
        try Self.executor(.once).run {
            runs += 1
            return .ranBatch
        }
        #expect(runs == 1)
        try Self.executor(.availableNow).run {
            runs += 1
            return runs == 5 ? .finished : .ranBatch
        }
        #expect(runs == 5)
    }

    static func executor(_ trigger: StructuredStreaming.Trigger) -> TriggerExecutor {
        TriggerExecutor(
            trigger: trigger, clock: ManualClock(), stopSignal: WakeSignal(), pollingDelayMilliseconds: 10
        ) { _, _ in }
    }
}

/// A clock for which waiting takes no time: it moves to the moment that was waited for.
struct SelfAdvancingClock: StreamClock {
    let clock: ManualClock
    init(_ clock: ManualClock) { self.clock = clock }
    var nowMilliseconds: Int64 { clock.nowMilliseconds }
    func wait(until milliseconds: Int64, on signal: WakeSignal) {
        clock.advance(milliseconds: max(0, milliseconds - clock.nowMilliseconds))
    }
}
