import StructuredStreaming
import Testing

/// Random numbers that are the same in every run.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

@Suite struct SQLFuzzTests {
    static let words = [
        "SELECT", "FROM", "input", "WHERE", "GROUP", "BY", "HAVING", "ORDER", "LIMIT", "AS", "AND", "OR", "NOT", "IN",
        "IS",
        "NULL", "BETWEEN", "LIKE", "CASE", "WHEN", "THEN", "ELSE", "END", "CAST", "(", ")", ",", "*", "+", "-", "/",
        "%",
        "=", "<", ">", "<=>", "||", "::", ".", ";", "a", "b", "s", "e", "count", "sum", "abs", "coalesce", "substring",
        "1",
        "2.5", "'x'", "''", "`a`", "1L", "true", "bigint", "array<int>", "t.", "DIV", "!", "\"", "'", "`", "\\", "/*",
        "--", "é",
    ]
    static let analyzer = Analyzer { _ in
        StructType([
            StructField("a", .integer), StructField("b", .long), StructField("s", .string), StructField("e", .boolean),
        ])
    }

    @Test(arguments: 0..<8) func `random tokens give a plan or an error`(_ seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        for round in 0..<1500 {
            let count = Int.random(in: 0...25, using: &generator)
            var sql = (0..<count).map { _ in Self.words.randomElement(using: &generator) ?? "" }.joined(separator: " ")
            if round.isMultiple(of: 2) { sql = "SELECT \(sql) FROM input" }
            guard let plan = try? LogicalPlan(sql: sql, tables: ["input": .table("input")]) else { continue }
            guard let analyzed = try? Self.analyzer.analyze(plan) else { continue }
            #expect(try Self.analyzer.analyze(analyzed) == analyzed, "\(sql)")
        }
    }

    @Test(arguments: 0..<4) func `random bytes give an expression, a schema or an error`(_ seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let sample = Array("a`'\"\\(<>)struct array:int,NOT NULL 'x' .1e+-*/=!|\u{e9}\0".utf8)
        for _ in 0..<3000 {
            let bytes = (0..<Int.random(in: 0...40, using: &generator)).map { _ in
                Bool.random(using: &generator)
                    ? sample.randomElement(using: &generator) ?? 0 : UInt8.random(in: 0...255, using: &generator)
            }
            let text = String(decoding: bytes, as: UTF8.self)
            _ = try? Expression(sql: text)
            _ = try? LogicalPlan(sql: text, tables: [:])
            if let schema = try? StructType(ddl: text) {
                #expect(try StructType(ddl: schema.ddl) == schema, "\(text)")
                #expect(try StructType(json: schema.json) == schema, "\(text)")
            }
            _ = try? StructType(json: text)
        }
    }

    @Test func `expressions that analyze keep their type under a second analysis`() throws {
        let schema = StructType([StructField("a", .integer)])
        let analyzer = Analyzer { _ in schema }
        for sql in [
            "a + 1.5", "'1' + a", "CASE WHEN a > 1 THEN 1L ELSE a END", "-a", "round(a / 3, 2)", "if(a = 1, a, 'x')",
        ] {
            let once = try analyzer.analyze(.project([Expression(sql: sql)], .table("t")))
            #expect(try analyzer.analyze(once) == once)
        }
    }
}
