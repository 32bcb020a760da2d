/// Makes keys of the bytes that a terminal sends, however they are cut.
///
/// An escape byte is a key of its own or begins a sequence; only a pause tells which. The decoder has no clock: it keeps what is not
/// decided, and whoever reads calls ``flush()`` when nothing has come for a while.
struct KeyDecoder {
    /// No key has a longer sequence.
    private static let longestSequence = 32

    private var pending: ArraySlice<UInt8> = []

    /// Whether something waits for what comes next.
    var isWaiting: Bool { !pending.isEmpty }

    /// Takes bytes, and gives the keys that they end.
    mutating func take(_ bytes: some Sequence<UInt8>) -> [Key] {
        pending += bytes
        var keys: [Key] = []
        while let (key, length) = Self.first(of: pending) {
            if let key { keys.append(key) }
            pending = pending.dropFirst(length)
        }
        return keys
    }

    /// Nothing more comes: an escape byte was the key, and the rest of a sequence is none.
    mutating func flush() -> [Key] {
        let isEscape = pending.first == 0x1B
        pending = []
        return isEscape ? [.escape] : []
    }

    /// The first key and how many bytes it takes; the key is nil where the bytes are none, and all is nil where more must come.
    private static func first(of bytes: ArraySlice<UInt8>) -> (key: Key?, length: Int)? {
        guard let first = bytes.first else { return nil }
        switch first {
        case 0x1B: return sequence(Array(bytes.prefix(longestSequence)))
        case 0x0D, 0x0A: return (.enter, 1)
        case 0x7F, 0x08: return (.backspace, 1)
        case 0x09: return (.tab, 1)
        case 0..<0x20: return (.control(Character(Unicode.Scalar(first + 0x40)).lowercase), 1)
        case 0x20..<0x7F: return (.character(Character(Unicode.Scalar(first))), 1)
        default: return character(Array(bytes.prefix(4)))
        }
    }

    /// A character of several bytes; a byte that begins none is passed over.
    private static func character(_ bytes: [UInt8]) -> (key: Key?, length: Int)? {
        let length =
            switch bytes[0] {
            case 0xC2...0xDF: 2
            case 0xE0...0xEF: 3
            case 0xF0...0xF4: 4
            default: 1
            }
        guard length > 1 else { return (nil, 1) }
        for index in 1..<length {
            guard index < bytes.count else { return nil }
            guard bytes[index] & 0xC0 == 0x80 else { return (nil, index) }
        }
        let text = String(decoding: bytes[..<length], as: UTF8.self)
        return (text == "\u{FFFD}" ? nil : text.first.map { .character($0) }, length)
    }

    private static func sequence(_ bytes: [UInt8]) -> (key: Key?, length: Int)? {
        guard bytes.count > 1 else { return nil }
        switch bytes[1] {
        case UInt8(ascii: "["): return controlSequence(bytes)
        case UInt8(ascii: "O"):
            guard bytes.count > 2 else { return nil }
            return (key(final: bytes[2], parameter: 0), 3)
        // Two keys that came at once; a letter with Alt is told in the same way and has no meaning here.
        default: return (.escape, 1)
        }
    }

    /// `ESC [`, parameters, and a last byte.
    private static func controlSequence(_ bytes: [UInt8]) -> (key: Key?, length: Int)? {
        var parameter = 0
        var isFirst = true
        for index in 2..<max(2, bytes.count) {
            switch bytes[index] {
            case UInt8(ascii: "0")...UInt8(ascii: "9") where isFirst && parameter < 1000:
                parameter = parameter * 10 + Int(bytes[index] - UInt8(ascii: "0"))
            case 0x20...0x3F: isFirst = false
            // The console's function keys have one byte more.
            case UInt8(ascii: "[") where index == 2: return bytes.count > 3 ? (nil, 4) : nil
            case 0x40...0x7E: return (key(final: bytes[index], parameter: parameter), index + 1)
            default: return (nil, index)
            }
        }
        return bytes.count >= longestSequence ? (nil, bytes.count) : nil
    }

    private static func key(final: UInt8, parameter: Int) -> Key? {
        switch Character(Unicode.Scalar(final)) {
        case "A": .up
        case "B": .down
        case "C": .right
        case "D": .left
        case "F": .end
        case "H": .home
        case "M": .enter
        case "~":
            switch parameter {
            case 1, 7: .home
            case 3: .delete
            case 4, 8: .end
            case 5: .pageUp
            case 6: .pageDown
            default: nil
            }
        default: nil
        }
    }
}

extension Character {
    fileprivate var lowercase: Character { lowercased().first ?? self }
}
