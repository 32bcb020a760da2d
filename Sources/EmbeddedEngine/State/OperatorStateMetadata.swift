import StreamingMetrics

/// Which stateful operator a folder `state/<op>` belongs to; its file `_metadata/metadata`.
///
///     v1
///     {"operatorInfo":{"operatorId":0,"operatorName":"stateStoreSave"},"stateStoreInfo":[{"storeName":"default",…}]}
///
/// Operators are numbered from the sink towards the sources; the one nearest the sink is 0.
struct OperatorStateMetadata: Sendable, Hashable {
    /// One of an operator's stores.
    struct Store: Sendable, Hashable {
        var name = "default"
        var numColsPrefixKey: Int64 = 0
        var numPartitions: Int64
    }

    var operatorId: Int64
    /// Spark's name: `stateStoreSave`, `dedupe`, `symmetricHashJoin`, ….
    var operatorName: String
    var stores: [Store]

    /// The file's path below a checkpoint's state folder.
    static func path(stateDirectory: String, operatorId: Int64) -> String {
        "\(stateDirectory)/\(operatorId)/_metadata/metadata"
    }

    /// The file's text.
    var text: String {
        let json: JSONValue = [
            "operatorInfo": ["operatorId": .integer(operatorId), "operatorName": .string(operatorName)],
            "stateStoreInfo": .array(
                stores.map {
                    [
                        "storeName": .string($0.name), "numColsPrefixKey": .integer($0.numColsPrefixKey),
                        "numPartitions": .integer($0.numPartitions),
                    ]
                }),
        ]
        return "v1\n" + json.jsonText
    }

    /// Creates metadata.
    init(operatorId: Int64, operatorName: String, stores: [Store]) {
        self.operatorId = operatorId
        self.operatorName = operatorName
        self.stores = stores
    }

    /// Reads a file.
    init(_ bytes: [UInt8], path: String) throws {
        let log = try LogText(
            bytes, path: path, repair: "delete the file, and it is written anew from the running query")
        guard !log.lines.isEmpty else { throw log.damage(0, "the operator's description is missing") }
        let json = JSONValue.object(try log.object(0))
        guard let id = json["operatorInfo"]?["operatorId"]?.int64,
            let name = json["operatorInfo"]?["operatorName"]?.string,
            let stores = json["stateStoreInfo"]?.elements
        else { throw log.damage(0, "operatorInfo or stateStoreInfo is missing") }
        operatorId = id
        operatorName = name
        self.stores = try stores.map { store in
            guard let name = store["storeName"]?.string, let partitions = store["numPartitions"]?.int64 else {
                throw log.damage(0, "a store needs storeName and numPartitions")
            }
            return Store(
                name: name, numColsPrefixKey: store["numColsPrefixKey"]?.int64 ?? 0, numPartitions: partitions)
        }
    }

    /// Compares the operators of a query with those whose state a checkpoint has, and writes the files that are missing.
    ///
    /// A checkpoint without any of these files is taken as it is, since old releases wrote none.
    static func check(
        _ current: [OperatorStateMetadata], stateDirectory: String, files: any CheckpointFileManager
    ) throws {
        let stored = try stored(stateDirectory: stateDirectory, files: files)
        if !stored.isEmpty { try requireSame(stored, current, stateDirectory) }
        for operation in current where !stored.contains(where: { $0.operatorId == operation.operatorId }) {
            let path = path(stateDirectory: stateDirectory, operatorId: operation.operatorId)
            try files.createDirectories(CheckpointPath.directory(of: path))
            do {
                try files.createAtomic(path, Array(operation.text.utf8), .failIfExists)
            } catch is AlreadyExists {
                throw MetadataLog.concurrentUpdate(operation.operatorId, path)
            }
        }
    }

    private static func stored(
        stateDirectory: String, files: any CheckpointFileManager
    ) throws -> [OperatorStateMetadata] {
        try files.list(stateDirectory).compactMap(CheckpointPath.number).sorted().compactMap { id in
            let path = path(stateDirectory: stateDirectory, operatorId: id)
            return try files.exists(path) ? OperatorStateMetadata(try files.read(path), path: path) : nil
        }
    }

    private static func requireSame(
        _ stored: [OperatorStateMetadata], _ current: [OperatorStateMetadata], _ stateDirectory: String
    ) throws {
        func names(_ operators: [OperatorStateMetadata]) -> [Int64: String] {
            Dictionary(operators.map { ($0.operatorId, $0.operatorName) }, uniquingKeysWith: { $1 })
        }
        func list(_ operators: [OperatorStateMetadata]) -> String {
            operators.map { "(OperatorId: \($0.operatorId) -> OperatorName: \($0.operatorName))" }
                .joined(separator: ", ")
        }
        guard names(stored) == names(current) else {
            throw EngineError(
                .checkpointIncompatible,
                "cannot use the state in \(stateDirectory): STREAMING_STATEFUL_OPERATOR_NOT_MATCH_IN_STATE_METADATA, "
                    + "Stateful operators in the metadata: [\(list(stored))]; Stateful operators in current batch: "
                    + "[\(list(current))]",
                hint: "restore the query's stateful operators, or use a new checkpoint for the changed query")
        }
        for old in stored {
            guard let new = current.first(where: { $0.operatorId == old.operatorId }) else { continue }
            for store in old.stores {
                guard let wanted = new.stores.first(where: { $0.name == store.name }),
                    wanted.numPartitions != store.numPartitions
                else { continue }
                throw EngineError(
                    .checkpointIncompatible,
                    "cannot use the state in \(stateDirectory)/\(old.operatorId): it has \(store.numPartitions) "
                        + "partitions, and the query wants \(wanted.numPartitions)",
                    hint: "spark.sql.shuffle.partitions stays what it was when the checkpoint was made")
            }
        }
    }
}
