import Testing

@testable import MetricsTopic

/// What stays in memory of blocks that were written to files which went again.
@Suite struct BlockQueueTests {
    /// A block of 100 bytes with two events.
    private func block(_ first: UInt64) -> FrameBlock {
        FrameBlock(bytes: Array(repeating: 0, count: 100), positions: [first, first + 1], starts: [0, 50])
    }

    private func written(_ firsts: UInt64...) -> BlockQueue {
        var queue = BlockQueue()
        for first in firsts {
            let block = block(first)
            queue.append(block)
            queue.markWritten(block)
        }
        return queue
    }

    @Test func `blocks whose file was given up are let go of when memory is needed`() {
        var queue = written(0, 2, 4, 6)
        // Nothing is synced yet, so all of it may be needed again.
        #expect(queue.evictDurable(downTo: 100).isEmpty)
        queue.noteFileGone(0...3)
        #expect(queue.evictDurable(downTo: 100) == [0...1, 2...3])
        #expect(queue.bytes == 200)
    }

    @Test func `a sync that fails takes back what its file still held, and nothing of those given up`() {
        var queue = written(0, 2, 4)
        queue.noteFileGone(0...3)
        #expect(queue.distrustUnsynced() == [4...5])
        #expect(queue.unwrittenBytes == 100)
    }

    @Test func `a file that is told in pieces gives up each block once, with the piece of its last event`() {
        var queue = written(0, 2)
        queue.noteFileGone(0...0)
        #expect(queue.evictDurable(downTo: 0).isEmpty)
        queue.noteFileGone(1...1)
        #expect(queue.evictDurable(downTo: 0) == [0...1])
    }

    @Test func `what a failed sync took back is found in front of a block that is larger than the spool`() {
        var queue = written(0)
        let large = block(2)
        queue.append(large)
        queue.passOver(large)
        #expect(queue.distrustUnsynced() == [0...1])
        #expect(queue.firstUnwritten?.first == 0)
    }

    @Test func `what is not in a file yet stays what it is`() {
        var queue = written(0)
        queue.append(block(2))
        queue.noteFileGone(0...3)
        #expect(queue.unwrittenBytes == 100)
        #expect(queue.firstUnwritten?.first == 2)
    }
}
