import Foundation
import Kafka
import Testing

@Suite struct ProcessLimitsTests {
    private func residentBytes() throws -> Int {
        let text = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8)
        let pages = try #require(text.split(separator: " ").dropFirst().first.flatMap { Int($0) })
        return pages * sysconf(Int32(_SC_PAGESIZE))
    }

    @Test func `memory that was let go of goes back to the system, also from between what is kept`() async throws {
        // Every 64th block is kept, so that the library has no free end that it would give back by itself.
        var blocks: [UnsafeMutableRawPointer?] = (0..<20_000).map { _ in
            let block = malloc(4000)
            memset(block, 1, 4000)
            return block
        }
        for index in blocks.indices where index % 64 != 63 {
            free(blocks[index])
            blocks[index] = nil
        }
        let before = try residentBytes()
        let task = Task { await ProcessLimits.giveBackMemory(every: .milliseconds(10)) }
        let deadline = Date().addingTimeInterval(10)
        while try residentBytes() > before - (30 << 20), deadline.timeIntervalSinceNow > 0 {
            try await Task.sleep(for: .milliseconds(20))
        }
        task.cancel()
        await task.value
        #expect(try residentBytes() < before - (30 << 20))
        for block in blocks { free(block) }
    }
}
