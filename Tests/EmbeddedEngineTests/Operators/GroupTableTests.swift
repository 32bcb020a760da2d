import StructuredStreaming
import Testing

@testable import EmbeddedEngine

@Suite struct GroupTableTests {
    @Test func `an index numbers ten thousand keys in the order of their first appearance`() {
        var index = KeyIndex()
        var generator = SplitMix(seed: 7)
        var numbers: [String: Int] = [:]
        for _ in 0..<50_000 {
            var key = "key-\(generator.next() % 10_000)"
            let expected = numbers[key] ?? numbers.count
            let (found, isNew) = key.withUTF8 { index.insert(UnsafeRawBufferPointer($0)) }
            #expect(found == expected)
            #expect(isNew == (numbers[key] == nil))
            numbers[key] = expected
        }
        #expect(index.count == numbers.count)
    }

    @Test func `codes, plain texts and integers group as the values they stand for`() throws {
        let schema = StructType([StructField("k", .string), StructField("n", .long)])
        var rows: [[Value]] = []
        var generator = SplitMix(seed: 3)
        for _ in 0..<2000 {
            let key = generator.next() % 7
            rows.append([key == 0 ? .null : .string("k\(key)"), .long(Int64(generator.next() % 100))])
        }
        let plain = ColumnBatch(schema: schema, rows: rows)
        var coded = plain
        coded.columns[0] = Self.coded(plain.columns[0])
        let expected = Dictionary(grouping: rows, by: { $0[0] }).mapValues { rows in
            rows.reduce(Int64(0)) { $0 + ($1[1].integer ?? 0) }
        }
        for batch in [plain, coded] { #expect(try Self.sums(of: batch, key: 0, value: 1) == expected) }
    }

    @Test func `two dictionaries with other codes for one text give one group`() throws {
        let schema = StructType([StructField("k", .string), StructField("n", .long)])
        let first = ColumnBatch(schema: schema, rows: [[.string("a"), .long(1)], [.string("b"), .long(2)]])
        let second = ColumnBatch(schema: schema, rows: [[.string("b"), .long(3)], [.string("a"), .long(4)]])
        let table = GroupTable(keyTypes: [.string], fields: Self.sumFields)
        for batch in [first, second] {
            try table.add(keys: [Self.coded(batch.columns[0])], arguments: [batch.columns[1]], rowCount: 2)
        }
        #expect(table.count == 2)
        #expect((0..<2).map { table.buffers[0][$0] } == [.long(5), .long(5)])
    }

    static let sumFields = BufferField.fields(of: .sum, argumentType: .long, resultType: .long, aggregate: 0)

    static func sums(of batch: ColumnBatch, key: Int, value: Int) throws -> [Value: Int64] {
        let table = GroupTable(keyTypes: [.string], fields: sumFields)
        try table.add(keys: [batch.columns[key]], arguments: [batch.columns[value]], rowCount: batch.rowCount)
        var result: [Value: Int64] = [:]
        for group in 0..<table.count {
            let base = try #require(table.key(group).baseAddress)
            let key = UnsafeRow(base: base, fieldCount: 1).value(0, .string)
            result[key] = table.buffers[0][group].integer
        }
        return result
    }

    static func coded(_ column: ColumnVector) -> ColumnVector {
        let dictionary = StringDictionary()
        var codes: [String: Int32] = [:]
        let coded = (0..<column.count).map { row -> Int32 in
            guard case .string(var text) = column[row] else { return 0 }
            if let code = codes[text] { return code }
            let code = text.withUTF8 { dictionary.append($0) }
            codes[text] = code
            return code
        }
        return ColumnVector(
            type: .string, storage: .string(.dictionary(codes: coded, dictionary)), validity: column.validity)
    }
}

/// A small generator with a seed, so that a test's data is the same on every run.
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
        return value ^ (value >> 31)
    }
}
