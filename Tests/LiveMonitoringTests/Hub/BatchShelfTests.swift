import Foundation
@testable import LiveMonitoring
import StreamingMetrics
import Testing

/// Progress texts of one query are kept packed, in bounded memory.
@Suite struct BatchShelfTests {
    private let maker = BatchMaker()

    private func batch(_ number: Int64, words: String? = nil) throws -> KeptBatch {
        guard case .progress(var event) = maker.batch(number, Double(number)) else { throw CancellationError() }
        if let words { event.progress.sink.description = words }
        return try #require(KeptBatch(.progress(event)))
    }

    private func text(_ batch: KeptBatch, in shelf: BatchShelf) -> [UInt8]? {
        shelf.text(of: batch.key.runId, batch.key.batchId)
    }

    @Test func `every text comes back as it was, whatever its model`() throws {
        var shelf = BatchShelf()
        let batches = try (0..<100).map { try batch($0) }
        for batch in batches { _ = shelf.add(batch, maximumCount: 100, maximumBytes: 1 << 20) }
        #expect(shelf.keys(limit: 100).map(\.batchId) == (0..<100).reversed())
        for batch in batches { #expect(text(batch, in: shelf) == batch.text) }
    }

    @Test func `texts that are alike take a fraction of their own length`() throws {
        var shelf = BatchShelf()
        var length = 0
        for number in 0..<100 {
            let batch = try batch(Int64(number))
            length += batch.text.count
            _ = shelf.add(batch, maximumCount: 100, maximumBytes: 1 << 20)
        }
        #expect(shelf.byteCount < length / 2)
    }

    @Test func `a text that is like no other is kept whole`() throws {
        var shelf = BatchShelf()
        var random = SystemRandomNumberGenerator()
        let signs = Array("0123456789abcdefghijklmnopqrstuv")
        let batches = try (0..<20).map { number in
            try batch(number, words: String((0..<4000).map { _ in signs.randomElement(using: &random) ?? "0" }))
        }
        for batch in batches { _ = shelf.add(batch, maximumCount: 100, maximumBytes: 1 << 20) }
        for batch in batches { #expect(text(batch, in: shelf) == batch.text) }
    }

    @Test func `a text beyond what the packing looks back to is kept all the same`() throws {
        var shelf = BatchShelf()
        let batches = try (0..<3).map { try batch($0, words: String(repeating: "wide ", count: 20_000)) }
        for batch in batches { _ = shelf.add(batch, maximumCount: 100, maximumBytes: 1 << 20) }
        for batch in batches { #expect(text(batch, in: shelf) == batch.text) }
    }

    @Test(arguments: [5_000, 20_000])
    func `no more bytes are held than are allowed, and the newest batches stay`(maximum: Int) throws {
        var shelf = BatchShelf()
        var sum = 0
        for number in 0..<200 {
            sum += shelf.add(try batch(Int64(number)), maximumCount: 1000, maximumBytes: maximum)
            #expect(shelf.byteCount == sum)
            #expect(shelf.byteCount <= maximum)
        }
        let keys = shelf.keys(limit: 1000).map(\.batchId)
        #expect(keys.count >= maximum / 700)
        #expect(keys == Array((200 - Int64(keys.count)..<200).reversed()))
        for key in shelf.keys(limit: 1000) { #expect(shelf.text(of: key.runId, key.batchId) != nil) }
    }

    @Test(arguments: [0, 1, 500])
    func `the newest batch stays where there is room for none`(maximum: Int) throws {
        var shelf = BatchShelf()
        for number in 0..<70 {
            let batch = try batch(Int64(number))
            _ = shelf.add(batch, maximumCount: 100, maximumBytes: maximum)
            #expect(shelf.keys(limit: 100).map(\.batchId) == [Int64(number)])
            #expect(text(batch, in: shelf) == batch.text)
        }
    }

    @Test func `a text that is large against the room keeps its model, so that batches of before stay`() throws {
        var shelf = BatchShelf()
        let words = (0..<700).map { "word\($0 * 7919 % 1000)" }.joined(separator: " ")
        var fewest = Int.max
        for number in 0..<100 {
            _ = shelf.add(try batch(Int64(number), words: words), maximumCount: 100, maximumBytes: 9_000)
            if number > 10 { fewest = min(fewest, shelf.count) }
            #expect(shelf.byteCount <= 9_000)
        }
        #expect(fewest >= 4)
    }

    @Test func `nothing is left of the account when everything is dropped`() throws {
        var shelf = BatchShelf()
        for number in 0..<70 { _ = shelf.add(try batch(Int64(number)), maximumCount: 100, maximumBytes: 1 << 20) }
        let held = shelf.byteCount
        #expect(shelf.trim(maximumCount: 0, maximumBytes: 1 << 20) == -held)
        #expect(shelf.byteCount == 0 && shelf.count == 0)
        let next = try batch(70)
        _ = shelf.add(next, maximumCount: 100, maximumBytes: 1 << 20)
        #expect(text(next, in: shelf) == next.text)
    }

    @Test func `a batch that comes again takes its own place, and the account follows`() throws {
        var shelf = BatchShelf()
        for number in 0..<5 { _ = shelf.add(try batch(Int64(number)), maximumCount: 100, maximumBytes: 1 << 20) }
        let again = try batch(0, words: String(repeating: "another sink ", count: 40))
        let before = shelf.byteCount
        let change = shelf.add(again, maximumCount: 100, maximumBytes: 1 << 20)
        #expect(shelf.byteCount == before + change && shelf.count == 5)
        #expect(text(again, in: shelf) == again.text)
        for number in 1..<5 {
            let batch = try batch(Int64(number))
            #expect(text(batch, in: shelf) == batch.text)
        }
        _ = shelf.trim(maximumCount: 0, maximumBytes: 0)
        #expect(shelf.byteCount == 0)
    }

    @Test func `what was not packed by a model is no text and no crash`() {
        let model = Array(repeating: UInt8(ascii: "a"), count: 100)
        #expect(TextPacking.unpack([0xFF, 0xFF, 0xFF], count: 100, like: model) == nil)
        #expect(TextPacking.unpack([], count: 10, like: model) == nil)
        #expect(TextPacking.pack([], like: model) == nil)
    }
}
