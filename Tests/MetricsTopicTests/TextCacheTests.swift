import Testing

@testable import MetricsTopic

@Suite struct TextCacheTests {
    @Test func `a text is what its bytes say, the first time, again, and after another took its place`() {
        var cache = TextCache()
        // More than the cache holds, so that they push one another out.
        let texts =
            (0..<2000).map { "a-query-whose-name-ends-in-\($0)" } + ["", "short", String(repeating: "l", count: 500)]
        for _ in 0..<3 {
            for text in texts { #expect(Array(text.utf8).withUnsafeBytes { cache.text($0) } == text) }
        }
    }

    @Test func `bytes that are no UTF-8 are replaced each time`() {
        var cache = TextCache()
        let bytes = [UInt8](repeating: 0xFF, count: 20)
        for _ in 0..<2 {
            #expect(bytes.withUnsafeBytes { cache.text($0) } == String(repeating: "\u{FFFD}", count: 20))
        }
    }
}
