import StreamingMetrics

/// The settings written into every offsets file. On a restart those of the newest file hold, whatever the session says,
/// because the state on disk was laid out by them.
struct PinnedConfiguration: Sendable, Hashable {
    /// Keys and values in the order of the file, unknown ones included.
    var entries: [JSONValue.Member]

    /// Takes entries as they are.
    init(_ entries: [JSONValue.Member] = []) { self.entries = entries }

    /// Pins the settings of a new query: the session's value of each pinned key, or its default.
    init(session: [String: String]) {
        entries = PinnedConfiguration.keys.map { key in
            JSONValue.Member(key.name, .string(session[key.name] ?? key.fallback))
        }
    }

    /// The value that the file has for a key; nil if it has none.
    subscript(key: String) -> String? {
        guard let value = entries.last(where: { $0.key == key })?.value else { return nil }
        return value.string ?? value.jsonText
    }

    /// The value that holds for a pinned key: the file's, else what an old release without that key did, else the
    /// session's or the default.
    func effective(_ key: String, session: [String: String]) -> String? {
        if let value = self[key] { return value }
        let known = PinnedConfiguration.keys.first { $0.name == key }
        return known?.legacy ?? session[key] ?? known?.fallback
    }

    /// Pinned settings that override another value of the session, to be told to the user.
    func overridden(session: [String: String]) -> [(key: String, pinned: String, session: String)] {
        PinnedConfiguration.keys.compactMap { key in
            guard let wanted = session[key.name], let pinned = effective(key.name, session: session), pinned != wanted
            else { return nil }
            return (key.name, pinned, wanted)
        }
    }

    /// Throws if state is of a kind this engine cannot read or write. Recovery asks where a checkpoint has state; a query
    /// that is going to have some asks before its first batch.
    func requireReadableState(path: String) throws {
        let refusals: [(key: String, readable: String, what: String)] = [
            (
                "spark.sql.streaming.stateStore.providerClass",
                "org.apache.spark.sql.execution.streaming.state.HDFSBackedStateStoreProvider",
                "the state store provider"
            ),
            ("spark.sql.streaming.stateStore.compression.codec", "lz4", "the compression codec of the state"),
            ("spark.sql.streaming.stateStore.encodingFormat", "unsaferow", "the encoding of the state"),
        ]
        for refusal in refusals {
            guard let value = self[refusal.key], value != refusal.readable else { continue }
            throw EngineError(
                .unsupported,
                "cannot use \(path): \(refusal.what) is \(value), and only \(refusal.readable) can be read",
                hint: "go on with the engine that made it, or start over with a new checkpoint and "
                    + "\(refusal.key)=\(refusal.readable)")
        }
    }

    private struct Key: Sendable {
        var name: String
        /// Spark's default.
        var fallback: String
        /// What holds when an old file lacks the key; nil: the session's value.
        var legacy: String?

        init(_ name: String, _ fallback: String, legacy: String? = nil) {
            self.name = name
            self.fallback = fallback
            self.legacy = legacy
        }
    }

    /// In the order in which Spark 4.1.1 happens to write them.
    private static let keys = [
        Key(
            "spark.sql.streaming.stateStore.providerClass",
            "org.apache.spark.sql.execution.streaming.state.HDFSBackedStateStoreProvider"),
        Key("spark.sql.streaming.stateStore.rocksdb.formatVersion", "5"),
        Key("spark.sql.streaming.stateStore.encodingFormat", "unsaferow", legacy: "unsaferow"),
        Key("spark.sql.streaming.statefulOperator.useStrictDistribution", "true", legacy: "false"),
        Key("spark.sql.streaming.flatMapGroupsWithState.stateFormatVersion", "2", legacy: "1"),
        Key("spark.sql.streaming.multipleWatermarkPolicy", "min", legacy: "min"),
        Key("spark.sql.streaming.aggregation.stateFormatVersion", "2", legacy: "1"),
        Key("spark.sql.shuffle.partitions", "200"),
        Key("spark.sql.streaming.join.stateFormatVersion", "2", legacy: "1"),
        Key("spark.sql.streaming.stateStore.compression.codec", "lz4", legacy: "lz4"),
        Key("spark.sql.optimizer.pruneFiltersCanPruneStreamingSubplan", "false", legacy: "true"),
    ]
}
