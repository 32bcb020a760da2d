import FoundationEssentials
import Kafka
import Testing

@testable import MetricsTopic

@Suite struct SequenceTrackerTests {
    private let run = RunKey(query: UUID(), run: UUID())
    private let progress = TopicPartition(topic: "p", partition: 0)
    private let lifecycle = TopicPartition(topic: "l", partition: 0)

    private func tracker(graceSeconds: Int = 10) -> SequenceTracker {
        var tracker = SequenceTracker(seesBeginnings: true, limits: .init(grace: .seconds(graceSeconds)))
        tracker.assigned([progress, lifecycle])
        return tracker
    }

    private func read(
        _ tracker: inout SequenceTracker, _ numbers: [UInt64], from place: TopicPartition, atMs time: Int64,
        now: Duration = .zero
    ) {
        for number in numbers {
            tracker.read(topic: place.topic, partition: place.partition, offset: 0, timestampMs: time)
            tracker.saw(run, sequence: number, timestampMs: time, now: now)
        }
    }

    @Test func `what the other topic brings later is no gap`() {
        var tracker = tracker()
        read(&tracker, [1, 2, 4, 5], from: progress, atMs: 1000)
        tracker.reachedEnd(of: progress)
        var gaps = tracker.finalGaps(now: .seconds(100))
        #expect(gaps.isEmpty)
        read(&tracker, [0, 3], from: lifecycle, atMs: 1000)
        tracker.reachedEnd(of: lifecycle)
        #expect(!tracker.hasHoles)
        gaps = tracker.allGaps()
        #expect(gaps.isEmpty)
    }

    @Test func `a hole is final when both ends were reached and the grace is over`() {
        var tracker = tracker()
        read(&tracker, [0, 1, 4], from: progress, atMs: 1000, now: .seconds(5))
        tracker.reachedEnd(of: progress)
        tracker.reachedEnd(of: lifecycle)
        var gaps = tracker.finalGaps(now: .seconds(14))
        #expect(gaps.isEmpty)
        gaps = tracker.finalGaps(now: .seconds(15))
        #expect(gaps.map(\.missing) == [2...3])
        gaps = tracker.finalGaps(now: .seconds(99))
        #expect(gaps.isEmpty)
        gaps = tracker.allGaps()
        #expect(gaps.isEmpty)
    }

    @Test func `a hole is final when both topics were read past its time`() {
        var tracker = tracker()
        read(&tracker, [0, 2], from: progress, atMs: 1000)
        read(&tracker, [3], from: progress, atMs: 50_000)
        var gaps = tracker.finalGaps(now: .zero)
        #expect(gaps.isEmpty)
        tracker.read(topic: "l", partition: 0, offset: 0, timestampMs: 11_000)
        gaps = tracker.finalGaps(now: .zero)
        #expect(gaps.isEmpty)
        tracker.read(topic: "l", partition: 0, offset: 0, timestampMs: 11_001)
        gaps = tracker.finalGaps(now: .zero)
        #expect(gaps.map(\.missing) == [1...1])
    }

    @Test func `a number within a hole splits it`() {
        var tracker = tracker()
        read(&tracker, [0, 10, 5], from: progress, atMs: 0)
        let gaps = tracker.allGaps()
        #expect(gaps.map(\.missing) == [1...4, 6...9])
    }

    @Test func `the first number is missed only by a reader who saw the beginning`() {
        for sees in [true, false] {
            var tracker = SequenceTracker(seesBeginnings: sees)
            read(&tracker, [3, 4], from: progress, atMs: 0)
            let gaps = tracker.allGaps()
            #expect(gaps.map(\.missing) == (sees ? [0...2] : []))
        }
    }

    @Test func `a partition that goes to somebody else is not waited for`() {
        var tracker = tracker()
        read(&tracker, [0, 2], from: progress, atMs: 0)
        tracker.reachedEnd(of: progress)
        tracker.revoked([lifecycle])
        let gaps = tracker.finalGaps(now: .seconds(60))
        #expect(gaps.map(\.missing) == [1...1])
    }

    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func `F23: what is missing in shuffled and repeated logs is reported exactly`(seed: UInt64) {
        var random = SeededGenerator(state: seed)
        var tracker = tracker()
        var missing: [RunKey: Set<UInt64>] = [:]
        var log: [(RunKey, UInt64)] = []
        for _ in 0..<20 {
            let run = RunKey(query: UUID(), run: UUID())
            missing[run] = []
            for number in 0..<2000 as Range<UInt64> {
                // The last one arrives, or nobody could know of it.
                if number < 1999, Int.random(in: 0..<50, using: &random) == 0 {
                    missing[run]?.insert(number)
                } else {
                    for _ in 0..<Int.random(in: 1...2, using: &random) { log.append((run, number)) }
                }
            }
        }
        let window = Int.random(in: 1...5000, using: &random)
        for start in stride(from: 0, to: log.count, by: window) {
            log[start..<min(start + window, log.count)].shuffle(using: &random)
        }
        for (run, number) in log { tracker.saw(run, sequence: number, timestampMs: 0, now: .zero) }
        var reported: [RunKey: Set<UInt64>] = missing.mapValues { _ in [] }
        for gap in tracker.allGaps() {
            for number in gap.missing {
                #expect(reported[RunKey(query: gap.queryId, run: gap.runId)]?.insert(number).inserted == true)
            }
        }
        #expect(reported == missing)
    }

    @Test func `holes of one run and the number of runs are bounded`() {
        var tracker = SequenceTracker(seesBeginnings: true, limits: .init(runs: 10, holesPerRun: 8))
        for number in stride(from: 0 as UInt64, to: 2000, by: 2) {
            tracker.saw(run, sequence: number, timestampMs: 0, now: .zero)
        }
        let early = tracker.finalGaps(now: .zero)
        #expect(early.first?.missing == 1...1)
        let late = tracker.allGaps()
        #expect(early.count + late.count == 999)
        let holed = RunKey(query: UUID(), run: UUID())
        tracker.saw(holed, sequence: 5, timestampMs: 0, now: .zero)
        for _ in 0..<50 {
            tracker.saw(RunKey(query: UUID(), run: UUID()), sequence: 0, timestampMs: 0, now: .zero)
        }
        let gaps = tracker.finalGaps(now: .zero)
        #expect(gaps.map(\.runId) == [holed.run])
    }
}
