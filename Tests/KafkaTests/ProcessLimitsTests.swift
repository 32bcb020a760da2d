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
        let blocks = (0..<20_000).map { _ in UnsafeMutablePointer<UInt8>.allocate(capacity: 4000) }
        for block in blocks { block.initialize(repeating: 1, count: 4000) }
        for index in blocks.indices where index % 64 != 63 { blocks[index].deallocate() }
        let before = try residentBytes()
        let task = Task { await ProcessLimits.giveBackMemory(every: .milliseconds(10)) }
        let deadline = Date().addingTimeInterval(10)
        while try residentBytes() > before - (30 << 20), deadline.timeIntervalSinceNow > 0 {
            try await Task.sleep(for: .milliseconds(20))
        }
        task.cancel()
        await task.value
        #expect(try residentBytes() < before - (30 << 20))
        for index in stride(from: 63, to: blocks.count, by: 64) { blocks[index].deallocate() }
    }
}
