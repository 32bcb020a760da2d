import Foundation
import StreamingMetrics
import Testing

/// Fault row F26: documents that are made to exhaust memory, stack or patience.
@Suite struct JSONBombTests {
    /// A document, and what is to come of it.
    struct Bomb {
        var name: String
        var bytes: [UInt8]
        /// The error; nil for a document that is read.
        var code: MetricsCodecError.Code?
    }

    static func bombs() -> [Bomb] {
        func filled(_ byte: Character, _ count: Int) -> [UInt8] { .init(repeating: byte.asciiValue ?? 0, count: count) }
        func repeated(_ text: String, _ count: Int) -> String { String(repeating: text, count: count) }
        let huge = 64 << 20
        let open = Array(document(#""x":""#).utf8.dropLast())
        return [
            Bomb(name: "64 MB of brackets", bytes: filled("[", huge), code: .tooLarge),
            Bomb(
                name: "a string of 64 MB",
                bytes: open + filled("a", huge) + Array("\"}".utf8), code: .tooLarge),
            Bomb(name: "64 MB of NUL", bytes: filled("\0", huge), code: .tooLarge),
            Bomb(name: "64 MB of digits", bytes: filled("7", huge), code: .tooLarge),
            Bomb(name: "depth 100,000", bytes: Array(document(#""x":"# + repeated("[", 100_000)).utf8), code: .tooDeep),
            Bomb(
                name: "depth 100,000 of objects", bytes: Array(document(#""x":"# + repeated(#"{"a":"#, 100_000)).utf8),
                code: .tooDeep),
            Bomb(
                name: "a million keys", bytes: Array(document(repeated(#""k":1,"#, 1_000_000) + #""x":1"#).utf8),
                code: .tooLarge),
            Bomb(
                name: "as many sources as fit the size",
                bytes: Array(document(#""sources":[{}"# + repeated(",{}", 2_700_000) + "]").utf8), code: .tooLarge),
            Bomb(
                name: "an integer of 7 MB", bytes: Array(document(#""batchId":"# + repeated("7", 7 << 20)).utf8),
                code: .invalidValue),
            Bomb(
                name: "a byte that is no UTF-8 after 7 MB",
                bytes: open + filled("a", 7 << 20) + [0xFF] + Array("\"}".utf8),
                code: .invalidUTF8),
            Bomb(
                name: "a NUL after 7 MB of white space", bytes: filled(" ", 7 << 20) + [0],
                code: .malformedJSON),
            Bomb(
                name: "a string of 7 MB that does not end",
                bytes: open + filled("a", 7 << 20), code: .malformedJSON),
        ]
    }

    @Test func `F26: a bomb is refused by the limit that it breaks`() {
        for bomb in Self.bombs() { #expect(failure(bytes: bomb.bytes)?.code == bomb.code, "\(bomb.name)") }
    }

    /// In a process of its own, where nothing else takes memory meanwhile. A sanitizer's own memory would be measured with ours.
    @Test(.enabled(if: !ProcessMemory.isSanitized))
    func `F26: refusing a bomb takes less than 8 MB beside the bomb itself`() async {
        await #expect(processExitsWith: .success) {
            for bomb in JSONBombTests.bombs() {
                let before = try #require(ProcessMemory.resetPeak())
                #expect(failure(bytes: bomb.bytes) != nil, "\(bomb.name)")
                let taken = try #require(ProcessMemory.kilobytes("VmHWM")) - before
                #expect(taken < 8 << 10, "\(bomb.name): \(taken) kB")
            }
        }
    }
}

/// What the system says of this process' memory.
enum ProcessMemory {
    /// A field of `/proc/self/status` in kB.
    static func kilobytes(_ field: String) -> Int? {
        let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let line = status?.split(separator: "\n").first { $0.hasPrefix(field + ":") }
        return line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) }
    }

    /// Sets the peak to what is used now, and gives that in kB.
    static func resetPeak() -> Int? {
        guard let file = fopen("/proc/self/clear_refs", "w") else { return nil }
        guard fputs("5", file) >= 0, fclose(file) == 0 else { return nil }
        return kilobytes("VmHWM")
    }

    static var isSanitized: Bool { dlsym(nil, "__asan_init") != nil || dlsym(nil, "__tsan_init") != nil }
}
