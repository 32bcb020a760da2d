import StreamingMetrics
import StructuredStreaming
import Testing

@testable import EmbeddedEngine

/// State written by Spark is read, checked and written again.
@Suite struct SparkStateTests {
    @Test func `version 3 of the counting query's state is its final table`() throws {
        let fixture = CheckpointFixture.activityCounts
        let provider = try StateStoreProvider(
            stateDirectory: fixture.path + "/checkpoint/state", operatorId: 0, numPartitions: 2,
            schema: StateFixtures.counts, files: LocalFileManager(isDurable: false))
        try provider.load(version: 3)
        var expected: [String: Int64] = [:]
        for line in try fixture.text("expected.jsonl").split(separator: "\n") {
            let row = try JSONValue(parsing: String(line))
            expected[row["gt"]?.string ?? "NULL"] = row["count"]?.int64
        }
        #expect(expected.count == 8)
        let both = provider.stores.map { $0.counts() }
        #expect(both[0].merging(both[1]) { _, _ in -1 } == expected)
        #expect(Set(both[1].keys) == ["null", "stairsdown"])
        #expect(provider.metrics.numKeys == 8)
        #expect(provider.metrics.loadedMapCacheMissCount == 2)
    }

    @Test func `every version of the windowed query's state loads, with its removals`() throws {
        let files = LocalFileManager(isDurable: false)
        let provider = try StateStoreProvider(
            stateDirectory: CheckpointFixture.windowedAppend.path + "/checkpoint/state", operatorId: 0,
            numPartitions: 2, schema: StateFixtures.windows, files: files)
        var sizes: [Int] = []
        for version: Int64 in 0...7 {
            try provider.load(version: version)
            sizes.append(provider.stores.map { $0.withTable { $0.count } }.reduce(0, +))
        }
        let progress = try CheckpointFixture.windowedAppend.text("progress.jsonl").split(separator: "\n").map {
            try JSONValue(parsing: String($0))["stateOperators"]?.elements?.first?["numRowsTotal"]?.int64
        }
        #expect(sizes.dropFirst().map { Int64($0) } == progress)
        // The last windows stay: 00:31 and 00:40.
        let rows = provider.stores.flatMap { store in
            store.withTable { table in
                (0..<table.slotCount).filter { table.isLive($0) }.map { slot in
                    let key = UnsafeRow(base: table.key(slot).baseAddress!, fieldCount: 2)
                    return (key.row(0, fieldCount: 2).long(0), key.value(1, .string))
                }
            }
        }
        #expect(Set(rows.map(\.0)) == [1_704_069_000_000_000, 1_704_069_600_000_000])
    }

    @Test(arguments: CheckpointFixture.allCases)
    func `every key lies in the partition its hash says`(_ fixture: CheckpointFixture) throws {
        let schema = fixture == .activityCounts ? StateFixtures.counts : StateFixtures.windows
        var keys = 0
        for partition in 0..<2 {
            let store = try FileStateStore(
                directory: fixture.path + "/checkpoint/state/0/\(partition)", schema: schema,
                files: LocalFileManager(isDurable: false))
            for version: Int64 in 1...(fixture == .activityCounts ? 3 : 7) {
                try store.load(version: version)
                store.withTable { table in
                    for slot in 0..<table.slotCount where table.isLive(slot) {
                        let key = UnsafeRow(base: table.key(slot).baseAddress!, fieldCount: schema.key.fields.count)
                        #expect(Murmur3.partition(key.murmur3(schema.key), of: 2) == partition)
                        keys += 1
                    }
                }
            }
        }
        #expect(keys > 20)
    }

    @Test(arguments: CheckpointFixture.allCases)
    func `schema and operator files are written again as they were`(_ fixture: CheckpointFixture) throws {
        let path = fixture.path + "/checkpoint/state/0/0/_metadata/schema"
        let bytes = try fixture.bytes("checkpoint/state/0/0/_metadata/schema")
        let schema = try StateSchema(bytes, path: path)
        #expect(schema.fileBytes == bytes)
        let own = fixture == .activityCounts ? StateFixtures.counts : StateFixtures.windows
        #expect(schema.key == own.key)
        #expect(schema.value == own.value)
        try schema.requireCompatible(with: own, path: path)
        if fixture == .activityCounts { #expect(own.fileBytes == bytes) }

        let text = try fixture.text("checkpoint/state/0/_metadata/metadata")
        let metadata = OperatorStateMetadata(
            operatorId: 0, operatorName: "stateStoreSave", stores: [.init(numPartitions: 2)])
        #expect(metadata.text == text)
        #expect(try OperatorStateMetadata(Array(text.utf8), path: "m") == metadata)
    }

    @Test func `a delta's keys and values written again decompress to the same bytes`() throws {
        let fixture = CheckpointFixture.activityCounts
        let original = try fixture.bytes("checkpoint/state/0/0/1.delta")
        let store = try FileStateStore(
            directory: fixture.path + "/checkpoint/state/0/0", schema: StateFixtures.counts,
            files: LocalFileManager(isDurable: false))
        try store.load(version: 1)
        let pairs = store.withTable { table in
            (0..<table.slotCount).map { (Array(table.key($0)), Array(table.value($0))) }
        }
        let scratch = try CheckpointScratch()
        let copy = try FileStateStore(
            directory: scratch.path + "/0", schema: StateFixtures.counts, files: scratch.files)
        try copy.load(version: 0)
        copy.withTable { table in
            for (key, value) in pairs {
                key.withUnsafeBytes { key in value.withUnsafeBytes { table.put(key, $0) } }
            }
        }
        #expect(try copy.commit(timestampMs: 5) == 1)
        let written = try scratch.files.read(scratch.path + "/0/1.delta")
        #expect(
            try written.withUnsafeBytes { try LZ4BlockStream.decompress($0) }
                == original.withUnsafeBytes { try LZ4BlockStream.decompress($0) })
        #expect(
            try scratch.text("0/1.delta.crc")
                == StateFileChecksum(of: written).text(timestampMs: 5))
    }
}
