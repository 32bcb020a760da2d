/// Up to eight digits and the number they spell.
package struct DigitGroup {
    /// What the digits say; 0 without digits.
    package var value: UInt64
    /// How many there are.
    package var count: Int
}

extension JSONReader {
    /// The digits that begin at an index, eight at most: found and summed up together, for numbers of changing lengths are what
    /// a branch for each digit guesses wrong. Nil near the end of the text, where they are to be taken one by one.
    @inline(__always)
    func leadingDigits(at index: Int) -> DigitGroup? {
        guard index &+ 8 <= end else { return nil }
        let digits = loadWord(base + index) ^ (0x30 &* 0x0101_0101_0101_0101)
        let count = JSONReader.digitCount(digits)
        // Moved up, so that what is missing of eight digits are zeros before them.
        guard count > 0 else { return DigitGroup(value: 0, count: 0) }
        return DigitGroup(value: JSONReader.sum(digits &<< UInt64(truncatingIfNeeded: 64 &- count &* 8)), count: count)
    }

    /// Where the run of digits ends that begins at an index.
    @inline(__always)
    func endOfDigits(from start: Int) -> Int {
        var index = start
        while index &+ 8 <= end {
            let count = JSONReader.digitCount(loadWord(base + index) ^ (0x30 &* 0x0101_0101_0101_0101))
            index &+= count
            if count < 8 { return index }
        }
        while index < end, base[index] &- UInt8(ascii: "0") < 10 { index &+= 1 }
        return index
    }

    /// How many bytes from the lowest on are at most 9. A byte above may be taken for more by a carry, the lowest never is.
    @inline(__always)
    static func digitCount(_ bytes: UInt64) -> Int {
        let ones: UInt64 = 0x0101_0101_0101_0101
        return (((bytes &+ ones &* 0x76) | bytes) & (ones &* 0x80)).trailingZeroBitCount &>> 3
    }

    /// The number that eight bytes of 0 to 9 spell, the lowest byte first: pairs, then fours, then all.
    @inline(__always)
    private static func sum(_ digits: UInt64) -> UInt64 {
        let pairs = (digits &* 2561) &>> 8 & 0x00FF_00FF_00FF_00FF
        let fours = (pairs &* 6_553_601) &>> 16 & 0x0000_FFFF_0000_FFFF
        return (fours &* 42_949_672_960_001) &>> 32
    }
}
