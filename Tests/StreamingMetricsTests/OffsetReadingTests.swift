import Foundation
import Testing

@testable import StreamingMetrics

/// Offsets are read by shorter ways than other values; what comes out must be the same.
@Suite struct OffsetReadingTests {
    /// Bytes that end, begin or spoil something when they stand in the place of another.
    private static let spoilers = Array("\"\\:,{}[]0159x.-e \n\u{1F}".utf8) + [0x7F, 0xC3, 0xFF]

    /// Two offsets of one source: how the second is read, or why it is not.
    private func outcome(_ start: [UInt8], _ end: [UInt8]) -> String {
        let (before, between) = (#""sources":[{"startOffset":"#, #","endOffset":"#)
        let opening = document(before).dropLast()
        let bytes = Array(opening.utf8) + start + Array(between.utf8) + end + Array("}]}".utf8)
        do throws(MetricsCodecError) {
            guard case .progress(let event) = try MetricsCodec.decode(bytes) else { return "no progress" }
            return event.progress.sources.first?.endOffset.jsonText ?? "no source"
        } catch {
            return error.description
        }
    }

    /// A text of so many bytes, after which nothing is like the last object.
    private func filler(_ count: Int) -> [UInt8] {
        Array("\"\(String(repeating: "x", count: count - 2))\"".utf8)
    }

    private func offsets(_ partitions: Int, digits: Int) -> [UInt8] {
        let members = (0..<partitions).map { partition in
            "\"\(partition)\":\(String(repeating: "7", count: digits - 1))\(partition % 10)"
        }
        return Array("{\"topic\":{\(members.joined(separator: ","))}}".utf8)
    }

    @Test(arguments: 1...20) func `an object that is spoilt anywhere is read as if nothing like it had stood before`(
        digits: Int
    ) {
        let known = offsets(3, digits: digits)
        #expect(outcome(known, known) == String(decoding: known, as: UTF8.self))
        for place in known.indices {
            for spoiler in Self.spoilers {
                var spoilt = known
                spoilt[place] = spoiler
                #expect(outcome(known, spoilt) == outcome(filler(known.count), spoilt), "\(place): \(spoiler)")
            }
        }
    }

    @Test func `objects of every length up to several steps are read with other digits than before`() {
        for partitions in 1...12 {
            for digits in 1...19 {
                let known = offsets(partitions, digits: digits)
                let others = known.map { $0 == UInt8(ascii: "7") ? UInt8(ascii: "3") : $0 }
                #expect(outcome(known, others) == String(decoding: others, as: UTF8.self))
            }
        }
    }

    @Test func `a number that begins with zero is refused where another digit stood before, zero alone is not`() {
        let known = Array(#"{"topic":{"0":5,"1":17,"2":25,"3":0.5}}"#.utf8)
        let zero = Array(#"{"topic":{"0":0,"1":17,"2":25,"3":0.0}}"#.utf8)
        let leading = Array(#"{"topic":{"0":5,"1":07,"2":25,"3":0.5}}"#.utf8)
        #expect(outcome(known, zero) == String(decoding: zero, as: UTF8.self))
        #expect(outcome(known, leading).contains("may not begin with 0"))
    }

    @Test func `what is like an object less deep is refused where it stands too deep`() {
        let object = #"{"topic-of-offsets":{"0":1,"1":2,"2":3}}"#
        let bytes = Array(document(#""x":\#(object),"sources":[{"startOffset":\#(object)}]"#).utf8)
        func code(maximumDepth: Int) -> MetricsCodecError.Code? {
            do throws(MetricsCodecError) {
                _ = try bytes.span.withUnsafeBytes { bytes throws(MetricsCodecError) in
                    try MetricsCodec.decode(bytes, limits: .init(maximumDepth: maximumDepth))
                }
                return nil
            } catch {
                return error.code
            }
        }
        #expect(code(maximumDepth: 5) == nil)
        #expect(code(maximumDepth: 4) == .tooDeep)
    }

    @Test func `members of numbers are read alike with and without room behind them`() {
        // Near the end of a text every member is read by itself.
        for text in [#"{"0":19182,"1":20}"#, #"{"":1,"12345":0}"#, #"{"1":1,"2":-1,"3":2}"#, #"{"0":1.5,"1":2e3}"#] {
            let bytes = Array(text.utf8)
            for place in bytes.indices {
                for spoiler in Self.spoilers {
                    var spoilt = bytes
                    spoilt[place] = spoiler
                    #expect(alone(spoilt, room: 0) == alone(spoilt, room: 64), "\(text) \(place): \(spoiler)")
                }
            }
        }
    }

    /// A value alone, or where it is broken; the same for all that is missing at its end.
    private func alone(_ bytes: [UInt8], room: Int) -> String {
        let padded = bytes + [UInt8](repeating: 0x20, count: room)
        do throws(MetricsCodecError) {
            return try padded.span.withUnsafeBytes { bytes throws(MetricsCodecError) in
                try JSONValue(parsing: bytes).jsonText
            }
        } catch {
            guard let offset = error.byteOffset, offset < bytes.count else { return "broken at its end" }
            return "\(error.code) at \(offset)"
        }
    }

    @Test func `members of numbers are taken and refused as Foundation takes and refuses them`() {
        var random = SeededGenerator(seed: 3)
        let parts = ["\"", ":", ",", "0", "1", "23456789", "\"7\":", "\"12\":1918226,", "{", "}", "-", "."]
        for _ in 0..<20_000 {
            var text = #"{"0":12345678,"1":1234567890123456,"23":1,"456":12345678901234567,"7":8}"#
            let place = text.index(text.startIndex, offsetBy: Int.random(in: 1..<text.count, using: &random))
            if Bool.random(using: &random) { text.remove(at: place) }
            text.insert(contentsOf: parts.randomElement(using: &random) ?? "", at: place)
            // Foundation lets a comma stand before a brace.
            let isJSON = !text.contains(",}") && (try? JSONSerialization.jsonObject(with: Data(text.utf8))) != nil
            let read = try? JSONValue(parsing: text + String(repeating: " ", count: 32))
            #expect(read?.jsonText == (isJSON ? text : nil), "\(text)")
        }
    }

    @Test func `the keys of maps that are known stand in ascending order`() {
        for table in [KnownKeys.durationMs, KnownKeys.eventTime, KnownKeys.sourceMetrics, KnownKeys.customMetrics] {
            for index in 1..<table.count {
                #expect(KeyOrder.precedes(table.name(index - 1), table.name(index)), "\(table.name(index))")
            }
        }
    }
}
