public import FoundationEssentials
public import LiveMonitoring
public import Monitoring

extension HistoryRecorder: HistorySource {
    /// The points of a query between two times.
    public func history(of id: UUID, _ range: HistoryRange) async throws -> StoredHistory? {
        try await reader.history(of: id, range, now: clock())
    }

    /// Batches of a query whose JSON is kept.
    public func batches(
        of id: UUID, from start: MonitorTime?, through end: MonitorTime?, limit: Int
    ) async throws -> [BatchKey]? {
        try await reader.reading { try HistoryReader.batches(of: id, from: start, through: end, limit: limit, $0) }
    }

    /// A batch's progress as Spark's JSON.
    public func progressJSON(of id: UUID, runId: UUID, batchId: Int64) async throws -> [UInt8]? {
        try await reader.reading { try HistoryReader.progressJSON(of: id, runId, batchId, $0) }
    }
}
