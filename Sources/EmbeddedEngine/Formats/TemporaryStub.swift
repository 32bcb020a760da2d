import StructuredStreaming
struct JSONLinesWriter { init(ignoreNullFields: Bool) {}
 func append(_ batch: ColumnBatch, to: inout [UInt8]) {} }
enum JSONSchemaInference { static func infer(_ p: [String], options: JSONOptions) throws -> StructType { StructType([]) } }
