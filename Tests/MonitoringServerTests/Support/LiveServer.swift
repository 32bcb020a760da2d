import AlertRuleFiles
import Foundation
import LiveMonitoring
import Monitoring
import MonitoringServer
import StreamingMetrics
import Testing

/// A server on a free port of this machine, for the time of a test.
struct LiveServer: Sendable {
    let hub: MonitoringHub
    let port: Int
    let server: MonitoringServer

    /// Runs a test beside a server, and ends the server.
    static func with<Result: Sendable>(
        _ hub: MonitoringHub = MonitoringHub(settings: .replay), token: AccessToken? = nil,
        limits: ServerLimits = ServerLimits(), partitionsPerSource: Int = 0, history: (any HistorySource)? = nil,
        _ test: @escaping @Sendable (LiveServer) async throws -> Result
    ) async throws -> Result {
        var configuration = MonitoringServer.Configuration(
            address: ListenAddress(host: "127.0.0.1", port: 0), token: token)
        configuration.limits = limits
        configuration.partitionsPerSource = partitionsPerSource
        let server = try MonitoringServer(hub: hub, configuration: configuration, history: history)
        let (ports, continuation) = AsyncStream<Int>.makeStream()
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                defer { continuation.finish() }
                try await server.run { continuation.yield($0.port) }
            }
            group.addTask { await hub.run([]) }
            defer { group.cancelAll() }
            var iterator = ports.makeAsyncIterator()
            let port = try #require(await iterator.next(), "the server did not begin")
            do {
                let result = try await test(LiveServer(hub: hub, port: port, server: server))
                await server.stop()
                return result
            } catch {
                await server.stop()
                throw error
            }
        }
    }

    /// Sends a request and reads its answer to the end.
    func ask(
        _ method: String, _ target: String, headers: [String] = [], host: String? = nil, body: String? = nil
    ) async throws -> RawAnswer {
        var lines = ["\(method) \(target) HTTP/1.1", "Host: \(host ?? "127.0.0.1:\(port)")", "Connection: close"]
        lines += headers
        if let body { lines.append("Content-Length: \(body.utf8.count)") }
        let text = lines.joined(separator: "\r\n") + "\r\n\r\n" + (body ?? "")
        let answer = try await offPool { [port] in
            let connection = try RawConnection(port: port)
            connection.send(text)
            return connection.receive(for: 20)
        }
        return try #require(RawAnswer(answer), "no answer to \(method) \(target): \(answer.prefix(200))")
    }

    /// The same with GET.
    func ask(_ target: String, headers: [String] = [], host: String? = nil) async throws -> RawAnswer {
        try await ask("GET", target, headers: headers, host: host)
    }

    /// Sends these bytes and reads what comes back until the other side closes.
    func exchange(_ text: String, for seconds: Double = 10) async throws -> String {
        try await offPool { [port] in
            let connection = try RawConnection(port: port)
            connection.send(text)
            return connection.receive(for: seconds)
        }
    }
}

/// A hub as it stands after recorded events of a real Spark.
enum RecordedHub {
    static let fixtures = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "MonitoringTests/Fixtures")

    static func replaying(_ names: String...) async throws -> MonitoringHub {
        let hub = MonitoringHub(settings: .replay)
        let paths = names.map { fixtures.appending(path: $0).path }
        try await RecordingFeed(paths: paths).run(into: hub)
        return hub
    }

    /// The same with the shipped rules, judged at each second of the recording.
    static func judging(_ names: String...) async throws -> MonitoringHub {
        let hub = MonitoringHub(
            settings: .replay, alerts: AlertWatch(rules: try ShippedRules.rules(), isReplay: true))
        try await RecordingFeed(paths: names.map { fixtures.appending(path: $0).path }).run(into: hub)
        return hub
    }
}

/// Makes progress of one query's run.
struct QueryMaker: Sendable {
    var id: UUID
    var runId = UUID()
    var name: String?
    /// Whether it keeps state and reads from Kafka, where half of what comes waits.
    var hasState: Bool
    /// How many partitions its topic has, each of which says the same.
    var partitions = 1
    private static let origin: Int64 = 1_795_428_000_000

    init(_ number: UInt16 = 1, name: String? = "orders", hasState: Bool = false) {
        self.hasState = hasState
        id = UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, UInt8(number >> 8), UInt8(number & 255)))
        self.name = name
    }

    static func time(_ seconds: Int64) -> MonitorTime { MonitorTime(millisecondsSinceEpoch: origin + seconds * 1000) }

    func batch(_ number: Int64, rows: Int64 = 100) -> StreamingQueryEvent {
        .progress(
            QueryProgressEvent(
                progress: StreamingQueryProgress(
                    id: id, runId: runId, name: name,
                    timestamp: ProgressTimestamp(millisecondsSinceEpoch: Self.time(number).millisecondsSinceEpoch),
                    batchId: number, batchDuration: 500, numInputRows: rows, inputRowsPerSecond: Double(rows),
                    processedRowsPerSecond: Double(rows) * 2, durationMs: ["addBatch": 400, "triggerExecution": 500],
                    stateOperators: hasState ? [state(number)] : [], sources: [source(number, rows)],
                    sink: SinkProgress(description: "MemorySink"))))
    }

    private func state(_ number: Int64) -> StateOperatorProgress {
        StateOperatorProgress(
            operatorName: "dedupe", numRowsTotal: number, numRowsUpdated: 1, memoryUsedBytes: 1000,
            customMetrics: ["loadedMapCacheHitCount": number * 2, "stateOnCurrentVersionSizeBytes": 300])
    }

    private func source(_ number: Int64, _ rows: Int64) -> SourceProgress {
        guard hasState else {
            return SourceProgress(description: "FileStreamSource[file:/data/in]", numInputRows: rows)
        }
        func offsets(_ offset: Int64) -> JSONValue {
            let partitions = (0..<partitions).map { JSONValue.Member("\($0)", .integer(offset)) }
            return .object([JSONValue.Member("orders", .object(partitions))])
        }
        return SourceProgress(
            description: "KafkaV2[Subscribe[orders]]", endOffset: offsets(number * rows),
            latestOffset: offsets(number * rows * 2), numInputRows: rows)
    }
}

extension MonitoringHub {
    func take(_ maker: QueryMaker, batch: Int64) { take(maker.batch(batch), at: QueryMaker.time(batch)) }
}
