// Offsets are most of what is kept as it stands: objects of partitions and numbers, `{"activity-data":{"0":1918226,"1":…}}`,
// several of them in a document. These are shorter ways over them. What they do not know, and what is wrong, they leave where it
// is, to be read the usual way.

/// Where an object lies that was kept as it stands, all of it ASCII, and how many arrays and objects it stands in.
struct KeptObject {
    var start = 0
    var count = 0
    var depth = -1
}

extension JSONReader {
    /// Consumes an object if it is like the last one that was kept, but for digits: it is as valid as that one then. Its first
    /// byte is at the present position.
    @inline(__always)
    mutating func skipLikeKept() -> Bool {
        // As deep as the other at most, since that one did not go beyond the limit.
        guard depth <= kept.depth, kept.count >= 16, kept.count <= end &- position else { return false }
        let (known, found) = (base + kept.start, base + position)
        var index = 0
        while index &+ 16 <= kept.count {
            guard JSONReader.isLike(known + index, found + index) else { return false }
            index &+= 16
        }
        guard JSONReader.isLike(known + (kept.count &- 16), found + (kept.count &- 16)) else { return false }
        kept.start = position
        position &+= kept.count
        return true
    }

    /// Whether sixteen bytes differ from others in digits alone. A zero in the place of another digit may make a number that
    /// begins with it, so it needs a digit before it. There always is a byte before: that of a key, or of the object itself.
    @inline(__always)
    private static func isLike(_ known: UnsafePointer<UInt8>, _ found: UnsafePointer<UInt8>) -> Bool {
        let (zero, ten) = (vector(of: UInt8(ascii: "0")), vector(of: 10))
        let (left, right) = (loadVector(known), loadVector(found))
        let areDigits = ((left &- zero) .< ten) .& ((right &- zero) .< ten)
        let begins = (right .== zero) .& ((loadVector(found - 1) &- zero) .>= ten)
        let isFine = (left .== right) .| (areDigits .& .!begins)
        let words = unsafeBitCast(isFine, to: SIMD2<UInt64>.self)
        return words.x & words.y == .max
    }

    /// Consumes members such as `"0":1918226,` as far as one follows the other; whether the object is at its end thereby.
    @inline(__always)
    mutating func skipCounters() -> Bool {
        let zeros: UInt64 = 0x30 &* 0x0101_0101_0101_0101
        var index = position
        // The first eight bytes hold a key of five digits at most with its quotes and colon, the next sixteen the number.
        while index &+ 24 <= end {
            let key = UInt64(littleEndian: loadWord(base + index))
            let keyDigits = JSONReader.digitCount((key &>> 8) ^ zeros)
            guard key & 0xFF == 0x22, key &>> UInt64(8 &* keyDigits &+ 8) & 0xFFFF == 0x3A22 else { break }
            let start = index &+ keyDigits &+ 3
            var digits = JSONReader.digitCount(UInt64(littleEndian: loadWord(base + start)) ^ zeros)
            if digits == 8 {
                digits &+= JSONReader.digitCount(UInt64(littleEndian: loadWord(base + (start &+ 8))) ^ zeros)
            }
            // Zero alone may begin with zero. Of sixteen digits the end is not in sight.
            guard digits &- 1 < 15, digits > 0, digits == 1 || base[start] != UInt8(ascii: "0") else { break }
            let next = base[start &+ digits]
            if next == UInt8(ascii: "}") {
                depth &-= 1
                position = start &+ digits &+ 1
                return true
            }
            guard next == UInt8(ascii: ",") else { break }
            index = start &+ digits &+ 1
        }
        position = index
        return false
    }
}
