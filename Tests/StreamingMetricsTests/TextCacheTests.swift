import Testing

@testable import StreamingMetrics

@Suite struct TextCacheTests {
    @Test func `a text is what its bytes say, the first time, again, and after another took its place`() {
        let cache = TextCache()
        // More than the cache holds, so that they push one another out.
        let texts =
            (0..<2000).map { "a-query-whose-name-ends-in-\($0)" } + ["", "short", String(repeating: "l", count: 500)]
        for _ in 0..<3 {
            for text in texts { #expect(Array(text.utf8).withUnsafeBytes { cache.text($0) } == text) }
        }
    }

    @Test func `bytes that are no UTF-8 are replaced each time`() {
        let cache = TextCache()
        let bytes = [UInt8](repeating: 0xFF, count: 20)
        for _ in 0..<2 {
            #expect(bytes.withUnsafeBytes { cache.text($0) } == String(repeating: "\u{FFFD}", count: 20))
        }
    }

    @Test func `a value is what its bytes say, whether values come again or not`() {
        let cache = TextCache()
        func read(_ text: String) -> String {
            Array(text.utf8).withUnsafeBufferPointer { cache.value($0) }
        }
        // Long enough without a repetition that the cache gives up most places, then with repetitions, then without again.
        for number in 0..<20_000 {
            let text = "{\"a-topic\":{\"0\":\((5000..<6000).contains(number) ? number / 10 : number)}}"
            #expect(read(text) == text)
        }
    }

    @Test func `values that come again share their memory, also after many that did not`() {
        let cache = TextCache()
        func read(_ text: String) -> String { Array(text.utf8).withUnsafeBufferPointer { cache.value($0) } }
        func isShared(_ text: String) -> Bool {
            var (first, second) = (read(text), read(text))
            return first.withUTF8 { left in second.withUTF8 { left.baseAddress == $0.baseAddress } }
        }
        for number in 0..<5000 { _ = read("{\"a-topic\":{\"0\":\(number)}}") }
        let repeated = (0..<100).map { "{\"another-topic\":{\"0\":\($0 * 7919)}}" }
        for _ in 0..<3 { for text in repeated { _ = read(text) } }
        #expect(repeated.filter(isShared).count == repeated.count)
    }

    @Test func `events that are read with the texts of those before are the same events`() throws {
        let cache = TextCache()
        for recorded in RecordedEvent.all {
            let (event, encoding) = try recorded.bytes.withUnsafeBytes { try MetricsCodec.recognize($0, texts: cache) }
            let (alone, alonesEncoding) = try MetricsCodec.recognize(recorded.bytes)
            #expect(event == alone, "\(recorded.testDescription)")
            #expect(event.json == alone.json, "\(recorded.testDescription)")
            #expect(encoding == alonesEncoding)
        }
    }
}
