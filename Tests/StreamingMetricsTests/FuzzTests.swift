import StreamingMetrics
import Testing

@Suite struct FuzzTests {
    /// One document of each shape: every file's first progress and every other kind of event.
    private static let seeds: [[UInt8]] = {
        var seen: Set<String> = []
        return RecordedEvent.all.filter { seen.insert("\($0.file) \($0.event)").inserted }.map(\.bytes)
    }()

    @Test(arguments: 0..<8) func `a mutated document gives a typed error or an event that survives a round trip`(
        seed: UInt64
    ) throws {
        var random = SeededGenerator(seed: seed)
        var readable = 0
        for _ in 0..<5000 {
            var bytes = try #require(FuzzTests.seeds.randomElement(using: &random))
            for _ in 0..<Int.random(in: 1...3, using: &random) { mutate(&bytes, &random) }
            guard let event = try? MetricsCodec.decode(bytes) else { continue }
            readable += 1
            var written: [UInt8] = []
            MetricsCodec.encode(event, into: &written)
            let again = try MetricsCodec.decode(written)
            #expect(
                again == event, "\(String(decoding: bytes, as: UTF8.self))\n\(String(decoding: written, as: UTF8.self))"
            )
        }
        // Mutations that leave the document readable are what makes the round trip worth testing.
        #expect(readable > 500)
    }

    private static let fragments = [
        "null", "NaN", "-Infinity", "\"NaN\"", "1e400", "-0.0", "1.0E7", "10000000.0", "0.05", "\\u0000", "\\uD800",
        "{}", "[]",
        "{\"a\":1,\"a\":2}", "\"x\":1,", "\"name\":\"n\",", "9223372036854775808", "1E-7", "\"", "\\", ",", ":", "{",
        "}", "[", "]", " ",
        "\n", "é", "\u{FEFF}", "\"Event\":\"QueryProgressEvent\",", "\"jobTags\":[],", "\"exception\":\"e\",", "-",
        "5.5", "1e2", "true",
    ]

    private func mutate(_ bytes: inout [UInt8], _ random: inout SeededGenerator) {
        guard !bytes.isEmpty else { return }
        let position = Int.random(in: bytes.indices, using: &random)
        switch Int.random(in: 0..<8, using: &random) {
        case 0: bytes[position] = UInt8.random(in: 0...255, using: &random)
        case 1: bytes.remove(at: position)
        case 2: bytes.insert(UInt8.random(in: 0...255, using: &random), at: position)
        case 3: bytes.removeLast(bytes.count - position)
        case 4: bytes.insert(contentsOf: (FuzzTests.fragments.randomElement(using: &random) ?? "").utf8, at: position)
        case 5: replaceValue(&bytes, after: position, &random)
        case 6: insertMember(&bytes, after: position, &random)
        default:
            let end = min(bytes.count, position + Int.random(in: 1...40, using: &random))
            bytes.insert(contentsOf: bytes[position..<end], at: Int.random(in: bytes.indices, using: &random))
        }
    }

    /// Puts a fragment in the place of the scalar after the next colon, which usually leaves the document well-formed.
    private func replaceValue(_ bytes: inout [UInt8], after position: Int, _ random: inout SeededGenerator) {
        guard let colon = bytes[position...].firstIndex(of: UInt8(ascii: ":")) else { return }
        let end = bytes[colon...].firstIndex { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "}") } ?? bytes.count
        bytes.replaceSubrange(colon + 1..<end, with: (FuzzTests.fragments.randomElement(using: &random) ?? "").utf8)
    }

    private func insertMember(_ bytes: inout [UInt8], after position: Int, _ random: inout SeededGenerator) {
        guard let brace = bytes[position...].firstIndex(of: UInt8(ascii: "{")) else { return }
        let key =
            ["x", "id", "name", "batchId", "numInputRows", "é", "\\u0069d", "metrics"].randomElement(using: &random)
            ?? ""
        let value = FuzzTests.fragments.randomElement(using: &random) ?? ""
        bytes.insert(contentsOf: "\"\(key)\":\(value),".utf8, at: brace + 1)
    }

    @Test func `random bytes never trap`() {
        var random = SeededGenerator(seed: 5)
        for _ in 0..<20_000 {
            let count = Int.random(in: 0...64, using: &random)
            let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
            #expect(failure(bytes: bytes) != nil)
        }
    }

    @Test func `random JSON values keep their text`() throws {
        var random = SeededGenerator(seed: 11)
        for _ in 0..<5000 {
            let value = randomValue(&random, depth: 0)
            let parsed = try JSONValue(parsing: value.prettyJSONText)
            #expect(parsed == value)
            #expect(rebuilt(parsed) == value)
        }
    }

    private func randomValue(_ random: inout SeededGenerator, depth: Int) -> JSONValue {
        let strings = ["", "a", "é", "🚀\n", "\"\\/", "\u{0}\u{1F}", "seventeen letters", "\u{2028}\u{7F}", "e\u{301}"]
        switch Int.random(in: 0..<(depth > 4 ? 5 : 7), using: &random) {
        case 0: return .null
        case 1: return .bool(Bool.random(using: &random))
        case 2: return .integer(Int64(bitPattern: random.next()))
        case 3: return .double(Double(bitPattern: random.next()))
        case 4: return .string(strings.randomElement(using: &random) ?? "")
        case 5:
            return .array(
                (0..<Int.random(in: 0...3, using: &random)).map { _ in randomValue(&random, depth: depth + 1) })
        default:
            return .object(
                (0..<Int.random(in: 0...3, using: &random)).map { _ in
                    JSONValue.Member(
                        strings.randomElement(using: &random) ?? "", randomValue(&random, depth: depth + 1))
                })
        }
    }

    /// The value taken apart and put together again.
    private func rebuilt(_ value: JSONValue) -> JSONValue {
        switch value.node {
        case .null: .null
        case .bool(let flag): .bool(flag)
        case .integer(let integer): .integer(integer)
        case .number: value.double.map { .double($0) } ?? .null
        case .string(let text): .string(text)
        case .array(let elements): .array(elements.map(rebuilt))
        case .object(let members): .object(members.map { JSONValue.Member($0.key, rebuilt($0.value)) })
        }
    }
}
