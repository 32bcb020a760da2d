/// One bit a row, packed into 64-bit words; bit `i % 64` of word `i / 64` belongs to row `i`. Bits past the count are 0.
struct Bitmap: Sendable, Hashable {
    /// The packed bits.
    private(set) var words: [UInt64]
    /// How many rows.
    private(set) var count: Int

    /// `count` bits of one value.
    init(repeating value: Bool, count: Int) {
        self.count = count
        words = [UInt64](repeating: value ? .max : 0, count: (count + 63) / 64)
        clearTail()
    }

    /// Takes packed words as they are.
    init(words: [UInt64], count: Int) {
        precondition(words.count == (count + 63) / 64, "a bitmap's words must match its count")
        self.words = words
        self.count = count
        clearTail()
    }

    /// The bit of a row.
    subscript(row: Int) -> Bool {
        get { words[row >> 6] & (1 << UInt64(row & 63)) != 0 }
        set {
            if newValue {
                words[row >> 6] |= 1 << UInt64(row & 63)
            } else {
                words[row >> 6] &= ~(1 << UInt64(row & 63))
            }
        }
    }

    /// Adds one bit at the end.
    mutating func append(_ value: Bool) {
        if count & 63 == 0 { words.append(0) }
        count += 1
        if value { self[count - 1] = true }
    }

    /// How many bits are set.
    var setCount: Int { words.reduce(0) { $0 + $1.nonzeroBitCount } }

    /// Whether every bit is set.
    var allSet: Bool { setCount == count }

    /// Bits set in both.
    static func & (left: Bitmap, right: Bitmap) -> Bitmap {
        precondition(left.count == right.count, "bitmaps of one batch have one count")
        var result = left
        for index in result.words.indices { result.words[index] &= right.words[index] }
        return result
    }

    private mutating func clearTail() {
        if count & 63 != 0 { words[words.count - 1] &= (1 << UInt64(count & 63)) - 1 }
    }
}
