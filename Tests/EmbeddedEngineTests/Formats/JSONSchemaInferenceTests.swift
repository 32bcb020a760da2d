import Foundation
import StructuredStreaming
import Testing

@testable import EmbeddedEngine

/// `Fixtures/json/spark-4.1.1-inference.jsonl` holds the schemas that Spark 4.1.1 inferred from a file's lines, or its
/// error.
@Suite struct JSONSchemaInferenceTests {
    @Test func `every recorded schema is inferred as Spark 4_1_1 inferred it`() throws {
        let cases = try fixtureLines("spark-4.1.1-inference.jsonl")
        #expect(cases.count > 130)
        for recorded in cases {
            let lines = try #require(recorded["lines"] as? [String])
            let given = try #require(recorded["opts"] as? [String: String])
            let options = try JSONOptions(given)
            let file = try TemporaryFile(lines.joined(separator: "\n").utf8)
            if let expected = recorded["schema"] as? [String: Any] {
                let schema = try JSONSchemaInference.infer([file.path], options: options)
                #expect(Self.shown(schema) == Self.shown(expected), "\(lines) with \(given)")
            } else if lines == [#"{"a":1e3}"#] {
                // Spark stumbles over the negative scale of a decimal here.
                let schema = try JSONSchemaInference.infer([file.path], options: options)
                #expect(schema.fields == [StructField("a", .double)])
            } else if given["mode"] == "FAILFAST" {
                #expect(throws: EngineError.self) { try JSONSchemaInference.infer([file.path], options: options) }
            } else {
                let error = #expect(throws: EngineError.self) {
                    try JSONSchemaInference.infer([file.path], options: options)
                }
                #expect(error?.message.contains("COLUMN_ALREADY_EXISTS") == true)
            }
        }
    }

    @Test func `several files give one schema`() throws {
        let files = try [#"{"a":1}"#, #"{"a":1.5,"b":true}"#, #"{"c":{"x":1}}"#, "oops"].map {
            try TemporaryFile($0.utf8)
        }
        let schema = try JSONSchemaInference.infer(files.map(\.path))
        #expect(
            schema.fields == [
                StructField("_corrupt_record", .string), StructField("a", .double), StructField("b", .boolean),
                StructField("c", .structure(StructType([StructField("x", .long)]))),
            ])
    }

    @Test func `no file at all is an error that says to give a schema`() {
        let error = #expect(throws: EngineError.self) { try JSONSchemaInference.infer([]) }
        #expect(error?.message.contains("UNABLE_TO_INFER_SCHEMA") == true)
    }

    @Test func `a file that is gone is named`() {
        let error = #expect(throws: EngineError.self) { try JSONSchemaInference.infer(["/no/such/file.json"]) }
        #expect(error?.code == .pathNotFound)
        #expect(error?.message.contains("/no/such/file.json") == true)
    }

    @Test func `a half-read malformed line leaves no trace in the types`() throws {
        let lines = [#"{"a":1,"b":2}"#, #"{"a":"text","new":1,"b":oops}"#]
        let file = try TemporaryFile(lines.joined(separator: "\n").utf8)
        let schema = try JSONSchemaInference.infer([file.path])
        #expect(
            schema.fields == [
                StructField("_corrupt_record", .string), StructField("a", .long), StructField("b", .long),
            ])
    }

    private static func shown(_ schema: StructType) -> String {
        schema.fields.map { "\($0.name):\(shown($0.dataType))" }.joined(separator: ",")
    }

    private static func shown(_ type: DataType) -> String {
        switch type {
        case .structure(let schema): "{\(shown(schema))}"
        case .array(let element, _): "[\(shown(element))]"
        case .decimal(let precision, let scale): "decimal(\(precision),\(scale))"
        default: "\(type)"
        }
    }

    private static func shown(_ schema: [String: Any]) -> String {
        guard let fields = schema["fields"] as? [[String: Any]] else { return "?" }
        return fields.map { "\($0["name"] ?? "?"):\(shown(type: $0["type"]))" }.joined(separator: ",")
    }

    private static func shown(type: Any?) -> String {
        guard let nested = type as? [String: Any] else { return type as? String ?? "?" }
        return nested["elementType"] == nil ? "{\(shown(nested))}" : "[\(shown(type: nested["elementType"]))]"
    }
}
