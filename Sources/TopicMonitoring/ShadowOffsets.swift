import FoundationEssentials
import Kafka
import Monitoring
import StreamingMetrics

/// How far queries have read, and what of it is not committed yet; a pure value of bounded memory.
struct ShadowOffsets: Sendable {
    /// Of each group that has changed the offsets to be committed.
    private(set) var waiting: [String: [TopicPartition: Int64]] = [:]

    private struct Reading {
        var run: UUID
        var batch: Int64
        var offsets: [TopicPartition: Int64]
        /// Runs before this one; their late events are no news.
        var earlierRuns: [UUID] = []
    }

    private var readings: [UUID: Reading] = [:]
    /// Queries that are remembered; beyond, all are learned anew, which costs a commit each.
    private static let maximumQueries = 10_000
    private static let maximumRuns = 32

    /// Takes what a progress says of sources in Kafka.
    mutating func take(_ progress: StreamingQueryProgress) {
        let offsets = Self.offsets(of: progress)
        guard !offsets.isEmpty, isNews(progress) else { return }
        let before = readings[progress.id]
        var earlier = before?.earlierRuns ?? []
        if let before, before.run != progress.runId { earlier = (earlier + [before.run]).suffix(Self.maximumRuns) }
        if before == nil, readings.count >= Self.maximumQueries { readings = [:] }
        readings[progress.id] = Reading(
            run: progress.runId, batch: progress.batchId ?? 0, offsets: offsets, earlierRuns: earlier)
        if before?.offsets != offsets {
            waiting[progress.name ?? progress.id.uuidString.lowercased(), default: [:]].merge(offsets) { $1 }
        }
    }

    private func isNews(_ progress: StreamingQueryProgress) -> Bool {
        guard let last = readings[progress.id] else { return true }
        if last.run == progress.runId { return progress.batchId ?? 0 >= last.batch }
        return !last.earlierRuns.contains(progress.runId)
    }

    /// Gives what has changed away.
    mutating func takeWaiting() -> [String: [TopicPartition: Int64]] {
        defer { waiting = [:] }
        return waiting
    }

    /// Takes back what could not be committed; what came since is newer.
    mutating func putBack(_ group: String, _ offsets: [TopicPartition: Int64]) {
        waiting[group, default: [:]].merge(offsets) { newer, _ in newer }
    }

    /// Offsets of Kafka's own source alone: others imitate the form, with topics that are none.
    private static func offsets(of progress: StreamingQueryProgress) -> [TopicPartition: Int64] {
        var offsets: [TopicPartition: Int64] = [:]
        for source in progress.sources where source.description?.hasPrefix("Kafka") == true {
            for place in SourceOffsets(source.endOffset)?.partitions ?? [] {
                guard let offset = place.offset, let partition = Int32(place.partition) else { continue }
                offsets[TopicPartition(topic: place.topic, partition: partition)] = offset
            }
        }
        return offsets
    }
}
