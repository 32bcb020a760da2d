import CLZ4

/// Keeps a text as what differs from one that is like it: an LZ4 block with that one as its dictionary.
package enum TextPacking {
    /// LZ4 looks no further back.
    package static let longestModel = 64 << 10

    /// The text without what it shares with the model; nil where that would not be shorter than the text.
    package static func pack(_ text: [UInt8], like model: [UInt8]) -> [UInt8]? {
        guard !text.isEmpty, text.count <= LZ4_MAX_INPUT_SIZE, model.count <= longestModel else { return nil }
        return withUnsafeTemporaryAllocation(of: LZ4_stream_t.self, capacity: 1) { state in
            guard let stream = LZ4_initStream(state.baseAddress, MemoryLayout<LZ4_stream_t>.size) else { return nil }
            return withUnsafeTemporaryAllocation(of: CChar.self, capacity: text.count) { packed in
                let count = model.withUnsafeBytes { model in
                    text.withUnsafeBytes { text in
                        LZ4_loadDict(stream, model.bindMemory(to: CChar.self).baseAddress, Int32(model.count))
                        return LZ4_compress_fast_continue(
                            stream, text.bindMemory(to: CChar.self).baseAddress, packed.baseAddress,
                            Int32(text.count), Int32(text.count - 1), 1)
                    }
                }
                // 0: it does not fit.
                guard count > 0 else { return nil }
                return [UInt8](unsafeUninitializedCapacity: Int(count)) { bytes, written in
                    written =
                        UnsafeMutableRawBufferPointer(bytes).initializeMemory(
                            as: UInt8.self, from: UnsafeRawBufferPointer(packed).prefix(Int(count))
                        ).initialized.count
                }
            }
        }
    }

    /// The text of so many bytes again; nil where the bytes are not what ``pack(_:like:)`` gave for this model.
    package static func unpack(_ packed: [UInt8], count: Int, like model: [UInt8]) -> [UInt8]? {
        guard let capacity = Int32(exactly: count) else { return nil }
        var text = [UInt8](repeating: 0, count: count)
        let written = text.withUnsafeMutableBytes { text in
            packed.withUnsafeBytes { packed in
                model.withUnsafeBytes { model in
                    LZ4_decompress_safe_usingDict(
                        packed.bindMemory(to: CChar.self).baseAddress, text.bindMemory(to: CChar.self).baseAddress,
                        Int32(packed.count), capacity, model.bindMemory(to: CChar.self).baseAddress,
                        Int32(model.count))
                }
            }
        }
        return written == capacity ? text : nil
    }
}
