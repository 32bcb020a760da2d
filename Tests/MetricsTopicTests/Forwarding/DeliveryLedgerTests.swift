import Testing

@testable import MetricsTopic

@Suite struct DeliveryLedgerTests {
    private func taken(_ count: Int, _ ledger: inout DeliveryLedger) -> [UInt64?] {
        (0..<count).map { _ in ledger.take() }
    }

    private func acknowledges(_ position: UInt64, _ ledger: inout DeliveryLedger) -> Bool {
        ledger.acknowledge(position)
    }

    @Test func `an event is counted in one place from its publication to its acknowledgement`() {
        var ledger = DeliveryLedger()
        ledger.publish(2)
        #expect((ledger.inMemory, ledger.onDisk) == (2, 0))
        ledger.markOnDisk(0...1)
        #expect((ledger.inMemory, ledger.onDisk) == (0, 2))
        #expect(taken(1, &ledger) == [0])
        #expect(ledger.onItsWay == 1)
        ledger.acknowledge(0)
        ledger.advance()
        #expect((ledger.acknowledged, ledger.onDisk, ledger.onItsWay, ledger.base) == (1, 1, 0, 1))
    }

    @Test func `an acknowledgement counts once, however often it comes`() {
        var ledger = DeliveryLedger()
        ledger.publish(1)
        _ = ledger.take()
        #expect(acknowledges(0, &ledger) == true)
        #expect(acknowledges(0, &ledger) == false)
        ledger.advance()
        #expect(acknowledges(0, &ledger) == false)
        #expect(acknowledges(7, &ledger) == false)
        #expect(ledger.acknowledged == 1)
    }

    @Test func `what is put back is taken again in order once nothing is on its way`() {
        var ledger = DeliveryLedger()
        ledger.publish(4)
        for _ in 0..<3 { _ = ledger.take() }
        ledger.putBack(1)
        ledger.rewind()
        #expect(taken(1, &ledger) == [nil])
        ledger.acknowledge(0)
        ledger.acknowledge(2)
        ledger.rewind()
        #expect(taken(3, &ledger) == [1, 3, nil])
    }

    @Test func `what was taken and not handed over is next again without waiting`() {
        var ledger = DeliveryLedger()
        ledger.publish(4)
        for _ in 0..<3 { _ = ledger.take() }
        ledger.giveBack(from: 1)
        #expect(ledger.onItsWay == 1)
        #expect(taken(2, &ledger) == [1, 2])
    }

    @Test func `an event without a copy is dropped at once, or when its report says that it failed`() {
        var ledger = DeliveryLedger()
        ledger.publish(3)
        _ = ledger.take()
        _ = ledger.take()
        ledger.loseMemory(0...2, .memoryFull)
        #expect(ledger.dropped == [.memoryFull: 1])
        ledger.acknowledge(0)
        ledger.putBack(1)
        #expect(ledger.dropped == [.memoryFull: 2])
        #expect((ledger.acknowledged, ledger.pending) == (1, 0))
    }

    @Test func `an event that was given up on its way is dropped for the reason it was given up for`() {
        var ledger = DeliveryLedger()
        ledger.publish(2)
        ledger.markOnDisk(0...1)
        _ = ledger.take()
        _ = ledger.take()
        ledger.loseDisk(0...1, .diskFailed)
        ledger.loseMemory(0...0, .memoryFull)
        #expect(ledger.dropped == [:])
        #expect(ledger.putBackAll() == nil)
        #expect(ledger.dropped == [.memoryFull: 1])
        #expect(taken(2, &ledger) == [1, nil])
        ledger.loseMemory(1...1, .spoolFull)
        ledger.giveBack(from: 1)
        #expect(ledger.dropped == [.memoryFull: 1, .spoolFull: 1])
    }

    @Test func `what is given up at the end keeps the reason it was lost for on its way`() {
        var ledger = DeliveryLedger()
        ledger.publish(2)
        _ = ledger.take()
        ledger.loseMemory(0...0, .memoryFull)
        #expect(ledger.giveUpMemory(.closed) == nil)
        #expect(ledger.dropped == [.memoryFull: 1, .closed: 1])
    }

    @Test func `events of an earlier process keep their positions, and holes stay settled`() {
        var ledger = DeliveryLedger(base: 5)
        ledger.recover(5...6)
        ledger.recover(9...9)
        ledger.skip(to: 12)
        #expect((ledger.onDisk, ledger.end) == (3, 12))
        #expect(taken(4, &ledger) == [5, 6, 9, nil])
        ledger.publish(1)
        #expect(taken(1, &ledger) == [12])
    }

    /// Three walks long, and all of it taken.
    private func longLedger() -> DeliveryLedger {
        var ledger = DeliveryLedger()
        ledger.publish(3 * DeliveryLedger.walk)
        while ledger.take() != nil {}
        return ledger
    }

    @Test func `the base moves over many settled events at once`() {
        var ledger = longLedger()
        for position in 0..<ledger.end { ledger.acknowledge(position) }
        ledger.advance()
        #expect(ledger.base == ledger.end)
    }

    @Test func `what is settled behind one that is not is passed over when sending begins again`() {
        var ledger = longLedger()
        for position in 1..<ledger.end - 1 { ledger.acknowledge(position) }
        #expect(ledger.isSettled(1...ledger.end - 2) && !ledger.isSettled(0...1))
        ledger.putBack(0)
        ledger.putBack(ledger.end - 1)
        ledger.rewind()
        #expect(taken(3, &ledger) == [0, ledger.end - 1, nil])
        #expect(!ledger.hasMore)
    }

    @Test func `holes of any width between events of an earlier process are settled`() {
        var ledger = DeliveryLedger(base: 5)
        ledger.recover(5...6)
        ledger.recover((1 << 40)...(1 << 40) + 1)
        ledger.skip(to: 1 << 50)
        ledger.publish(1)
        let far: UInt64 = 1 << 40
        #expect(taken(6, &ledger) == [5, 6, far, far + 1, 1 << 50 as UInt64, nil])
        #expect(ledger.isSettled(7...(1 << 40) - 1) && !ledger.isSettled(7...1 << 40))
        ledger.acknowledge(1 << 40)
        ledger.loseDisk(5...1 << 40, .spoolFull)
        ledger.putBack(5)
        #expect((ledger.dropped, ledger.pending) == ([.spoolFull: 1], 3))
    }

    @Test func `everything that is on its way is put back, and given up, in pieces`() {
        var ledger = longLedger()
        var (rest, pieces): (UInt64?, Int) = (0, 0)
        while let position = rest {
            rest = ledger.putBackAll(from: position)
            pieces += 1
        }
        #expect(pieces == 3 && ledger.onItsWay == 0)
        #expect(taken(1, &ledger) == [0])
        ledger.markOnDisk(5...5)
        (rest, pieces) = (0, 0)
        while let position = rest {
            rest = ledger.giveUpMemory(.closed, from: position)
            pieces += 1
        }
        #expect(pieces == 3 && ledger.dropped == [.closed: 3 * DeliveryLedger.walk - 1])
        #expect((ledger.pending, ledger.base) == (1, 5))
    }

    /// Random operations against a model that keeps each event's places in a dictionary.
    @Test(arguments: 0..<20 as Range<UInt64>) func `the counts are those of a model`(seed: UInt64) {
        var random = SeededGenerator(state: seed)
        var ledger = DeliveryLedger()
        var model: [UInt64: Set<String>] = [:]
        var (acknowledged, dropped) = (0, 0)
        func settle(_ position: UInt64) { model[position] = nil }
        func dropIfGone(_ position: UInt64) {
            if model[position] == [] {
                settle(position)
                dropped += 1
            }
        }
        for _ in 0..<3000 {
            let end = ledger.end
            let low = end == 0 ? 0 : UInt64.random(in: (end > 20 ? end - 20 : 0)..<end, using: &random)
            let range = low...min(low + UInt64.random(in: 0..<4, using: &random), max(end, 1) - 1)
            switch Int.random(in: 0..<9, using: &random) {
            case 0:
                for _ in 0..<3 { model[end + UInt64(model.keys.count { $0 >= end })] = ["memory"] }
                ledger.publish(3)
            case 1 where end > 0:
                ledger.markOnDisk(range)
                for position in range where model[position] != nil { model[position]?.insert("disk") }
            case 2 where end > 0:
                // Only what is on the disk can be lost from it.
                for position in range where model[position]?.remove("disk") != nil { dropIfGone(position) }
                ledger.loseDisk(range, .spoolFull)
            case 3 where end > 0:
                for position in range where model[position] != nil {
                    model[position]?.remove("memory")
                    dropIfGone(position)
                }
                ledger.loseMemory(range, .memoryFull)
            case 4, 5:
                if let position = ledger.take() { model[position]?.insert("way") }
            case 6 where end > 0:
                if ledger.acknowledge(low) {
                    #expect(model[low] != nil)
                    settle(low)
                    acknowledged += 1
                }
            case 7 where end > 0:
                ledger.putBack(low)
                if model[low]?.remove("way") != nil { dropIfGone(low) }
            default: ledger.rewind()
            }
            ledger.advance()
            #expect(ledger.acknowledged == acknowledged)
            #expect(ledger.dropped.values.reduce(0, +) == dropped)
            #expect(ledger.onDisk == model.values.count { $0.contains("disk") })
            #expect(ledger.inMemory == model.values.count { !$0.contains("disk") })
            #expect(ledger.onItsWay == model.values.count { $0.contains("way") })
            #expect(Int(ledger.end) == acknowledged + dropped + ledger.pending)
        }
    }
}
