import FoundationEssentials
import Logging
import StructuredStreaming

/// A query's checkpoint with what this run made of it: where it goes on, and which settings hold.
final class QueryCheckpoint: Sendable {
    /// The folder, locked for this run.
    let location: CheckpointLocation
    /// Where the query goes on.
    let recovery: RecoveryPoint
    /// The settings that stand in every offsets file of this run.
    let conf: PinnedConfiguration
    /// The query's id.
    let id: UUID
    /// Whether the folder is deleted after a clean end.
    let isTemporary: Bool

    /// Opens or makes a checkpoint and decides where the query goes on.
    ///
    /// - Parameter session: the session's settings; where the checkpoint pins another value, that one holds and a warning says
    ///   so.
    init(
        _ path: String, isTemporary: Bool, session: [String: String], files: any CheckpointFileManager, logger: Logger
    ) throws {
        let location = try CheckpointLocation(path, files: files)
        do {
            let recovery = try location.recover()
            for warning in recovery.warnings { logger.warning("\(warning)") }
            guard let id = UUID(uuidString: location.metadata.id) else {
                throw EngineError(
                    .checkpointCorrupt, "\(path)/metadata holds no UUID but '\(location.metadata.id)'",
                    hint: "restore the file from a copy")
            }
            self.id = id
            for setting in recovery.pinned?.overridden(session: session) ?? [] {
                logger.warning(
                    """
                    \(setting.key) is \(setting.session) in the session, but the checkpoint \(path) was made with \
                    \(setting.pinned), which holds for this query
                    """)
            }
            conf = recovery.pinned ?? PinnedConfiguration(session: session)
            // A new query must not promise a state format that this engine does not write.
            if recovery.pinned == nil { try conf.requireReadableState(path: location.path) }
            self.location = location
            self.recovery = recovery
            self.isTemporary = isTemporary
        } catch {
            location.close()
            throw error
        }
    }

    /// The checkpoint's folder.
    var path: String { location.path }

    /// Lets the next run in.
    func close() { location.close() }

    /// Deletes a temporary checkpoint; failing is a warning.
    func delete(logger: Logger) {
        do {
            try FileManager.default.removeItem(atPath: path)
        } catch {
            logger.warning("cannot delete the temporary checkpoint \(path): \(error)")
        }
    }
}

extension EngineSettings {
    /// The session's settings that a checkpoint pins, with this engine's own default number of state partitions.
    func session(_ conf: RuntimeConfiguration) -> [String: String] {
        var session = conf.all
        session["spark.sql.shuffle.partitions"] = String(shufflePartitions)
        return session
    }

    /// The settings of a query on this checkpoint.
    func pinned(by checkpoint: QueryCheckpoint, session: [String: String]) -> EngineSettings {
        var settings = self
        let text = checkpoint.conf.effective("spark.sql.shuffle.partitions", session: session)
        if let partitions = text.flatMap({ Int($0) }), partitions > 0 { settings.shufflePartitions = partitions }
        return settings
    }
}
