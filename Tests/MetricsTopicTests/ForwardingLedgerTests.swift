import FoundationEssentials
import StreamingMetrics
import Testing

@testable import MetricsTopic

@Suite struct ForwardingLedgerTests {
    private let run = UUID()

    private func progress(_ batchId: Int64, name: String? = "q") -> StreamingQueryEvent {
        .progress(.sample(runId: run, batchId: batchId, name: name))
    }

    @Test func `events leave in the order they came, numbered per run`() {
        var ledger = ForwardingLedger(capacity: 10, maximumInFlight: 10)
        let other = UUID()
        for batchId in 0..<3 { ledger.offer(progress(Int64(batchId))) }
        ledger.offer(.progress(.sample(runId: other, batchId: 0, name: nil)))
        let taken = ledger.take(upTo: 3) + ledger.take(upTo: 3)
        #expect(taken.map(\.entry.sequence) == [0, 1, 2, 0])
        #expect(taken.map(\.entry.event.batchId) == [0, 1, 2, 0])
        #expect(ledger.take(upTo: 100).isEmpty)
    }

    @Test func `a full buffer gives up its oldest event and the sequence shows the gap`() {
        var ledger = ForwardingLedger(capacity: 3, maximumInFlight: 10)
        for batchId in 0..<5 { ledger.offer(progress(Int64(batchId))) }
        #expect(ledger.statistics == ForwardingStatistics(offered: 5, pending: 3, dropped: [.bufferFull: 2]))
        #expect(ledger.take(upTo: 1).first?.entry.sequence == 2)
    }

    @Test func `idle and terminated events carry the name their run had`() {
        var ledger = ForwardingLedger(capacity: 10, maximumInFlight: 10)
        ledger.offer(progress(0, name: "named"))
        ledger.offer(.terminated(QueryTerminatedEvent(id: UUID(), runId: run, exception: nil)))
        ledger.offer(.terminated(QueryTerminatedEvent(id: UUID(), runId: run, exception: nil)))
        let taken = ledger.take(upTo: 100)
        #expect(taken.map(\.entry.queryName) == ["named", "named", nil])
        #expect(taken.map(\.entry.sequence) == [0, 1, 0])
    }

    @Test func `what a failed client had not delivered is sent first and in order`() {
        var ledger = ForwardingLedger(capacity: 10, maximumInFlight: 3)
        for batchId in 0..<5 { ledger.offer(progress(Int64(batchId))) }
        let first = ledger.take(upTo: 100)
        #expect(ledger.take(upTo: 100).isEmpty)
        ledger.acknowledge(first[1].token)
        ledger.clientFailed()
        #expect(ledger.take(upTo: 100).isEmpty)
        ledger.returnInFlight()
        let again = ledger.take(upTo: 100)
        #expect(again.map(\.entry.event.batchId) == [0, 2, 3])
        // A late word on the old client's sending changes nothing.
        ledger.acknowledge(first[0].token)
        ledger.giveUp(first[2].token, .timedOut)
        #expect(ledger.statistics == ForwardingStatistics(offered: 5, acknowledged: 1, pending: 4))
    }

    @Test func `events put back at different moments are taken again in the order they were offered`() {
        var ledger = ForwardingLedger(capacity: 10, maximumInFlight: 10)
        for batchId in 0..<8 { ledger.offer(progress(Int64(batchId))) }
        let first = ledger.take(upTo: 6)
        ledger.putBack([first[1].token, first[0].token])
        ledger.putBack(first[4...].map(\.token))
        #expect(ledger.take(upTo: 100).map(\.entry.event.batchId) == [0, 1, 4, 5, 6, 7])
        #expect(ledger.statistics == ForwardingStatistics(offered: 8, pending: 8))
    }

    @Test func `closing gives up everything and later offers count as dropped`() {
        var ledger = ForwardingLedger(capacity: 10, maximumInFlight: 1)
        for batchId in 0..<3 { ledger.offer(progress(Int64(batchId))) }
        let token = ledger.take(upTo: 100).first?.token ?? 0
        ledger.close()
        ledger.acknowledge(token)
        ledger.offer(progress(3))
        ledger.close()
        #expect(ledger.statistics == ForwardingStatistics(offered: 4, dropped: [.closed: 4]))
    }

    @Test func `after every step what was offered is acknowledged, pending or dropped`() {
        var random = SeededGenerator(state: 7)
        for capacity in [1, 2, 5, 100] {
            var ledger = ForwardingLedger(capacity: capacity, maximumInFlight: 4)
            var tokens: [UInt] = []
            for step in 0..<3000 {
                let token = tokens.randomElement(using: &random) ?? 0
                switch Int.random(in: 0..<20, using: &random) {
                case 0..<9: ledger.offer(progress(Int64(step)))
                case 9..<14: tokens += ledger.take(upTo: Int.random(in: 0..<4, using: &random)).map(\.token)
                case 14..<16: ledger.acknowledge(token)
                case 16: ledger.giveUp(token, DropReason.allCases.randomElement(using: &random) ?? .refused)
                case 17: ledger.putBack([token])
                case 18: ledger.clientFailed()
                default: ledger.returnInFlight()
                }
                if step == 2990 { ledger.close() }
                let statistics = ledger.statistics
                #expect(
                    statistics.offered == statistics.acknowledged + statistics.pending + statistics.droppedTotal)
                #expect(statistics.pending <= 2 * capacity + 8 || capacity < 5)
            }
            #expect(ledger.pending == 0)
        }
    }

    @Test func `a ring buffer is a queue`() {
        var random = SeededGenerator(state: 11)
        var ring = RingBuffer<Int>(capacity: 100)
        var model: [Int] = []
        for step in 0..<20_000 {
            if Bool.random(using: &random), ring.count < 100 {
                ring.append(step)
                model.append(step)
            } else {
                #expect(ring.popFirst() == (model.isEmpty ? nil : model.removeFirst()))
            }
            #expect(ring.count == model.count)
        }
    }
}
