import Testing

@testable import EmbeddedEngine

@Suite struct LZ4BlockStreamTests {
    private func decompress(_ bytes: [UInt8]) throws -> [UInt8] {
        try bytes.withUnsafeBytes { try LZ4BlockStream.decompress($0) }
    }

    private func random(_ count: Int, letters: UInt8, seed: UInt64) -> [UInt8] {
        var generator = SeededGenerator(seed: seed)
        return (0..<count).map { _ in UInt8.random(in: 0...letters, using: &generator) }
    }

    @Test(arguments: [0, 1, 4, 100, 32767, 32768, 32769, 65536, 200_001])
    func `any length comes back, stored or compressed`(_ count: Int) throws {
        for letters: UInt8 in [0, 3, 255] {
            let data = random(count, letters: letters, seed: UInt64(count))
            let stream = data.withUnsafeBytes { LZ4BlockStream.compress($0) }
            #expect(try decompress(stream) == data)
            // The end mark of a 32 KiB stream.
            #expect(Array(stream.suffix(21)) == Array("LZ4Block".utf8) + [0x15] + [UInt8](repeating: 0, count: 12))
        }
    }

    @Test func `pieces of any size make the same stream as the whole`() {
        let data = random(100_000, letters: 7, seed: 2)
        var writer = LZ4BlockWriter()
        var rest = data[...]
        var size = 1
        while !rest.isEmpty {
            Array(rest.prefix(size)).withUnsafeBytes { writer.append($0) }
            rest = rest.dropFirst(size)
            size = size % 7000 + 13
        }
        let pieces = writer.finish()
        #expect(pieces == data.withUnsafeBytes { LZ4BlockStream.compress($0) })
    }

    @Test func `a flipped bit is damage or changes nothing`() throws {
        let data = random(700, letters: 9, seed: 3)
        let stream = data.withUnsafeBytes { LZ4BlockStream.compress($0) }
        var unnoticed = 0
        for bit in 0..<stream.count * 8 {
            var damaged = stream
            damaged[bit / 8] ^= 1 << UInt8(bit % 8)
            // The end block's unused token bits may differ; the data never may.
            if let result = try? decompress(damaged) {
                #expect(result == data)
                unnoticed += 1
            }
        }
        #expect(unnoticed < 40)
    }

    @Test func `a cut stream is damage unless a whole block is missing`() throws {
        let data = random(1000, letters: 9, seed: 4)
        let stream = data.withUnsafeBytes { LZ4BlockStream.compress($0) }
        for length in 1..<stream.count where length != stream.count - 21 {
            #expect(throws: LZ4BlockStream.Damage.self) { try decompress(Array(stream[..<length])) }
        }
        #expect(try decompress(Array(stream.dropLast(21))) == data)
    }

    @Test func `garbage never traps`() {
        var generator = SeededGenerator(seed: 5)
        for _ in 0..<5000 {
            var bytes = Array("LZ4Block".utf8)
            for _ in 0..<Int.random(in: 0..<80, using: &generator) {
                bytes.append(
                    UInt8.random(in: .min ... .max, using: &generator) & (Bool.random(using: &generator) ? 0x2F : 0xFF))
            }
            _ = try? decompress(bytes)
        }
    }

    @Test func `streams one after the other are read as one`() throws {
        let stream = [UInt8]("abc".utf8).withUnsafeBytes { LZ4BlockStream.compress($0) }
        #expect(try decompress(stream + stream) == Array("abcabc".utf8))
    }
}
