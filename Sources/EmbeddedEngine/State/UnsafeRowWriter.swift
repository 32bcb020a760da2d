/// Builds rows in Spark's binary form, one after the other in the same memory.
///
///     writer.begin(fieldCount: 2)
///     writer.set(0, utf8: text)
///     writer.set(1, long: 7)
///     table.findOrInsert(writer.bytes)
///
/// Fields not set hold 0. A nested row is written between ``beginRow(_:fieldCount:)`` and ``endRow()``.
struct UnsafeRowWriter: ~Copyable {
    private var memory: UnsafeMutableRawPointer
    private var capacity: Int
    private var count = 0
    /// Where the row being written starts, and those around it.
    private var start = 0
    private var fieldCount = 0
    private var outer: [(start: Int, fieldCount: Int, field: Int)] = []

    /// Creates a writer; its memory grows as needed.
    init(capacity: Int = 256) {
        self.capacity = max(capacity, 64)
        memory = .allocate(byteCount: self.capacity, alignment: 8)
    }

    deinit { memory.deallocate() }

    /// The row; valid until the next change.
    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: memory, count: count) }

    /// Starts a new row and forgets the one before.
    @inline(__always)
    mutating func begin(fieldCount: Int) {
        count = 0
        start = 0
        self.fieldCount = fieldCount
        extend(UnsafeRow.fixedLength(fieldCount))
    }

    /// Sets a field to null.
    @inline(__always)
    mutating func setNull(_ field: Int) {
        let address = memory + start + (field >> 3)
        address.storeBytes(of: address.load(as: UInt8.self) | 1 << UInt8(field & 7), as: UInt8.self)
        store(field, 0)
    }

    /// Sets a long or a timestamp in µs.
    @inline(__always)
    mutating func set(_ field: Int, long: Int64) { store(field, UInt64(bitPattern: long)) }

    /// Sets a byte, short, integer or date of a width in bytes; the rest of the word stays 0.
    @inline(__always)
    mutating func set(_ field: Int, integer: Int64, width: Int) {
        store(
            field,
            width == 8 ? UInt64(bitPattern: integer) : UInt64(bitPattern: integer) & ((1 << UInt64(width * 8)) - 1))
    }

    /// Sets a boolean.
    @inline(__always)
    mutating func set(_ field: Int, boolean: Bool) { store(field, boolean ? 1 : 0) }

    /// Sets a double; every NaN is written as one. A key's -0.0 must be made 0.0 before, or it is a key of its own.
    @inline(__always)
    mutating func set(_ field: Int, double: Double) {
        store(field, double.isNaN ? Double.nan.bitPattern : double.bitPattern)
    }

    /// Sets a float; every NaN is written as one.
    @inline(__always)
    mutating func set(_ field: Int, float: Float) {
        store(field, UInt64(float.isNaN ? Float.nan.bitPattern : float.bitPattern))
    }

    /// Sets a text or binary field.
    @inline(__always)
    mutating func set(_ field: Int, utf8 bytes: UnsafeRawBufferPointer) {
        let position = count
        extend((bytes.count + 7) & ~7)
        if let source = bytes.baseAddress { (memory + position).copyMemory(from: source, byteCount: bytes.count) }
        store(field, UInt64(position - start) << 32 | UInt64(bytes.count))
    }

    /// Starts a nested row in a field; what is set until ``endRow()`` are its fields.
    mutating func beginRow(_ field: Int, fieldCount: Int) {
        outer.append((start, self.fieldCount, field))
        start = count
        self.fieldCount = fieldCount
        extend(UnsafeRow.fixedLength(fieldCount))
    }

    /// Ends a nested row.
    mutating func endRow() {
        guard let around = outer.popLast() else { preconditionFailure("endRow without beginRow") }
        let position = start
        start = around.start
        fieldCount = around.fieldCount
        store(around.field, UInt64(position - start) << 32 | UInt64(count - position))
    }

    @inline(__always)
    private func store(_ field: Int, _ word: UInt64) {
        (memory + start + UnsafeRow.bitsetLength(fieldCount) + field &* 8)
            .storeBytes(of: word.littleEndian, as: UInt64.self)
    }

    /// Makes room for zeroed bytes at the end.
    @inline(__always)
    private mutating func extend(_ length: Int) {
        if count &+ length > capacity { grow(length) }
        (memory + count).initializeMemory(as: UInt8.self, repeating: 0, count: length)
        count &+= length
    }

    @inline(never)
    private mutating func grow(_ length: Int) {
        let larger = max(capacity * 2, count + length)
        let new = UnsafeMutableRawPointer.allocate(byteCount: larger, alignment: 8)
        new.copyMemory(from: memory, byteCount: count)
        memory.deallocate()
        memory = new
        capacity = larger
    }
}
