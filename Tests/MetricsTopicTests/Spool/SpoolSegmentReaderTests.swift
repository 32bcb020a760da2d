import StreamingMetrics
import Testing

@testable import MetricsTopic

@Suite struct SpoolSegmentReaderTests {
    /// A file with events at some positions.
    static func file(_ positions: [UInt64], sink: String = "MemorySink") -> [UInt8] {
        var encoder = EventEncoder(progressTopic: "p", lifecycleTopic: "l")
        var builder = FrameBlockBuilder(checksums: true)
        for position in positions {
            let entry = EventRing.Entry(
                event: .progress(.sample(batchId: Int64(clamping: position), description: sink)), sequence: position)
            encoder.append(entry, position: position, timestampMs: 7, to: &builder)
        }
        return SpoolFormat.fileHeader + builder.finish().bytes
    }

    private func read(_ bytes: [UInt8], first: UInt64? = nil, floor: UInt64 = 0) throws -> SpoolSegmentReader {
        try SpoolSegmentReader(bytes, name: "test.spool", first: first, floor: floor)
    }

    @Test func `frames come back as they were written`() throws {
        let reader = try read(Self.file([3, 4, 7]))
        #expect(reader.block.positions == [3, 4, 7])
        #expect(reader.damages.isEmpty)
        let body = try #require(reader.block.body(at: 7))
        #expect(reader.block.body(at: 5) == nil)
        try reader.block.bytes.withUnsafeBytes { bytes in
            let event = try #require(SpooledEvent(body: body, in: bytes))
            #expect(event.kind == .progress && event.sequence == 7 && event.timestampMs == 7)
            #expect(String(decoding: bytes[event.topic], as: UTF8.self) == "p")
            #expect(event.name.map { String(decoding: bytes[$0], as: UTF8.self) } == "q")
            #expect(String(decoding: bytes[event.value], as: UTF8.self).contains("\"batchId\":7,"))
        }
    }

    @Test func `a tail torn anywhere costs the last frame and nothing else`() throws {
        let whole = Self.file([0, 1, 2])
        let second = try #require(try read(whole).block.starts.last)
        for length in second..<whole.count {
            let reader = try read(Array(whole[..<length]))
            #expect(reader.block.positions == [0, 1])
            #expect(reader.damages.count == (length > second ? 1 : 0))
            #expect(reader.damages.allSatisfy { $0.isTail && $0.offset == second })
        }
    }

    @Test func `a flipped bit costs the frame that it hit, names the place, and gives no wrong data`() throws {
        let whole = Self.file([10, 11, 12])
        let starts = try read(whole).block.starts
        for offset in SpoolFormat.fileHeaderSize..<whole.count {
            var bytes = whole
            bytes[offset] ^= 1 << UInt8(offset % 8)
            let reader = try read(bytes, floor: 10)
            let hit = try #require(starts.lastIndex { $0 <= offset })
            let kept = [10, 11, 12].enumerated().filter { $0.offset != hit }.map { UInt64($0.element) }
            #expect(reader.block.positions == kept, "bit in byte \(offset)")
            #expect(reader.damages.first?.offset == starts[hit], "bit in byte \(offset)")
            // A whole frame that is wrong is damage, at the file's end too, and no tail that a crash tore.
            if offset >= starts[hit] + SpoolFormat.frameHeaderSize {
                #expect(reader.damages.allSatisfy { !$0.isTail }, "bit in byte \(offset)")
            }
            if hit == 1 { #expect(reader.damages.first?.frames == 1) }
        }
    }

    @Test func `wherever reading begins, the same frames count`() throws {
        let first: UInt64 = 1 << 40
        // The third is one that a number of this size can not have followed, the fourth one from before.
        let bytes = Self.file([first, first + 1, first + 1 << 30, first, first + 2, first + 1 << 31, first + 3])
        let whole = try read(bytes, first: first)
        #expect(whole.block.positions == [first, first + 1, first + 2, first + 3])
        #expect(whole.damages.count == 2)
        for floor in first...first + 4 {
            let rest = try read(bytes, first: first, floor: floor)
            #expect(rest.block.positions == whole.block.positions.filter { $0 >= floor })
            #expect(rest.damages.map(\.offset) == whole.damages.map(\.offset))
            // Nothing is missing between them; of what lies before it is not asked.
            #expect(rest.damages.allSatisfy { $0.frames ?? 0 == 0 })
        }
        #expect(
            try read(Self.file([first, first + 1])).block.positions == [first, first + 1], "no name, any beginning")
        #expect(
            try read(Self.file([first, 5]), first: 4).block.positions == [5], "a name, and a frame of another file")
    }

    @Test func `a damaged header, a foreign file and a newer version are told apart`() {
        let whole = Self.file([0])
        func code(_ bytes: [UInt8]) -> SpoolError.Code? {
            do throws(SpoolError) {
                _ = try SpoolSegmentReader(bytes, name: "test.spool", first: nil)
                return nil
            } catch {
                return error.code
            }
        }
        #expect(code(whole) == nil)
        #expect(code([]) == .damaged)
        #expect(code(Array("{\"id\":\"this is JSON, and longer than a header\"}".utf8)) == .damaged)
        for offset in 0..<SpoolFormat.fileHeaderSize {
            var bytes = whole
            bytes[offset] ^= 16
            #expect(code(bytes) == .damaged, "byte \(offset)")
        }
        var newer = SpoolFormat.magic
        SpoolFormat.append(SpoolFormat.version + 1, to: &newer)
        SpoolFormat.append(UInt16(0), to: &newer)
        SpoolFormat.append(SpoolFormat.checksum(newer[...]), to: &newer)
        #expect(code(newer) == .newerVersion)
    }

    /// F13: whatever is done to a file, reading ends, and what it gives was written.
    @Test func `F13 mutations of every kind give only frames that were written`() throws {
        var random = SeededGenerator(state: 13)
        let whole = Self.file(Array(20..<40))
        let original = try read(whole)
        for _ in 0..<10_000 {
            var bytes = whole
            switch Int.random(in: 0..<6, using: &random) {
            case 0: bytes.removeLast(Int.random(in: 0..<bytes.count - 16, using: &random))
            case 1:
                for _ in 0..<Int.random(in: 1..<9, using: &random) {
                    bytes[Int.random(in: 16..<bytes.count, using: &random)] ^= UInt8.random(in: 1...255, using: &random)
                }
            case 2:
                let start = Int.random(in: 16..<bytes.count, using: &random)
                let end = Int.random(in: start..<bytes.count, using: &random)
                for index in start..<end { bytes[index] = 0 }
            case 3:
                let start = Int.random(in: 16..<bytes.count, using: &random)
                bytes.removeSubrange(start..<min(bytes.count, start + Int.random(in: 1..<2000, using: &random)))
            case 4:
                let noise = (0..<Int.random(in: 1..<500, using: &random)).map { _ in
                    UInt8.random(in: 0...255, using: &random)
                }
                bytes.insert(contentsOf: noise, at: Int.random(in: 16...bytes.count, using: &random))
            default:
                let start = Int.random(in: 16..<bytes.count - 1, using: &random)
                bytes.append(contentsOf: bytes[start...])
            }
            let reader = try read(bytes, floor: 20)
            #expect(reader.block.positions == reader.block.positions.sorted())
            for position in reader.block.positions {
                let body = try #require(reader.block.body(at: position))
                let written = try #require(original.block.body(at: position))
                #expect(reader.block.bytes[body] == whole[written])
            }
        }
    }
}
