import StructuredStreaming

@testable import EmbeddedEngine

/// Schemas of the fixtures' state.
enum StateFixtures {
    static let counts = StateSchema(
        key: StructType([StructField("gt", .string)]),
        value: StructType([StructField("count", .long, nullable: false)]))

    static let windows = StateSchema(
        key: StructType([
            StructField(
                "window",
                .structure(StructType([StructField("start", .timestamp), StructField("end", .timestamp)])),
                nullable: false),
            StructField("device", .string),
        ]),
        value: StructType([StructField("count", .long, nullable: false), StructField("sum", .long)]))
}

/// The key row of one text or null.
func textKey(_ text: String?) -> [UInt8] {
    var writer = UnsafeRowWriter()
    writer.begin(fieldCount: 1)
    if var text { text.withUTF8 { writer.set(0, utf8: UnsafeRawBufferPointer($0)) } } else { writer.setNull(0) }
    return Array(writer.bytes)
}

/// The value row of one long.
func longValue(_ value: Int64) -> [UInt8] {
    var writer = UnsafeRowWriter()
    writer.begin(fieldCount: 1)
    writer.set(0, long: value)
    return Array(writer.bytes)
}

extension FileStateStore {
    /// All pairs of a store with one text as key and one long as value; null is spelled `NULL`.
    func counts() -> [String: Int64] {
        withTable { table in
            var counts: [String: Int64] = [:]
            for slot in 0..<table.slotCount where table.isLive(slot) {
                let key = UnsafeRow(base: table.key(slot).baseAddress!, fieldCount: 1)
                let text = key.isNull(0) ? "NULL" : String(decoding: key.bytes(0), as: UTF8.self)
                counts[text] = UnsafeRow(base: table.value(slot).baseAddress!, fieldCount: 1).long(0)
            }
            return counts
        }
    }

    func put(_ text: String, _ value: Int64) {
        withTable { table in
            textKey(text).withUnsafeBytes { key in
                longValue(value).withUnsafeBytes { table.put(key, $0) }
            }
        }
    }

    func remove(_ text: String) -> Bool {
        withTable { table in textKey(text).withUnsafeBytes { table.remove($0) } }
    }
}
