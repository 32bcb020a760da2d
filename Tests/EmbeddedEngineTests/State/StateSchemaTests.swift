import StructuredStreaming
import Testing

@testable import EmbeddedEngine

@Suite struct StateSchemaTests {
    private func schema(_ fields: StructField...) -> StateSchema {
        StateSchema(key: StructType(fields), value: StructType([]))
    }

    private func isCompatible(_ stored: StateSchema, _ new: StateSchema) -> Bool {
        engineError { try stored.requireCompatible(with: new, path: "schema") } == nil
    }

    @Test func `names do not matter, types, order and number do`() {
        let stored = schema(StructField("a", .string), StructField("b", .long))
        #expect(isCompatible(stored, schema(StructField("x", .string), StructField("y", .long))))
        #expect(!isCompatible(stored, schema(StructField("a", .string))))
        #expect(!isCompatible(stored, schema(StructField("b", .long), StructField("a", .string))))
        #expect(!isCompatible(stored, schema(StructField("a", .string), StructField("b", .integer))))
    }

    @Test func `a stored field may be nullable where the new one is not, not the reverse`() {
        let nullable = schema(StructField("a", .structure(StructType([StructField("x", .long)]))))
        let strict = schema(StructField("a", .structure(StructType([StructField("x", .long, nullable: false)]))))
        #expect(isCompatible(nullable, strict))
        #expect(!isCompatible(strict, nullable))
    }

    @Test func `every type is written and read`() throws {
        let all: [DataType] = [
            .null, .boolean, .byte, .short, .integer, .long, .float, .double, .decimal(precision: 20, scale: 3),
            .string,
            .binary, .date, .timestamp, .timestampNTZ, .array(.long, containsNull: false),
            .map(.string, .double, valueContainsNull: true), .structure(StructType([StructField("x", .date)])),
        ]
        let schema = StateSchema(
            key: StructType(all.enumerated().map { StructField("c\"\($0)", $1, nullable: $0 % 2 == 0) }),
            value: StructType([]))
        let read = try StateSchema(schema.fileBytes, path: "schema")
        #expect(read.key == schema.key)
        #expect(read.fileBytes == schema.fileBytes)
    }

    @Test func `a schema of more than 65535 bytes is kept in chunks`() throws {
        let schema = StateSchema(
            key: StructType((0..<3000).map { StructField("größe \($0)", .long) }), value: StructType([]))
        #expect(schema.fileBytes[4..<8].elementsEqual([0, 0, 0, 4]))
        #expect(try StateSchema(schema.fileBytes, path: "schema").key == schema.key)
    }

    @Test func `a damaged schema file is refused wherever it is cut or changed`() throws {
        let good = StateFixtures.counts.fileBytes
        for length in 0..<good.count {
            let error = engineError { _ = try StateSchema(Array(good[..<length]), path: "/s/schema") }
            #expect(error?.message.contains("/s/schema") == true)
        }
        var generator = SeededGenerator(seed: 31)
        for _ in 0..<3000 {
            var bytes = good
            bytes[Int.random(in: 0..<good.count, using: &generator)] = UInt8.random(
                in: .min ... .max, using: &generator)
            do { _ = try StateSchema(bytes, path: "s") } catch { #expect(error is EngineError) }
        }
        var newer = good
        newer[3] = UInt8(ascii: "9")
        #expect(engineError { _ = try StateSchema(newer, path: "s") }?.code == .checkpointIncompatible)
    }
}

@Suite struct OperatorStateMetadataTests {
    private func aggregation(partitions: Int64 = 2) -> OperatorStateMetadata {
        OperatorStateMetadata(
            operatorId: 0, operatorName: "stateStoreSave", stores: [.init(numPartitions: partitions)])
    }

    @Test func `the operators of a checkpoint must be those of the query`() throws {
        let scratch = try CheckpointScratch()
        try OperatorStateMetadata.check([aggregation()], stateDirectory: scratch.path, files: scratch.files)
        try OperatorStateMetadata.check([aggregation()], stateDirectory: scratch.path, files: scratch.files)
        let dedupe = OperatorStateMetadata(operatorId: 0, operatorName: "dedupe", stores: [.init(numPartitions: 2)])
        for current in [
            [], [dedupe], [aggregation(), OperatorStateMetadata(operatorId: 1, operatorName: "dedupe", stores: [])],
        ] {
            let error = engineError {
                try OperatorStateMetadata.check(current, stateDirectory: scratch.path, files: scratch.files)
            }
            #expect(error?.code == .checkpointIncompatible)
            #expect(
                error?.message.contains(
                    "Stateful operators in the metadata: [(OperatorId: 0 -> OperatorName: stateStoreSave)]") == true)
        }
    }

    @Test func `another number of partitions is refused`() throws {
        let scratch = try CheckpointScratch()
        try OperatorStateMetadata.check([aggregation()], stateDirectory: scratch.path, files: scratch.files)
        let error = engineError {
            try OperatorStateMetadata.check(
                [aggregation(partitions: 5)], stateDirectory: scratch.path, files: scratch.files)
        }
        #expect(error?.message.contains("it has 2 partitions, and the query wants 5") == true)
    }

    @Test func `deleted metadata is written anew`() throws {
        let scratch = try CheckpointScratch()
        try OperatorStateMetadata.check([aggregation()], stateDirectory: scratch.path, files: scratch.files)
        try scratch.files.delete(scratch.path + "/0/_metadata/metadata")
        try OperatorStateMetadata.check([aggregation()], stateDirectory: scratch.path, files: scratch.files)
        #expect(try scratch.text("0/_metadata/metadata") == aggregation().text)
    }
}
