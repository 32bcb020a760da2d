import StructuredStreaming
import Testing

@Suite struct SchemaTests {
    /// A schema that uses everything, as Spark 4.1.1 reads it.
    static let everything = """
        a INT NOT NULL COMMENT 'it''s', b: string, `c d` array<struct<x:int,`y z`:map<string,decimal(10,2)>>>, d dec, \
        e numeric(5), f char(3), g varchar(5), h timestamp_ntz, i timestamp_ltz, j real, k binary, l date, m byte, \
        n short, o struct<a int not null comment 'c'>, p void, q struct<>
        """

    @Test func `a DDL string is read as Spark reads it`() throws {
        let schema = try StructType(ddl: Self.everything)
        #expect(
            schema.simpleString
                == "struct<a:int,b:string,c d:array<struct<x:int,y z:map<string,decimal(10,2)>>>,d:decimal(10,0),"
                + "e:decimal(5,0),f:string,g:string,h:timestamp_ntz,i:timestamp,j:float,k:binary,l:date,m:tinyint,"
                + "n:smallint,o:struct<a:int>,p:void,q:struct<>>")
        #expect(schema.fields[0] == StructField("a", .integer, nullable: false, comment: "it's"))
        #expect(try StructType(ddl: schema.ddl) == schema)
        #expect(try StructType(json: schema.json) == schema)
        #expect(try StructType(ddl: "struct<a:int,b:string>") == StructType(ddl: "a INT, b STRING"))
        #expect(try StructType(ddl: " ") == StructType([]))
    }

    static let types: [(String, DataType)] = [
        ("boolean", .boolean), ("tinyint", .byte), ("smallint", .short), ("integer", .integer), ("LONG", .long),
        ("Float", .float), ("double", .double), ("decimal(38,38)", .decimal(precision: 38, scale: 38)),
        ("string", .string), ("binary", .binary), ("date", .date), ("timestamp", .timestamp),
        ("timestamp_ntz", .timestampNTZ), ("void", .null),
        ("map<string,array<int>>", .map(.string, .array(.integer, containsNull: true), valueContainsNull: true)),
    ]

    @Test(arguments: types) func `types are read and written`(_ sql: String, _ type: DataType) throws {
        #expect(try DataType(sql: sql) == type)
        #expect(try DataType(sql: type.sql) == type)
        #expect(try DataType(sql: type.simpleString) == type)
    }

    @Test(arguments: [
        "a", "a int,", "a foo", "a int b", "a array<int", "a decimal(50,2)", "a decimal(5,6)", "a decimal(x)",
        "array<int>",
        "struct<a:int", "a map<int>", "a int not", "a int comment", "1 int", "a int, , b int", "a interval day",
    ])
    func `what is no schema is refused`(_ ddl: String) {
        #expect(throws: AnalysisError.self) { try StructType(ddl: ddl) }
    }

    @Test func `JSON is Spark's`() throws {
        let schema = StructType([
            StructField("gt", .string), StructField("n", .long, nullable: false, comment: "rows"),
            StructField("l", .array(.integer, containsNull: false)),
            StructField("m", .map(.string, .decimal(precision: 5, scale: 1), valueContainsNull: true)),
        ])
        let json = """
            {"type":"struct","fields":[{"name":"gt","type":"string","nullable":true,"metadata":{}},\
            {"name":"n","type":"long","nullable":false,"metadata":{"comment":"rows"}},\
            {"name":"l","type":{"type":"array","elementType":"integer","containsNull":false},"nullable":true,"metadata":{}},\
            {"name":"m","type":{"type":"map","keyType":"string","valueType":"decimal(5,1)","valueContainsNull":true},\
            "nullable":true,"metadata":{}}]}
            """
        #expect(schema.json == json)
        #expect(try StructType(json: json) == schema)
        let unordered = #"{"fields":[{"metadata":{},"name":"gt","nullable":true,"type":"string"}],"type":"struct"}"#
        #expect(try StructType(json: unordered) == StructType([StructField("gt", .string)]))
    }

    @Test(arguments: [
        "", "{", "[]", "\"long\"", "{\"type\":\"struct\"}", #"{"type":"struct","fields":[{"name":"a"}]}"#,
        #"{"type":"struct","fields":[{"type":"long"}]}"#, #"{"type":"struct","fields":[{"name":"a","type":"foo"}]}"#,
        #"{"type":"struct","fields":[{"name":"a","type":"array<int>"}]}"#, #"{"type":"struct","fields":7}"#,
        #"{"type":"struct","fields":[{"name":"a","type":{"type":"array"}}]}"#,
    ])
    func `JSON that is no schema is refused`(_ json: String) {
        #expect(errorClass { () throws(AnalysisError) in _ = try StructType(json: json) } == "INVALID_SCHEMA_JSON")
    }

    @Test func `printSchema's tree is Spark's`() throws {
        let schema = StructType([
            StructField("arr", .array(.integer, containsNull: false), nullable: false),
            StructField("m", .map(.string, .integer, valueContainsNull: false), nullable: false),
            StructField("st", .structure(StructType([StructField("x", .long)]))),
            StructField("de", .decimal(precision: 5, scale: 2)), StructField("nn", .null),
        ])
        #expect(
            schema.treeString == """
                root
                 |-- arr: array (nullable = false)
                 |    |-- element: integer (containsNull = false)
                 |-- m: map (nullable = false)
                 |    |-- key: string
                 |    |-- value: integer (valueContainsNull = false)
                 |-- st: struct (nullable = true)
                 |    |-- x: long (nullable = true)
                 |-- de: decimal(5,2) (nullable = true)
                 |-- nn: void (nullable = true)

                """)
    }
}
