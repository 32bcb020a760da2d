/// The content of `N.delta` and `N.snapshot`, inside the compression; all integers big-endian.
///
///     repeat:  int32 key length   key   int32 value length   value      put
///         or:  int32 key length   key   int32 -1                        remove
///     end:     int32 -1
enum StateFileFormat {
    /// Why a file's content cannot be read.
    struct Damage: Error, Sendable {
        /// In words.
        var reason: String
    }

    /// The changes since the last commit, in the order of the keys' first change.
    static func delta(_ table: borrowing StateTable) -> [UInt8] {
        var writer = LZ4BlockWriter()
        for slot in table.changedSlots {
            appendKey(&writer, table.key(slot))
            if table.isLive(slot) { appendKey(&writer, table.value(slot)) } else { writer.append(bigEndian: -1) }
        }
        writer.append(bigEndian: -1)
        return writer.finish()
    }

    /// Every pair.
    static func snapshot(_ table: borrowing StateTable) -> [UInt8] {
        var writer = LZ4BlockWriter()
        for slot in 0..<table.slotCount where table.isLive(slot) {
            appendKey(&writer, table.key(slot))
            appendKey(&writer, table.value(slot))
        }
        writer.append(bigEndian: -1)
        return writer.finish()
    }

    /// Applies a file's puts and removes to a table, in order.
    static func apply(
        _ bytes: [UInt8], to table: inout StateTable, key keyLayout: RowLayout, value valueLayout: RowLayout
    ) throws {
        let content: [UInt8]
        do {
            content = try bytes.withUnsafeBytes { try LZ4BlockStream.decompress($0) }
        } catch let damage as LZ4BlockStream.Damage {
            throw Damage(reason: "\(damage.reason), at byte \(damage.offset)")
        }
        try content.withUnsafeBytes { content in
            var reader = Reader(bytes: content)
            while let key = try reader.next("key") {
                guard keyLayout.accepts(key) else { throw reader.damage("a key is no row of the key schema") }
                guard let value = try reader.next("value") else {
                    _ = table.remove(key)
                    continue
                }
                guard valueLayout.accepts(value) else { throw reader.damage("a value is no row of the value schema") }
                table.put(key, value)
            }
        }
    }

    @inline(__always)
    private static func appendKey(_ writer: inout LZ4BlockWriter, _ bytes: UnsafeRawBufferPointer) {
        writer.append(bigEndian: Int32(bytes.count))
        writer.append(bytes)
    }

    private struct Reader {
        let bytes: UnsafeRawBufferPointer
        var position = 0

        /// The next length and its bytes; nil for the length -1.
        mutating func next(_ what: String) throws(Damage) -> UnsafeRawBufferPointer? {
            guard bytes.count - position >= 4 else { throw damage("it ends without its end mark") }
            let length = Int32(bigEndian: bytes.loadUnaligned(fromByteOffset: position, as: Int32.self))
            position += 4
            if length == -1 { return nil }
            guard length >= 0, Int(length) <= bytes.count - position else {
                throw damage("a \(what) has the length \(length)")
            }
            defer { position += Int(length) }
            return UnsafeRawBufferPointer(rebasing: bytes[position..<position + Int(length)])
        }

        func damage(_ reason: String) -> Damage {
            Damage(reason: "\(reason), at byte \(position) of the uncompressed content")
        }
    }
}
