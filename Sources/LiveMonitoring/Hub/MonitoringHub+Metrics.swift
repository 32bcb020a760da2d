import FoundationEssentials
public import Monitoring
import Synchronization

/// What is known as those read it who collect series: all queries at one moment, in pieces, for there may be much of it.
extension MonitoringHub {
    /// What is known of every query, for those who write all of it down.
    public func report() -> FleetReport {
        let (snapshots, expired) = collect { $0.snapshot }
        return FleetReport(snapshots: snapshots, expired: expired)
    }

    /// The same as Prometheus reads it, collected on several cores.
    public func metricsPage() async -> PrometheusPage {
        let (ids, time, expired) = state.withLock { ($0.orderedIds(), now($0), $0.fleet.expired) }
        let parts = await withTaskGroup(of: (Int, MetricColumns).self) { group in
            for start in stride(from: 0, to: ids.count, by: Self.queriesPerPart) {
                let ids = ids[start..<min(start + Self.queriesPerPart, ids.count)]
                group.addTask {
                    var columns = MetricColumns(capacity: ids.count)
                    self.visit(ids, at: time) { columns.append($0.snapshot) }
                    return (start, columns)
                }
            }
            return await group.reduce(into: []) { $0.append($1) }.sorted { $0.0 < $1.0 }.map(\.1)
        }
        return PrometheusPage(parts: parts, expired: expired)
    }

    /// How many are collected one after the other, where others can be collected beside them.
    private static let queriesPerPart = 256

    /// Everything as OpenTelemetry's collectors take it, request after request.
    ///
    /// - Parameters:
    ///   - families: What is told beside the queries.
    ///   - partitionsPerSource: Series for single partitions, of each source those that are behind most; 0 writes none.
    ///   - send: Gets each request's body. What it throws ends the writing.
    /// - Throws: What `send` throws.
    public func writeOpenTelemetry(
        and families: [(family: MetricFamily, samples: [MetricSample])] = [], partitionsPerSource: Int = 0,
        resource: OTLPExposition.Resource, to send: (_ body: [UInt8]) async throws -> Void
    ) async throws {
        let (ids, time, expired) = state.withLock { ($0.orderedIds(), now($0), $0.fleet.expired) }
        var requests = OTLPRequests(from: resource, at: time, since: start)
        for first in stride(from: 0, to: ids.count, by: Self.queriesPerLock) {
            visit(ids[first..<min(first + Self.queriesPerLock, ids.count)], at: time) { requests.append($0.snapshot) }
            if requests.isFull, let body = requests.take() { try await send(body) }
        }
        for id in partitionsPerSource > 0 ? ids : [] {
            if let monitor = monitor(of: id) { requests.append(partitionsOf: monitor, perSource: partitionsPerSource) }
            if requests.isFull, let body = requests.take() { try await send(body) }
        }
        requests.appendFleet(expired: expired)
        requests.append(families)
        if let body = requests.take() { try await send(body) }
    }

    // MARK: Partitions

    /// How many records wait in single partitions, as Prometheus reads it, in pieces.
    ///
    /// - Parameters:
    ///   - partitionsPerSource: Of each source those partitions are told that are behind most, so many of them.
    ///   - write: Gets each piece; none where no source tells its partitions.
    /// - Throws: What `write` throws.
    public func writePartitionLags(
        partitionsPerSource: Int, to write: (_ piece: [UInt8]) async throws -> Void
    ) async throws {
        var text = PartitionLagText(partitionsPerSource: partitionsPerSource)
        for id in state.withLock({ $0.orderedIds() }) {
            if let monitor = monitor(of: id) { text.append(monitor) }
            if text.isPiece { try await write(text.takePiece()) }
        }
        let rest = text.takePiece()
        if !rest.isEmpty { try await write(rest) }
    }

    /// The same as rules see it, of some queries.
    func partitionSamples(of ids: [UUID]) -> [AlertSample] {
        ids.flatMap { monitor(of: $0).map { PartitionLagSeries.samples(of: $0) } ?? [] }
    }

    /// A query's monitor, to be read without the lock: it is a value, and a source may have thousands of partitions.
    private func monitor(of id: UUID) -> QueryMonitor? { state.withLock { $0.fleet.monitor(of: id) } }
}
