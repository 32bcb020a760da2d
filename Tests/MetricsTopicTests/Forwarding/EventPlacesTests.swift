import StreamingMetrics
import Testing

@testable import MetricsTopic

@Suite struct EventPlacesTests {
    @Test func `many events that come and go behind one that waits take no memory`() {
        var places = EventPlaces(from: 0)
        places.append(.disk, count: 1)
        for position in 1..<300_000 as Range<UInt64> {
            places.append(.memory, count: 1)
            #expect(places.settle(position) == .memory)
        }
        #expect(places.pageCount <= 2)
        #expect(places.firstOpen(from: 0) == 0 && places.firstOpen(from: 1) == 300_000)
        #expect(places.settle(0) == .disk)
        places.append(.memory, count: 1)
        #expect(places.firstOpen(from: 0) == 300_000 && places[299_999] == .settled)
        #expect(places.pageCount == 1)
    }

    @Test func `short runs with gaps between them share pages`() {
        var places = EventPlaces(from: 0)
        for run in 1...1000 as ClosedRange<UInt64> {
            places.append(.disk, count: 1)
            places.skip(to: run * 10)
        }
        #expect(places.pageCount == 3)
        #expect(
            places.hasOpen(in: 9981...9990) && !places.hasOpen(in: 9981...9989) && !places.hasOpen(in: 9991...20_000))
    }

    @Test func `what is settled stays settled, and what is not there yet counts as settled`() {
        var places = EventPlaces(from: 7)
        places.append(.memory, count: 2)
        #expect([7, 7, 3, 100].map { places.settle($0) } == [.memory, .settled, .settled, .settled])
        places.updateOpen(in: 0...1000) { _, place in place.insert(.disk) }
        #expect([3, 7, 8, 100].map { places[$0] } == [.settled, .settled, [.memory, .disk], .settled])
    }

    /// Random operations against a dictionary of what is not settled.
    @Test(arguments: 0..<20 as Range<UInt64>) func `places are those of a model`(seed: UInt64) {
        var random = SeededGenerator(state: seed)
        var places = EventPlaces(from: 0, pageSize: 16)
        var model: [UInt64: EventPlaces.Place] = [:]
        var end: UInt64 = 0
        for _ in 0..<500 {
            switch Int.random(in: 0..<5, using: &random) {
            case 0:
                let count = Int.random(in: 0...40, using: &random)
                places.append(.memory, count: count)
                for position in end..<end + UInt64(count) { model[position] = .memory }
                end += UInt64(count)
            case 1 where Bool.random(using: &random):
                end += UInt64.random(in: 0...100, using: &random)
                places.skip(to: end)
            case 2 where !model.isEmpty:
                // A range as an acknowledged file is, and a few that stay.
                let first = UInt64.random(in: 0..<end, using: &random)
                places.updateOpen(in: first...first + 40) { position, place in
                    if position % 17 != 0 { place = .settled }
                }
                for position in first...first + 40 where position % 17 != 0 { model[position] = nil }
            case 3 where !model.isEmpty:
                let from = UInt64.random(in: 0..<end, using: &random)
                let open = places.insert(.disk, atFirstOpenFrom: from)
                #expect(open == model.keys.filter { $0 >= from }.min())
                if let open { model[open]?.insert(.disk) }
            default:
                if let least = model.keys.min() {
                    #expect(places.settle(least) == model.removeValue(forKey: least))
                }
            }
            #expect(places.end == end)
            let from = UInt64.random(in: 0...end, using: &random)
            #expect(places.firstOpen(from: from) == model.keys.filter { $0 >= from }.min() ?? end)
            #expect(places[from] == model[from] ?? .settled)
            let to = from + UInt64.random(in: 0...40, using: &random)
            #expect(places.hasOpen(in: from...to) == (from...to).contains { model[$0] != nil })
        }
    }
}
