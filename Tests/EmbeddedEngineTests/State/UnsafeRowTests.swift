import StructuredStreaming
import Testing

@testable import EmbeddedEngine

@Suite struct UnsafeRowTests {
    @Test func `a text key and a null key look as Spark writes them`() {
        #expect(
            textKey("walk") == [0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 16, 0, 0, 0] + Array("walk".utf8) + [0, 0, 0, 0])
        #expect(textKey(nil) == [1] + [UInt8](repeating: 0, count: 15))
        #expect(longValue(-2) == [UInt8](repeating: 0, count: 8) + [0xFE] + [UInt8](repeating: 0xFF, count: 7))
    }

    @Test func `every type is read as it was set`() throws {
        var writer = UnsafeRowWriter(capacity: 64)
        writer.begin(fieldCount: 10)
        writer.set(0, boolean: true)
        writer.set(1, integer: -3, width: 1)
        writer.set(2, integer: -300, width: 2)
        writer.set(3, integer: -70000, width: 4)
        writer.set(4, long: .min)
        writer.set(5, float: -1.25)
        writer.set(6, double: .nan)
        Array("größe".utf8).withUnsafeBytes { writer.set(7, utf8: $0) }
        [UInt8](repeating: 7, count: 300).withUnsafeBytes { writer.set(8, utf8: $0) }
        writer.setNull(9)
        let row = UnsafeRow(base: writer.bytes.baseAddress!, fieldCount: 10)
        let types: [DataType] = [.boolean, .byte, .short, .integer, .long, .float, .double, .string, .binary, .date]
        let values = types.indices.map { row.value($0, types[$0]) }
        #expect(values[0..<6] == [.boolean(true), .long(-3), .long(-300), .long(-70000), .long(.min), .double(-1.25)])
        #expect(row.double(6).isNaN)
        #expect(values[7...] == [.string("größe"), .binary([UInt8](repeating: 7, count: 300)), .null])
        #expect(writer.bytes.count % 8 == 0)
        // Only the low bytes of a narrow value are set.
        #expect(row.long(1) == 0xFD)
        let layout = try RowLayout(StructType(types.map { StructField("c", $0) }))
        #expect(layout.accepts(writer.bytes))
        #expect(!layout.isFixedLength)
    }

    @Test func `more than 64 fields take a second word of null bits`() {
        var writer = UnsafeRowWriter()
        writer.begin(fieldCount: 65)
        writer.setNull(64)
        writer.set(63, long: 5)
        let row = UnsafeRow(base: writer.bytes.baseAddress!, fieldCount: 65)
        #expect(writer.bytes.count == 16 + 65 * 8)
        #expect(row.isNull(64))
        #expect(!row.isNull(63))
        #expect(row.long(63) == 5)
    }

    @Test func `a writer forgets the row before`() {
        var writer = UnsafeRowWriter()
        writer.begin(fieldCount: 2)
        writer.setNull(0)
        writer.set(1, long: -1)
        writer.begin(fieldCount: 1)
        #expect(Array(writer.bytes) == [UInt8](repeating: 0, count: 16))
    }

    @Test func `bytes that are no row of the schema are refused, whatever they are`() throws {
        let layout = try RowLayout(StateFixtures.windows.key)
        var generator = SeededGenerator(seed: 11)
        for _ in 0..<20000 {
            let count = Int.random(in: 0...12, using: &generator) * 8 + (Bool.random(using: &generator) ? 0 : 3)
            let bytes = (0..<count).map { _ in
                Bool.random(using: &generator) ? 0 : UInt8.random(in: 0...80, using: &generator)
            }
            bytes.withUnsafeBytes { bytes in
                guard layout.accepts(bytes) else { return }
                // What was accepted can be read to its last byte.
                let row = UnsafeRow(base: bytes.baseAddress!, fieldCount: 2)
                _ = row.murmur3(StateFixtures.windows.key)
                if !row.isNull(1) { #expect(row.bytes(1).allSatisfy { _ in true }) }
            }
        }
        #expect([UInt8]().withUnsafeBytes { !layout.accepts($0) })
    }

    @Test func `types that state does not hold are refused`() {
        let error = engineError { _ = try RowLayout(StructType([StructField("a", .array(.long, containsNull: true))])) }
        #expect(error?.code == .unsupported)
    }
}
