import FoundationEssentials
import StreamingMetrics
import Testing

@testable import MetricsTopic

/// Fault row F23: duplicates, reordering, two producers for one query.
@Suite struct DeduplicatorTests {
    /// A deduplicator behind a reference, since an expectation cannot change a value.
    private final class Reader {
        var deduplicator: Deduplicator

        init(limits: Deduplicator.Limits = .init()) { deduplicator = Deduplicator(limits: limits) }

        var runCount: Int { deduplicator.runCount }
        var intervalCount: Int { deduplicator.intervalCount }

        func isNew(_ event: StreamingQueryEvent, payload: String) -> Bool {
            deduplicator.isNew(event, sequence: nil, payload: Array(payload.utf8))
        }

        func isNew(_ key: RunKey, _ kind: StreamingQueryEvent.Kind, batch: Int64?, sequence: UInt64) -> Bool {
            deduplicator.isNew(key, kind, batch: batch, sequence: sequence)
        }

        func isNew(_ key: RunKey, batch: Int64, digest: UInt64) -> Bool {
            deduplicator.isNew(key, batch: batch, digest: digest)
        }
    }

    private struct Key: Hashable {
        var run: RunKey
        var kind: StreamingQueryEvent.Kind
        var batch: Int64?
        var sequence: UInt64
    }

    /// What forwarders write in the life of a run: started, batches with idle times between, terminated. A second
    /// forwarder counts the same events from 0, without those before it was attached.
    private func history(runs: Int, batches: Int, _ random: inout SeededGenerator) -> [Key] {
        var all: [Key] = []
        for _ in 0..<runs {
            let run = RunKey(query: UUID(), run: UUID())
            var events: [(StreamingQueryEvent.Kind, Int64?)] = [(.started, nil)]
            for batch in 0..<Int64(batches) {
                if Int.random(in: 0..<20, using: &random) == 0 { events.append((.idle, nil)) }
                events.append((.progress, batch))
            }
            events.append((.terminated, nil))
            for (sequence, event) in events.enumerated() {
                all.append(Key(run: run, kind: event.0, batch: event.1, sequence: UInt64(sequence)))
            }
            guard Bool.random(using: &random) else { continue }
            let late = Int.random(in: 1..<events.count, using: &random)
            for (sequence, event) in events.dropFirst(late).enumerated() {
                all.append(Key(run: run, kind: event.0, batch: event.1, sequence: UInt64(sequence)))
            }
        }
        return all
    }

    @Test(arguments: [(UInt64(1), 5000), (2, 2_000_000)])
    func `F23: a million shuffled and repeated events give each event once`(seed: UInt64, window: Int) throws {
        var random = SeededGenerator(state: seed)
        let events = history(runs: 300, batches: 1500, &random)
        var copies: [Key] = []
        for event in events {
            for _ in 0..<Int.random(in: 1...3, using: &random) { copies.append(event) }
        }
        try #require(copies.count >= 1_000_000)
        for start in stride(from: 0, to: copies.count, by: window) {
            copies[start..<min(start + window, copies.count)].shuffle(using: &random)
        }
        let deduplicator = Reader(limits: .init(intervals: 2_000_000))
        var model: Set<Key> = []
        var wrong = 0
        for event in copies {
            let isNew = deduplicator.isNew(event.run, event.kind, batch: event.batch, sequence: event.sequence)
            if isNew != model.insert(event).inserted { wrong += 1 }
        }
        #expect(wrong == 0)
        #expect(model == Set(events))
    }

    @Test func `a run in order costs an interval for each idle time and no more`() {
        let deduplicator = Reader()
        let run = RunKey(query: UUID(), run: UUID())
        for sequence in 0..<100_000 as Range<UInt64> {
            _ = deduplicator.isNew(run, .progress, batch: Int64(sequence), sequence: sequence)
        }
        #expect(deduplicator.intervalCount == 1)
    }

    @Test func `memory is bounded, and what is forgotten passes as new`() {
        let deduplicator = Reader(limits: .init(runs: 100, intervals: 1000))
        let first = RunKey(query: UUID(), run: UUID())
        #expect(deduplicator.isNew(first, .started, batch: nil, sequence: 0))
        #expect(!deduplicator.isNew(first, .started, batch: nil, sequence: 0))
        for _ in 0..<500 {
            let run = RunKey(query: UUID(), run: UUID())
            // Every second number: the worst case for intervals.
            for sequence in stride(from: 0, to: 100, by: 2) {
                #expect(deduplicator.isNew(run, .idle, batch: nil, sequence: UInt64(sequence)))
            }
            #expect(deduplicator.runCount <= 100)
            #expect(deduplicator.intervalCount <= 1000)
        }
        #expect(deduplicator.isNew(first, .started, batch: nil, sequence: 0))
    }

    @Test func `a single run without end stays within the bound and knows its recent events`() {
        let deduplicator = Reader(limits: .init(intervals: 1000))
        let run = RunKey(query: UUID(), run: UUID())
        for sequence in stride(from: 0 as UInt64, to: 100_000, by: 2) {
            #expect(deduplicator.isNew(run, .idle, batch: nil, sequence: sequence))
            #expect(!deduplicator.isNew(run, .idle, batch: nil, sequence: sequence))
            #expect(deduplicator.intervalCount <= 1000)
        }
    }

    @Test func `without a sequence only an identical progress of the same batch is a copy`() {
        let deduplicator = Reader()
        let (id, runId) = (UUID(), UUID())
        let event = StreamingQueryEvent.progress(.sample(id: id, runId: runId, batchId: 4))
        for payload in ["one", "two"] {
            #expect(deduplicator.isNew(event, payload: payload))
            #expect(!deduplicator.isNew(event, payload: payload))
        }
        let next = StreamingQueryEvent.progress(.sample(id: id, runId: runId, batchId: 5))
        #expect(deduplicator.isNew(next, payload: "one"))
        let ended = StreamingQueryEvent.terminated(QueryTerminatedEvent(id: id, runId: runId, exception: nil))
        #expect(deduplicator.isNew(ended, payload: "one"))
        #expect(deduplicator.isNew(ended, payload: "one"))
    }

    @Test func `payloads of a run are bounded and every byte of one counts`() {
        let deduplicator = Reader()
        let run = RunKey(query: UUID(), run: UUID())
        for batch in 0..<10_000 as Range<Int64> { #expect(deduplicator.isNew(run, batch: batch, digest: 7)) }
        #expect(deduplicator.intervalCount <= 2048)
        #expect(!deduplicator.isNew(run, batch: 9999, digest: 7))
        var random = SeededGenerator(state: 5)
        var bytes = (0..<77).map { _ in UInt8.random(in: 0...255, using: &random) }
        var digests: Set<UInt64> = [PayloadDigest.of(bytes), PayloadDigest.of([]), PayloadDigest.of([0])]
        for index in bytes.indices {
            bytes[index] ^= 1
            digests.insert(PayloadDigest.of(bytes))
            bytes[index] ^= 1
        }
        #expect(digests.count == 77 + 3)
    }
}
