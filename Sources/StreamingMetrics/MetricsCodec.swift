/// Reads and writes streaming query events as the JSON that Spark exchanges.
///
/// Reading takes every form in which Spark 2.2 to 4.3 writes an event (``StreamingQueryEvent/Encoding``), leniently where
/// writers differ and strictly where a value would have to be guessed. Writing gives the form of Spark 4.1, compact.
/// Both are stateless and safe to call from any thread.
public enum MetricsCodec {
    /// Bounds on what is read, checked before memory is spent on it.
    public struct Limits: Sendable, Hashable {
        /// Bytes of one document.
        public var maximumBytes: Int
        /// Arrays and objects within each other, the outermost included; more than 512 counts as 512.
        public var maximumDepth: Int
        /// Elements of one array, or members of one object, that become values of their own (sources, operators, metrics);
        /// offsets and other values kept as text are bounded by their bytes.
        public var maximumMembers: Int

        /// Creates limits.
        public init(maximumBytes: Int = 8 << 20, maximumDepth: Int = 64, maximumMembers: Int = 65_536) {
            self.maximumBytes = maximumBytes
            self.maximumDepth = maximumDepth
            self.maximumMembers = maximumMembers
        }

        /// 8 MB, 64 levels, 65,536 members.
        public static let `default` = Limits()
    }

    /// Reads one event of any kind and form.
    ///
    /// - Parameters:
    ///   - bytes: One JSON object in UTF-8; a byte order mark and white space around it are fine.
    ///   - limits: Bounds on the document.
    /// - Throws: ``MetricsCodecError`` when this is no such event, however broken the bytes are.
    public static func decode(
        _ bytes: UnsafeRawBufferPointer, limits: Limits = .default
    ) throws(MetricsCodecError) -> StreamingQueryEvent {
        try recognize(bytes, limits: limits).event
    }

    /// Reads one event from an array of bytes.
    public static func decode(
        _ bytes: [UInt8], limits: Limits = .default
    ) throws(MetricsCodecError) -> StreamingQueryEvent {
        try recognize(bytes, limits: limits).event
    }

    /// Reads one event and tells in which form it was written.
    public static func recognize(
        _ bytes: UnsafeRawBufferPointer, limits: Limits = .default
    ) throws(MetricsCodecError) -> (event: StreamingQueryEvent, encoding: StreamingQueryEvent.Encoding) {
        try recognize(bytes, limits: limits, texts: nil)
    }

    /// The same for who reads many: texts that come again are those of the cache.
    package static func recognize(
        _ bytes: UnsafeRawBufferPointer, limits: Limits = .default, texts: TextCache?
    ) throws(MetricsCodecError) -> (event: StreamingQueryEvent, encoding: StreamingQueryEvent.Encoding) {
        try checkSize(bytes.count, limits, of: "a streaming query event")
        do throws(JSONFault) {
            var reader = JSONReader(
                bytes, maximumDepth: limits.maximumDepth, maximumMembers: limits.maximumMembers, texts: texts)
            return try reader.event()
        } catch {
            throw MetricsCodecError(error, reading: "a streaming query event", in: bytes)
        }
    }

    /// Reads one event from an array of bytes and tells in which form it was written.
    public static func recognize(
        _ bytes: [UInt8], limits: Limits = .default
    ) throws(MetricsCodecError) -> (event: StreamingQueryEvent, encoding: StreamingQueryEvent.Encoding) {
        try bytes.span.withUnsafeBytes { pointer throws(MetricsCodecError) in try recognize(pointer, limits: limits) }
    }

    /// Appends a progress' canonical JSON, as `progress.json` in Spark. A buffer that is kept from event to event (empty it
    /// with `removeAll(keepingCapacity: true)`) makes writing free of allocation.
    public static func encode(_ progress: StreamingQueryProgress, into bytes: inout [UInt8]) {
        append(estimate: progress.estimatedSize, to: &bytes) { $0.progress(progress) }
    }

    /// Appends an event's JSON, as `event.json` in Spark; a progress is wrapped: `{"progress":{…}}`.
    public static func encode(_ event: StreamingQueryEvent, into bytes: inout [UInt8]) {
        append(estimate: event.estimatedSize, to: &bytes) { $0.event(event) }
    }

    /// Lends the writer the end of the array; only what did not fit there costs a copy.
    @inline(__always)
    static func append(estimate: Int, to bytes: inout [UInt8], _ write: (inout JSONWriter) -> Void) {
        let start = bytes.count
        bytes.append(contentsOf: repeatElement(0, count: estimate))
        var overflow: [UInt8]?
        let written = bytes.withUnsafeMutableBufferPointer { buffer in
            var writer = JSONWriter(borrowing: UnsafeMutableBufferPointer(rebasing: buffer[start...]))
            write(&writer)
            if !writer.fitsBorrowedMemory { overflow = writer.bytes }
            return writer.count
        }
        if let overflow {
            bytes.removeLast(estimate)
            bytes.append(contentsOf: overflow)
        } else {
            bytes.removeLast(estimate - written)
        }
    }

    /// Runs a read over a string's bytes.
    static func withBytes<T>(
        of text: String, _ body: (UnsafeRawBufferPointer) throws(MetricsCodecError) -> T
    ) throws(MetricsCodecError) -> T {
        var text = text
        let result = text.withUTF8 { bytes in
            Result { () throws(MetricsCodecError) in try body(UnsafeRawBufferPointer(bytes)) }
        }
        return try result.get()
    }

    /// Text of what a closure writes.
    static func text(_ write: (inout JSONWriter) -> Void) -> String {
        var writer = JSONWriter(capacity: 1024)
        write(&writer)
        return writer.text
    }

    // MARK: Reading single values

    static func checkSize(_ count: Int, _ limits: Limits, of subject: StaticString) throws(MetricsCodecError) {
        guard count > limits.maximumBytes else { return }
        throw MetricsCodecError(
            code: .tooLarge,
            message: "cannot read \(subject): it has \(count) bytes and \(limits.maximumBytes) are allowed; "
                + "raise the limit if the document is meant to be like this")
    }

    /// Runs a read over a whole text.
    package static func reading<T>(
        _ subject: StaticString, from bytes: UnsafeRawBufferPointer, limits: Limits = .default,
        _ body: (inout JSONReader) throws(JSONFault) -> T
    ) throws(MetricsCodecError) -> T {
        try checkSize(bytes.count, limits, of: subject)
        do throws(JSONFault) {
            var reader = JSONReader(bytes, maximumDepth: limits.maximumDepth, maximumMembers: limits.maximumMembers)
            let value = try body(&reader)
            try reader.finish()
            return value
        } catch {
            throw MetricsCodecError(error, reading: subject, in: bytes)
        }
    }
}
