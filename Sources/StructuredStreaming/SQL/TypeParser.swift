/// Reads types and column lists: `BIGINT`, `array<struct<x: int>>`, `gt STRING, count BIGINT NOT NULL`.
struct TypeParser {
    var cursor: TokenCursor
    private static let maximumDepth = 100

    init(_ cursor: TokenCursor) { self.cursor = cursor }

    /// A list of columns: `name[:] type [NOT NULL] [COMMENT 'text'], …`.
    mutating func fields(depth: Int = 0) throws(AnalysisError) -> [StructField] {
        var result: [StructField] = []
        repeat { result.append(try field(depth: depth)) } while cursor.skip(symbol: ",")
        return result
    }

    private mutating func field(depth: Int) throws(AnalysisError) -> StructField {
        let name: String
        switch cursor.current.kind {
        case .word(let word): name = word
        case .quotedName(let quoted): name = quoted
        default: throw cursor.expected("a column name")
        }
        cursor.advance()
        _ = cursor.skip(symbol: ":")
        var field = StructField(name, try type(depth: depth + 1))
        if cursor.skip("NOT") {
            try cursor.expect("NULL")
            field.nullable = false
        }
        if cursor.skip("COMMENT") {
            guard case .string(let comment) = cursor.current.kind else { throw cursor.expected("the comment's text") }
            field.comment = comment
            cursor.advance()
        }
        return field
    }

    /// One type.
    mutating func type(depth: Int = 0) throws(AnalysisError) -> DataType {
        guard depth < Self.maximumDepth else {
            throw cursor.unsupported("A type of more than \(Self.maximumDepth) levels")
        }
        guard let name = cursor.keyword else { throw cursor.expected("a type") }
        let start = cursor.current.offset
        cursor.advance()
        if let type = Self.simple[name] { return type }
        switch name {
        case "DECIMAL", "DEC", "NUMERIC": return try decimal()
        case "CHAR", "CHARACTER", "VARCHAR":
            try cursor.expect(symbol: "(")
            _ = try number()
            try cursor.expect(symbol: ")")
            return .string
        case "ARRAY":
            try cursor.expect(symbol: "<")
            let element = try type(depth: depth + 1)
            try cursor.expect(symbol: ">")
            return .array(element, containsNull: true)
        case "MAP":
            try cursor.expect(symbol: "<")
            let key = try type(depth: depth + 1)
            try cursor.expect(symbol: ",")
            let value = try type(depth: depth + 1)
            try cursor.expect(symbol: ">")
            return .map(key, value, valueContainsNull: true)
        case "STRUCT":
            if cursor.skip(symbol: "<>") { return .structure(StructType([])) }
            try cursor.expect(symbol: "<")
            if cursor.skip(symbol: ">") { return .structure(StructType([])) }
            let fields = try fields(depth: depth + 1)
            try cursor.expect(symbol: ">")
            return .structure(StructType(fields))
        default:
            throw AnalysisError(
                "UNSUPPORTED_DATATYPE", "Unsupported data type \"\(name)\" (\(cursor.source.position(start))).")
        }
    }

    private mutating func decimal() throws(AnalysisError) -> DataType {
        guard cursor.skip(symbol: "(") else { return .decimal(precision: 10, scale: 0) }
        let start = cursor.current.offset
        let precision = try number()
        let scale = cursor.skip(symbol: ",") ? try number() : 0
        try cursor.expect(symbol: ")")
        guard (1...38).contains(precision), scale <= precision else {
            throw AnalysisError(
                "DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION",
                "DECIMAL(\(precision),\(scale)) is not possible: the precision is at least 1 and at most 38, the scale at "
                    + "most the precision (\(cursor.source.position(start))).")
        }
        return .decimal(precision: precision, scale: scale)
    }

    private mutating func number() throws(AnalysisError) -> Int {
        guard case .integer(let digits, suffix: "") = cursor.current.kind, let number = Int(digits) else {
            throw cursor.expected("a whole number")
        }
        cursor.advance()
        return number
    }

    private static let simple: [String: DataType] = [
        "BOOLEAN": .boolean, "TINYINT": .byte, "BYTE": .byte, "SMALLINT": .short, "SHORT": .short, "INT": .integer,
        "INTEGER": .integer, "BIGINT": .long, "LONG": .long, "FLOAT": .float, "REAL": .float, "DOUBLE": .double,
        "STRING": .string, "BINARY": .binary, "DATE": .date, "TIMESTAMP": .timestamp, "TIMESTAMP_LTZ": .timestamp,
        "TIMESTAMP_NTZ": .timestampNTZ, "VOID": .null,
    ]
}

extension DataType {
    /// A type from its SQL text, such as `bigint` or `array<struct<x: int>>`. Throws `PARSE_SYNTAX_ERROR` or
    /// `UNSUPPORTED_DATATYPE`. `char(n)` and `varchar(n)` are read as `string`.
    public init(sql: String) throws(AnalysisError) {
        var parser = TypeParser(try TokenCursor(sql))
        self = try parser.type()
        try parser.cursor.expectEnd()
    }
}

extension StructType {
    /// A schema from a DDL string, such as `gt STRING, count BIGINT NOT NULL`, or from `struct<…>`. Throws
    /// `PARSE_SYNTAX_ERROR` or `UNSUPPORTED_DATATYPE` with the place in the text.
    public init(ddl: String) throws(AnalysisError) {
        var parser = TypeParser(try TokenCursor(ddl))
        if parser.cursor.current.kind == .end {
            self.init([])
            return
        }
        let next = parser.cursor.peek().kind
        if parser.cursor.isAt("STRUCT"), next == .symbol("<") || next == .symbol("<>") {
            guard case .structure(let schema) = try parser.type() else { throw parser.cursor.expected("a struct") }
            self = schema
        } else {
            self.init(try parser.fields())
        }
        try parser.cursor.expectEnd()
    }
}
