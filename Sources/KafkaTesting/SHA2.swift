/// SHA-256 and SHA-512 (FIPS 180-4) with HMAC and PBKDF2, as a server of SCRAM needs them.
///
/// For tests only: written to be read, not to be fast or to resist somebody who measures its time.
enum SHA2: Sendable {
    case sha256, sha512

    /// The hash of some bytes.
    func hash(_ message: [UInt8]) -> [UInt8] {
        switch self {
        case .sha256:
            var state: [UInt32] = Self.initial.map { UInt32($0 >> 32) }
            Self.pad(message, block: 64) { block in
                var w = (0..<16).map { i in block[(i * 4)..<(i * 4 + 4)].reduce(UInt32(0)) { $0 << 8 | UInt32($1) } }
                Self.compress(
                    &state, &w, Self.constants.prefix(64).map { UInt32($0 >> 32) }, bits: 32,
                    expansion: ((7, 18, 3), (17, 19, 10)), rounds: ((6, 11, 25), (2, 13, 22)))
            }
            return state.flatMap { word in [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: word >> UInt32($0)) } }
        case .sha512:
            var state = Self.initial
            Self.pad(message, block: 128) { block in
                var w = (0..<16).map { i in block[(i * 8)..<(i * 8 + 8)].reduce(UInt64(0)) { $0 << 8 | UInt64($1) } }
                Self.compress(
                    &state, &w, Self.constants, bits: 64, expansion: ((1, 8, 7), (19, 61, 6)),
                    rounds: ((14, 18, 41), (28, 34, 39)))
            }
            return state.flatMap { word in
                [56, 48, 40, 32, 24, 16, 8, 0].map { UInt8(truncatingIfNeeded: word >> UInt64($0)) }
            }
        }
    }

    /// The keyed hash of RFC 2104.
    func hmac(key: [UInt8], _ message: [UInt8]) -> [UInt8] {
        let block = self == .sha256 ? 64 : 128
        var key = key.count > block ? hash(key) : key
        key += Array(repeating: 0, count: block - key.count)
        return hash(key.map { $0 ^ 0x5C } + hash(key.map { $0 ^ 0x36 } + message))
    }

    /// The salted password of RFC 5802 (`Hi`): PBKDF2 with one block.
    func salted(password: [UInt8], salt: [UInt8], iterations: Int) -> [UInt8] {
        var last = hmac(key: password, salt + [0, 0, 0, 1])
        var result = last
        for _ in 1..<max(2, iterations) where iterations > 1 {
            last = hmac(key: password, last)
            for index in result.indices { result[index] ^= last[index] }
        }
        return result
    }

    /// Gives each block of the message, to which a one, zeros and the length in bits are added.
    private static func pad(_ message: [UInt8], block: Int, _ body: (ArraySlice<UInt8>) -> Void) {
        var bytes = message + [0x80]
        // The length has a quarter of a word's size times eight; more than 64 bits of it are never needed here.
        while bytes.count % block != block - 8 || (block == 128 && bytes.count < message.count + 9) { bytes.append(0) }
        let bits = UInt64(message.count) * 8
        bytes += [56, 48, 40, 32, 24, 16, 8, 0].map { UInt8(truncatingIfNeeded: bits >> UInt64($0)) }
        for start in stride(from: 0, to: bytes.count, by: block) {
            body(ArraySlice(Array(bytes[start..<(start + block)])))
        }
    }

    private typealias Triple = (Int, Int, Int)

    private static func compress<Word: FixedWidthInteger & UnsignedInteger>(
        _ state: inout [Word], _ w: inout [Word], _ k: [Word], bits: Int, expansion: (Triple, Triple),
        rounds: (Triple, Triple)
    ) {
        func rotated(_ x: Word, _ n: Int) -> Word { x >> Word(n) | x << Word(bits - n) }
        func small(_ x: Word, _ t: Triple) -> Word { rotated(x, t.0) ^ rotated(x, t.1) ^ x >> Word(t.2) }
        func big(_ x: Word, _ t: Triple) -> Word { rotated(x, t.0) ^ rotated(x, t.1) ^ rotated(x, t.2) }
        for i in 16..<k.count {
            w.append(w[i - 16] &+ small(w[i - 15], expansion.0) &+ w[i - 7] &+ small(w[i - 2], expansion.1))
        }
        var v = state
        for i in k.indices {
            let choice = (v[4] & v[5]) ^ (~v[4] & v[6])
            let majority = (v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2])
            let first = v[7] &+ big(v[4], rounds.0) &+ choice &+ k[i] &+ w[i]
            let second = big(v[0], rounds.1) &+ majority
            v = [first &+ second, v[0], v[1], v[2], v[3] &+ first, v[4], v[5], v[6]]
        }
        for i in state.indices { state[i] = state[i] &+ v[i] }
    }

    // The first 64 (32) bits of the fractions of square roots and cube roots of the first primes: computed, and checked by
    // the standard's examples. SHA-256 takes the upper halves of SHA-512's words.
    private static let primes: [UInt64] = {
        var found: [UInt64] = []
        var n: UInt64 = 2
        while found.count < 80 {
            if found.allSatisfy({ n % $0 != 0 }) { found.append(n) }
            n += 1
        }
        return found
    }()
    private static let initial = primes.prefix(8).map { fraction(ofRoot: 2, of: $0) }
    private static let constants = primes.map { fraction(ofRoot: 3, of: $0) }

    /// The first 64 bits behind the point of a number's square or cube root, found bit by bit.
    private static func fraction(ofRoot degree: Int, of number: UInt64) -> UInt64 {
        // The largest r with r^degree <= number * 2^(64 * degree); r has 64 bits for the fraction and a few before the point.
        var root: [UInt32] = [0, 0, 0]
        let bound = [UInt32](repeating: 0, count: 2 * degree) + [UInt32(number)]
        for bit in (0..<70).reversed() {
            var candidate = root
            candidate[bit / 32] |= 1 << UInt32(bit % 32)
            let power = (1..<degree).reduce(candidate) { product, _ in multiplied(product, candidate) }
            if !isGreater(power, than: bound) { root = candidate }
        }
        return UInt64(root[1]) << 32 | UInt64(root[0])
    }

    /// The product of two numbers given as words of 32 bits, the lowest first.
    private static func multiplied(_ a: [UInt32], _ b: [UInt32]) -> [UInt32] {
        var product = [UInt32](repeating: 0, count: a.count + b.count)
        for (i, x) in a.enumerated() {
            var carry: UInt64 = 0
            for (j, y) in b.enumerated() {
                let sum = UInt64(x) * UInt64(y) + UInt64(product[i + j]) + carry
                product[i + j] = UInt32(truncatingIfNeeded: sum)
                carry = sum >> 32
            }
            product[i + b.count] = UInt32(carry)
        }
        return product
    }

    private static func isGreater(_ a: [UInt32], than b: [UInt32]) -> Bool {
        for index in (0..<max(a.count, b.count)).reversed() {
            let x = index < a.count ? a[index] : 0
            let y = index < b.count ? b[index] : 0
            if x != y { return x > y }
        }
        return false
    }
}
