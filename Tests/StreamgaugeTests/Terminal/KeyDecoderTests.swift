import Testing

@testable import streamgauge

@Suite struct KeyDecoderTests {
    private static let sequences: [(String, [Key])] = [
        ("q", [.character("q")]), ("é日👍", [.character("é"), .character("日"), .character("👍")]),
        ("\r\n", [.enter, .enter]), ("\u{7f}\u{8}", [.backspace, .backspace]), ("\t", [.tab]),
        ("\u{3}\u{1a}\u{c}", [.control("c"), .control("z"), .control("l")]),
        ("\u{1b}[A\u{1b}[B\u{1b}[C\u{1b}[D", [.up, .down, .right, .left]),
        ("\u{1b}OA\u{1b}OB\u{1b}OH\u{1b}OF", [.up, .down, .home, .end]),
        ("\u{1b}[5~\u{1b}[6~\u{1b}[1~\u{1b}[4~\u{1b}[3~", [.pageUp, .pageDown, .home, .end, .delete]),
        ("\u{1b}[1;5A", [.up]), ("\u{1b}\u{1b}[A", [.escape, .up]), ("\u{1b}q", [.escape, .character("q")]),
        // What has no meaning here is passed over, with all that belongs to it.
        ("\u{1b}[200~x\u{1b}[[Ay\u{1b}[?1;2cz", [.character("x"), .character("y"), .character("z")]),
        ("\u{1b}[15~\u{1b}[24;2~q", [.character("q")]),
    ]

    @Test(arguments: sequences)
    func `keys are told from bytes, however the bytes are cut`(text: String, keys: [Key]) {
        var decoder = KeyDecoder()
        #expect(decoder.take(text.utf8) == keys)
        #expect(!decoder.isWaiting)
        var slow = KeyDecoder()
        #expect(text.utf8.flatMap { slow.take([$0]) } == keys)
    }

    @Test func `an escape byte is a key once nothing follows it`() {
        var decoder = KeyDecoder()
        #expect(decoder.take([0x1B]) == [])
        #expect(decoder.isWaiting)
        #expect(decoder.flush() == [.escape])
        #expect(!decoder.isWaiting)
    }

    @Test func `bytes that are no text and sequences without an end give no key and stop nothing`() {
        var decoder = KeyDecoder()
        #expect(decoder.take([0xFF, 0xC0, 0x80, 0xE2, 0x28, 0xA1]) == [.character("(")])
        #expect(decoder.take(Array("\u{1b}[".utf8) + Array(repeating: UInt8(ascii: "1"), count: 200)).count < 200)
        _ = decoder.flush()
        #expect(decoder.take("q".utf8) == [.character("q")])
        var random = SystemRandomNumberGenerator()
        for _ in 0..<2000 {
            let bytes = (0..<Int.random(in: 1...40)).map { _ in UInt8.random(in: 0...255, using: &random) }
            let keys = decoder.take(bytes) + decoder.flush()
            #expect(keys.count <= bytes.count)
        }
    }
}
