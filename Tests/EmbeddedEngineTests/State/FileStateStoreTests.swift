import Glibc
import StreamingTesting
import StructuredStreaming
import Testing

@testable import EmbeddedEngine

@Suite struct FileStateStoreTests {
    private func store(
        _ scratch: CheckpointScratch, files: (any CheckpointFileManager)? = nil,
        settings: StateStoreSettings = StateStoreSettings()
    ) throws -> FileStateStore {
        try FileStateStore(
            directory: scratch.path + "/0", schema: StateFixtures.counts, files: files ?? scratch.files,
            settings: settings)
    }

    @Test func `each commit is a version, and each version can be loaded again`() throws {
        let scratch = try CheckpointScratch()
        let first = try store(scratch)
        try first.load(version: 0)
        first.put("a", 1)
        first.put("b", 2)
        #expect(try first.commit(timestampMs: 0) == 1)
        try first.load(version: 1)
        first.put("a", 10)
        #expect(first.remove("b"))
        #expect(!first.remove("c"))
        #expect(try first.commit(timestampMs: 0) == 2)
        try first.load(version: 2)
        #expect(try first.commit(timestampMs: 0) == 3)
        #expect(first.metrics.loadedMapCacheHitCount == 2)
        let second = try store(scratch)
        let expected: [[String: Int64]] = [[:], ["a": 1, "b": 2], ["a": 10], ["a": 10]]
        for version in [3, 1, 0, 2] {
            try second.load(version: Int64(version))
            #expect(second.counts() == expected[version])
        }
        #expect(try scratch.names("0").count == 6)
    }

    @Test func `changes that were not committed are never seen again`() throws {
        let scratch = try CheckpointScratch()
        let store = try store(scratch)
        try store.load(version: 0)
        store.put("a", 1)
        _ = try store.commit(timestampMs: 0)
        try store.load(version: 1)
        store.put("a", 2)
        store.put("b", 2)
        try store.load(version: 1)
        #expect(store.counts() == ["a": 1])
        _ = store.remove("a")
        store.abort()
        try store.load(version: 1)
        #expect(store.counts() == ["a": 1])
    }

    @Test func `the empty key of an aggregation without grouping columns is a key like others`() throws {
        let scratch = try CheckpointScratch()
        let schema = StateSchema(key: StructType([]), value: StateFixtures.counts.value)
        for batch: Int64 in 0..<3 {
            let store = try FileStateStore(directory: scratch.path + "/0", schema: schema, files: scratch.files)
            try store.load(version: batch)
            store.withTable { table in
                let key = UnsafeRawBufferPointer(start: nil, count: 0)
                let (slot, isNew) = table.slotForUpdate(key, hash: StateTable.hash(key), valueLength: 16)
                #expect(isNew == (batch == 0))
                let count = table.mutableValue(slot) + 8
                count.storeBytes(of: count.load(as: Int64.self) + 1, as: Int64.self)
                let value = Array(table.value(slot))
                #expect(value == longValue(batch + 1))
            }
            _ = try store.commit(timestampMs: 0)
        }
    }

    @Test func `running a batch again replaces its delta`() throws {
        let scratch = try CheckpointScratch()
        for value: Int64 in [1, 2] {
            let store = try store(scratch)
            try store.load(version: 0)
            store.put("a", value)
            _ = try store.commit(timestampMs: value)
        }
        let unchecked = try store(scratch, settings: StateStoreSettings(fileChecksum: false))
        try unchecked.load(version: 0)
        unchecked.put("a", 3)
        _ = try unchecked.commit(timestampMs: 3)
        #expect(try scratch.names("0") == ["1.delta"])
        let reader = try store(scratch)
        try reader.load(version: 1)
        #expect(reader.counts() == ["a": 3])
    }

    @Test func `snapshots come after the deltas allowed, and what they supersede goes`() throws {
        let scratch = try CheckpointScratch()
        let settings = StateStoreSettings(minDeltasForSnapshot: 3, minBatchesToRetain: 3, fileChecksum: false)
        let store = try store(scratch, settings: settings)
        for batch: Int64 in 0..<16 {
            try store.load(version: batch)
            store.put("k\(batch)", batch)
            if batch > 3 { _ = store.remove("k\(batch - 3)") }
            _ = try store.commit(timestampMs: 0)
            try FileStateStore.maintain([store], timestampMs: 0)
        }
        #expect(
            try scratch.names("0") == [
                "12.delta", "12.snapshot", "13.delta", "14.delta", "15.delta", "16.delta", "16.snapshot",
            ])
        let reader = try FileStateStore(
            directory: scratch.path + "/0", schema: StateFixtures.counts, files: scratch.files, settings: settings)
        for version: Int64 in 12...16 {
            try reader.load(version: version)
            let kept = max(1, version - 3)...(version - 1)
            #expect(reader.counts() == Dictionary(uniqueKeysWithValues: [("k0", 0)] + kept.map { ("k\($0)", $0) }))
        }
        #expect(engineError { try reader.load(version: 11) }?.message.contains("1.delta: it does not exist") == true)
    }

    @Test
    func
        `the stores of an operator take turns with their snapshots, and those of one batch wait for the disk together`()
        throws
    {
        let scratch = try CheckpointScratch()
        let faulty = FaultyFileManager(over: scratch.files)
        let settings = StateStoreSettings(minDeltasForSnapshot: 3, minBatchesToRetain: 5, fileChecksum: false)
        func provider(_ files: any CheckpointFileManager) throws -> StateStoreProvider {
            try StateStoreProvider(
                stateDirectory: scratch.path, operatorId: 0, numPartitions: 10, schema: StateFixtures.counts,
                files: files,
                settings: settings)
        }
        let writer = try provider(faulty)
        var snapshots: [Int] = []
        for batch: Int64 in 0..<24 {
            try writer.load(version: batch)
            for partition in 0..<10 { writer[partition].put("k\(batch)", Int64(partition)) }
            try writer.commit(timestampMs: 0)
            let before = faulty.operations.count
            try writer.maintain(timestampMs: 0)
            let operations = faulty.operations.dropFirst(before)
            let written = operations.count { $0.name == "rename" && $0.path.hasSuffix(".snapshot") }
            snapshots.append(written)
            #expect(operations.count { $0.name == "syncFiles" } == (written > 0 ? 1 : 0))
        }
        // Stores 0, 4 and 8 after four deltas, 1, 5 and 9 one batch later, and so on.
        #expect(snapshots == [0, 0, 0] + (0..<5).flatMap { _ in [3, 3, 2, 2] } + [3])
        for version: Int64 in 19...24 {
            let reader = try provider(scratch.files)
            try reader.load(version: version)
            for partition in 0..<10 { #expect(reader[partition].counts().count == version) }
        }
        for partition in 0..<10 { #expect(try scratch.names("0/\(partition)").count < 16) }
    }

    @Test func `snapshots of large states are written one after the other, not held in memory together`() throws {
        let scratch = try CheckpointScratch()
        let faulty = FaultyFileManager(over: scratch.files)
        let settings = StateStoreSettings(minDeltasForSnapshot: 0, fileChecksum: false)
        let stores = try (0..<5).map { partition in
            try FileStateStore(
                directory: scratch.path + "/\(partition)", schema: StateFixtures.counts, files: faulty,
                settings: settings)
        }
        for store in stores {
            try store.load(version: 0)
            for number in 0..<100 { store.put("key \(number)", Int64(number)) }
            _ = try store.commit(timestampMs: 0)
        }
        let size = try scratch.files.read(scratch.path + "/0/1.delta").count
        let before = faulty.operations.count
        try FileStateStore.maintain(stores, timestampMs: 0, bytesTogether: size * 3 / 2)
        let operations = faulty.operations.dropFirst(before)
        #expect(operations.count { $0.name == "rename" } == 5)
        #expect(operations.count { $0.name == "syncFiles" } == 3)
    }

    @Test func `maintenance that has nothing to do touches no file`() throws {
        let scratch = try CheckpointScratch()
        let faulty = FaultyFileManager(over: scratch.files)
        let store = try store(scratch, files: faulty)
        try store.load(version: 0)
        _ = try store.commit(timestampMs: 0)
        let before = faulty.operations.count
        for _ in 0..<5 { try FileStateStore.maintain([store], timestampMs: 0) }
        #expect(faulty.operations.count == before)
    }

    @Test func `missing, cut and flipped files are refused by name`() throws {
        let scratch = try CheckpointScratch()
        for checksum in [true, false] {
            let settings = StateStoreSettings(fileChecksum: checksum)
            let path = scratch.path + "/0/1.delta"
            let writer = try store(scratch, settings: settings)
            try writer.load(version: 0)
            for number in 0..<50 { writer.put("key \(number)", Int64(number)) }
            _ = try writer.commit(timestampMs: 0)
            let good = try scratch.files.read(path)
            func load(_ bytes: [UInt8]?) throws -> EngineError? {
                try scratch.files.delete(path)
                if let bytes { try scratch.files.write(path, bytes) }
                let reader = try store(scratch, settings: settings)
                return engineError { try reader.load(version: 1) }
            }
            #expect(try load(good) == nil)
            #expect(try load(nil)?.message.contains("CANNOT_READ_DELTA_FILE_NOT_EXISTS") == true)
            for damaged in [
                [], Array(good.prefix(40)), Array(good.dropLast(30)), good.map { $0 ^ ($0 == 0x6B ? 1 : 0) },
            ] {
                let error = try load(damaged)
                #expect(error?.code == .stateUnreadable)
                #expect(error?.message.contains(path) == true)
            }
            // Only the end block is missing: what was read had its own end mark.
            #expect(try load(Array(good.dropLast(21))) == nil || checksum)
            try scratch.files.delete(path)
            try scratch.files.delete(path + ".crc")
        }
    }

    @Test func `a damaged checksum file is named, a missing one is accepted`() throws {
        let scratch = try CheckpointScratch()
        let writer = try store(scratch)
        try writer.load(version: 0)
        _ = try writer.commit(timestampMs: 0)
        for text in ["", "{}", "{\"algorithm\":\"CRC32C\",\"value\":1e99,\"mainFileSize\":1}"] {
            try scratch.write("0/1.delta.crc", text)
            let error = engineError { try store(scratch).load(version: 1) }
            #expect(error?.code == .stateUnreadable)
            #expect(error?.message.contains("1.delta.crc") == true)
        }
        try scratch.files.delete(scratch.path + "/0/1.delta.crc")
        try store(scratch).load(version: 1)
    }

    @Test func `state of the RocksDB provider is recognised`() throws {
        let scratch = try CheckpointScratch()
        try scratch.write("0/1.zip", "x")
        #expect(engineError { try store(scratch).load(version: 1) }?.message.contains("RocksDB provider") == true)
    }

    @Test func `a death at any operation of a commit leaves the version before loadable, and running it again works`()
        throws
    {
        func prepare(_ scratch: CheckpointScratch) throws {
            let writer = try store(scratch)
            try writer.load(version: 0)
            writer.put("a", 1)
            _ = try writer.commit(timestampMs: 0)
        }
        func batch(_ scratch: CheckpointScratch, _ files: any CheckpointFileManager) throws {
            let settings = StateStoreSettings(minDeltasForSnapshot: 1)
            let writer = try store(scratch, files: files, settings: settings)
            try writer.load(version: 1)
            writer.put("a", 2)
            _ = try writer.commit(timestampMs: 0)
            try FileStateStore.maintain([writer], timestampMs: 0)
        }
        let counting = try CheckpointScratch()
        try prepare(counting)
        let recorder = FaultyFileManager(over: counting.files)
        try batch(counting, recorder)
        #expect(recorder.operations.filter(\.isChange).count > 15)
        for point in recorder.operations.indices {
            let scratch = try CheckpointScratch()
            try prepare(scratch)
            let faulty = FaultyFileManager(over: scratch.files, failingAt: point, errno: EIO)
            #expect(engineError { try batch(scratch, faulty) } != nil)
            let reader = try store(scratch)
            try reader.load(version: 1)
            #expect(reader.counts() == ["a": 1])
            try batch(scratch, scratch.files)
            try reader.load(version: 2)
            #expect(reader.counts() == ["a": 2])
        }
    }

    @Test func `all partitions commit together, schema and operators are checked`() throws {
        let scratch = try CheckpointScratch()
        let provider = try StateStoreProvider(
            stateDirectory: scratch.path, operatorId: 0, numPartitions: 3, schema: StateFixtures.counts,
            files: scratch.files)
        try provider.load(version: 0)
        for partition in 0..<3 { provider[partition].put("p\(partition)", Int64(partition)) }
        #expect(try provider.commit(timestampMs: 0) == 1)
        try provider.maintain(timestampMs: 0)
        #expect(provider.metrics.numKeys == 3)
        #expect(try scratch.names("0/0") == ["1.delta", "1.delta.crc", "_metadata"])
        let other = StateSchema(key: StateFixtures.counts.key, value: StructType([StructField("sum", .long)]))
        let error = engineError {
            _ = try StateStoreProvider(
                stateDirectory: scratch.path, operatorId: 0, numPartitions: 3, schema: other, files: scratch.files)
        }
        #expect(error?.code == .stateSchemaIncompatible)
        #expect(error?.message.contains("STATE_STORE_VALUE_SCHEMA_NOT_COMPATIBLE") == true)
        #expect(
            error?.message.contains(
                "Existing value_schema=StructType(StructField(count,LongType,false)) and new "
                    + "value_schema=StructType(StructField(sum,LongType,true))") == true)
    }
}
