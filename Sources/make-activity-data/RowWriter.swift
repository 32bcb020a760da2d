/// Writes the rows of one file: every `stride`-th row of a recording, so that each file spans all of it.
///
/// All arithmetic is in integers, so that the bytes do not depend on a machine's floating point.
struct RowWriter {
    private var random: SplitMix64
    private(set) var bytes: [UInt8] = []
    private(set) var counts = [Int](repeating: 0, count: Activity.allCases.count)

    /// 2015-02-23 10:18:53 UTC, and three hours from one user's start to the next one's.
    private static let startMs = 1_424_686_733_000
    private static let userGapMs = 10_800_000
    /// Some 200 rows a second and device.
    private static let stepNs = 5_035_000
    /// The second device's clock is behind.
    private static let clockNs = [0, -37_000_000_000]

    init(seed: UInt64, file: Int) {
        random = SplitMix64(seed: seed ^ (UInt64(file) &+ 1) &* 0xD6E8_FEB8_6659_FD93)
        bytes.reserveCapacity(Self.flushSize + 1024)
    }

    /// Once this many bytes are there, they are to be taken.
    static let flushSize = 1 << 20

    /// Hands the bytes over to the file.
    mutating func take(_ output: borrowing HiddenFile) throws(DataFolderError) {
        try output.write(bytes)
        bytes.removeAll(keepingCapacity: true)
    }

    mutating func append(row: Int, of segment: Recording.Segment) {
        let activity = segment.activity
        let (index, device) = (row - segment.userStart).quotientAndRemainder(dividingBy: 2)
        let ms = Self.startMs + segment.user * Self.userGapMs
        let arrival = ms + index * Self.stepNs / 1_000_000 + random.next(below: 60)
        let created = ms * 1_000_000 + Self.clockNs[device] + index * Self.stepNs + random.next(below: 3_000_000)
        append("{\"Arrival_Time\":")
        append(arrival)
        append(",\"Creation_Time\":")
        append(created)
        append(",\"Device\":\"nexus4_")
        append(device + 1)
        append("\",\"Index\":")
        append(index)
        append(",\"Model\":\"nexus4\",\"User\":\"")
        bytes.append(Recording.users[segment.user])
        append("\",\"gt\":\"")
        bytes.append(contentsOf: Self.names[activity]!)
        append("\",\"x\":")
        append(tenMillionths: acceleration(activity))
        append(",\"y\":")
        append(tenMillionths: acceleration(activity))
        append(",\"z\":")
        append(tenMillionths: acceleration(activity))
        append("}\n")
        counts[Self.positions[activity]!] += 1
    }

    private static let names = Dictionary(uniqueKeysWithValues: Activity.allCases.map { ($0, Array($0.rawValue.utf8)) })
    private static let positions = Dictionary(
        uniqueKeysWithValues: Activity.allCases.enumerated().map { ($0.element, $0.offset) })

    /// Three dice added up, so that small values are common.
    private mutating func acceleration(_ activity: Activity) -> Int {
        let bits = random.next()
        let sum = Int(bits & 0xFFFF) + Int(bits >> 16 & 0xFFFF) + Int(bits >> 32 & 0xFFFF) - 3 * 0x8000
        return sum * activity.swing / 0x10000
    }

    private mutating func append(_ text: StaticString) {
        bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    private mutating func append(_ number: Int) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { digits in
            var at = digits.count
            var rest = number.magnitude
            repeat {
                at -= 1
                digits[at] = UInt8(48 + rest % 10)
                rest /= 10
            } while rest > 0
            if number < 0 { bytes.append(UInt8(ascii: "-")) }
            bytes.append(contentsOf: digits[at...])
        }
    }

    /// A decimal number as Java writes doubles: below a thousandth with an exponent, such as 5.0354E-4.
    private mutating func append(tenMillionths value: Int) {
        if value < 0 { bytes.append(UInt8(ascii: "-")) }
        let size = Int(value.magnitude)
        if size >= 10_000 || size == 0 {
            append(size / 10_000_000)
            appendFraction(size % 10_000_000, digits: 7)
        } else {
            var scale = 1
            var exponent = 7
            while size / scale >= 10 {
                scale *= 10
                exponent -= 1
            }
            append(size / scale)
            appendFraction(size % scale, digits: 7 - exponent)
            append("E-")
            append(exponent)
        }
    }

    /// The point and the fraction of so many digits without zeros at its end, but with one digit at least.
    private mutating func appendFraction(_ fraction: Int, digits: Int) {
        bytes.append(UInt8(ascii: "."))
        guard fraction > 0 else {
            bytes.append(UInt8(ascii: "0"))
            return
        }
        var scale = 1
        for _ in 1..<digits { scale *= 10 }
        var rest = fraction
        while rest > 0 {
            bytes.append(UInt8(48 + rest / scale))
            rest %= scale
            scale /= 10
        }
    }
}
