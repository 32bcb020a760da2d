import StructuredStreaming
import Testing

@testable import EmbeddedEngine

@Suite struct HashTests {
    private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    @Test func `xxHash32 gives the published values`() {
        for (text, seed, expected) in [
            ("", 0, 0x02CC_5D05), ("a", 0, 0x550D_7456), ("abc", 0, 0x32D1_53FF),
            ("Nobody inspects the spammish repetition", 0, 0xE229_3B2F),
        ] as [(String, UInt32, UInt32)] {
            #expect(bytes(text).withUnsafeBytes { XXHash32.hash($0, seed: seed) } == expected, "\(text)")
        }
    }

    @Test func `CRC32C gives the published values, at every length and alignment the same as bit by bit`() {
        #expect(bytes("123456789").withUnsafeBytes(CRC32C.checksum) == 0xE306_9283)
        #expect([UInt8](repeating: 0, count: 32).withUnsafeBytes(CRC32C.checksum) == 0x8A91_36AA)
        var generator = SeededGenerator(seed: 1)
        let data = (0..<100).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        for start in 0..<9 {
            for end in start..<data.count {
                var crc = ~UInt32(0)
                for byte in data[start..<end] {
                    crc ^= UInt32(byte)
                    for _ in 0..<8 { crc = crc & 1 == 0 ? crc >> 1 : (crc >> 1) ^ 0x82F6_3B78 }
                }
                let slice = data.withUnsafeBytes { CRC32C.checksum(UnsafeRawBufferPointer(rebasing: $0[start..<end])) }
                #expect(slice == ~crc)
            }
        }
    }

    @Test func `Murmur3 gives the values of Spark's hash function`() {
        let seed = Murmur3.seed
        #expect(Murmur3.hash(Int32(1), seed) == -559_580_957)
        #expect(Murmur3.hash(Int32(-1), seed) == -1_604_776_387)
        #expect(Murmur3.hash(Int32(7), seed) == 1_079_293_707)
        #expect(Murmur3.hash(Int64(1), seed) == -1_712_319_331)
        #expect(Murmur3.hash(Int64.min, seed) == -853_646_085)
        #expect(Murmur3.hash(1.5, seed) == 1_290_763_749)
        #expect(Murmur3.hash(-0.0, seed) == -1_670_924_195)
        #expect(Murmur3.hash(-Double.nan, seed) == -1_281_358_385)
        #expect(Murmur3.hash(Float(1.5), seed) == -221_251_528)
        for (text, hash) in [
            ("", 142_593_372), ("a", 1_485_273_170), ("Spark", 228_093_765), ("stairsdown", 1_649_425_191),
            ("größe 日本😀", -1_396_385_112),
        ] as [(String, Int32)] {
            #expect(bytes(text).withUnsafeBytes { Murmur3.hash($0, seed) } == hash, "\(text)")
        }
        #expect(([0xFF, 0x80] as [UInt8]).withUnsafeBytes { Murmur3.hash($0, seed) } == -577_813_652)
        #expect(Murmur3.partition(-7, of: 4) == 1)
        #expect(Murmur3.partition(.min, of: 200) == 152)
    }

    @Test func `rows chain the hashes of their columns`() {
        var writer = UnsafeRowWriter()
        let two = StructType([StructField("a", .string), StructField("b", .long)])
        writer.begin(fieldCount: 2)
        bytes("walk").withUnsafeBytes { writer.set(0, utf8: $0) }
        writer.set(1, long: 5)
        #expect(UnsafeRow(base: writer.bytes.baseAddress!, fieldCount: 2).murmur3(two) == -1_390_118_120)
        writer.begin(fieldCount: 2)
        writer.setNull(0)
        writer.set(1, long: 5)
        #expect(UnsafeRow(base: writer.bytes.baseAddress!, fieldCount: 2).murmur3(two) == 1_607_884_268)

        writer.begin(fieldCount: 1)
        writer.beginRow(0, fieldCount: 2)
        writer.set(0, long: 1)
        bytes("x").withUnsafeBytes { writer.set(1, utf8: $0) }
        writer.endRow()
        let nested = StructType([
            StructField("s", .structure(StructType([StructField("a", .long), StructField("b", .string)])))
        ])
        #expect(UnsafeRow(base: writer.bytes.baseAddress!, fieldCount: 1).murmur3(nested) == -1_438_117_640)

        writer.begin(fieldCount: 1)
        writer.set(0, integer: 19723, width: 4)
        let date = StructType([StructField("d", .date)])
        #expect(UnsafeRow(base: writer.bytes.baseAddress!, fieldCount: 1).murmur3(date) == -456_589_419)
    }
}
