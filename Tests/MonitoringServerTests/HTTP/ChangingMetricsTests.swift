import Foundation
import LiveMonitoring
import Monitoring
import MonitoringServer
import StreamingMetrics
import Testing

@Suite struct ChangingMetricsTests {
    /// What is wrong with a page of metrics, by line.
    private static func problems(of page: String) -> [String] {
        var problems: [String] = []
        var series: Set<Substring> = []
        var ended: Set<Substring> = []
        var family: Substring = ""
        if !page.hasSuffix("\n") { problems.append("the page ends within a line") }
        var types: Set<Substring> = []
        for line in page.split(separator: "\n") {
            if line.hasPrefix("#") {
                if line.hasPrefix("# TYPE "), !types.insert(line).inserted { problems.append("has two heads: \(line)") }
                continue
            }
            guard let space = line.lastIndex(of: " "), let value = Double(line[line.index(after: space)...]) else {
                problems.append("no value: \(line)")
                continue
            }
            if !value.isFinite { problems.append("no number: \(line)") }
            if !series.insert(line[..<space]).inserted { problems.append("stands twice: \(line)") }
            let name = line.prefix { $0 != "{" && $0 != " " }
            guard name != family else { continue }
            if !ended.insert(name).inserted { problems.append("torn apart: \(line)") }
            family = name
        }
        return problems
    }

    /// What promtool complains of; nil where it is not installed.
    private static func complaints(about page: String) throws -> String? {
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        guard let path = folders.map({ "\($0)/promtool" }).first(where: FileManager.default.isExecutableFile) else {
            return nil
        }
        let file = FileManager.default.temporaryDirectory.appending(path: "metrics-\(UUID().uuidString)")
        try page.write(to: file, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(at: file) }
        let process = Process()
        process.executableURL = URL(filePath: path)
        process.arguments = ["check", "metrics"]
        process.standardInput = try FileHandle(forReadingFrom: file)
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return process.terminationStatus == 0 ? text : "exit code \(process.terminationStatus): \(text)"
    }

    @Test(arguments: [
        "a 1\nb 2\na{x=\"y\"} 3\n", "a 1\na 1\n", "a NaN\n", "a +Inf\n", "a\n", "a 1\nb 2",
        "# TYPE a gauge\na 1\n# TYPE a gauge\n",
    ])
    func `the check finds what is wrong with a page`(_ page: String) {
        #expect(Self.problems(of: page).count == 1)
    }

    @Test func `without a source that tells its partitions the page is whole as well`() async throws {
        try await LiveServer.with(partitionsPerSource: 100) { server async throws in
            server.hub.take(QueryMaker(), batch: 0)
            let page = try await server.ask("/metrics").body
            #expect(Self.problems(of: page).isEmpty)
            #expect(!page.contains("partition_lag"))
            #expect(page.contains("streamgauge_server_"))
        }
    }

    @Test func `F37: each page of metrics is whole while a thousand queries change, end and start anew`()
        async throws
    {
        try await LiveServer.with(partitionsPerSource: 100) { server async throws in
            let hub = server.hub
            let queries = (1...1000).map { number in
                var query = QueryMaker(UInt16(number), name: "query-\(number)", hasState: number % 2 == 0)
                query.partitions = 4
                return query
            }
            for query in queries { hub.take(query, batch: 0) }
            let feed = Task.detached {
                var makers = queries
                var batch: Int64 = 0
                while !Task.isCancelled {
                    batch += 1
                    for (index, maker) in makers.enumerated() where !Task.isCancelled {
                        hub.take(maker, batch: batch)
                        guard (index + Int(batch)) % 10 == 0 else { continue }
                        hub.take(
                            .terminated(QueryTerminatedEvent(id: maker.id, runId: maker.runId, exception: nil)),
                            at: QueryMaker.time(batch))
                        makers[index].runId = UUID()
                    }
                    await Task.yield()
                }
            }
            defer { feed.cancel() }
            let runs = hub.rows().map(\.snapshot.runId)
            var last = ""
            for _ in 0..<5 {
                let answer = try await server.ask("/metrics")
                #expect(answer.status == 200)
                let problems = Self.problems(of: answer.body)
                #expect(problems.isEmpty, "\(problems.count): \(problems.prefix(5))")
                last = answer.body
            }
            feed.cancel()
            await feed.value
            #expect(zip(runs, hub.rows().map(\.snapshot.runId)).contains { $0 != $1 })
            #expect(last.components(separatedBy: "streamgauge_query_events_total{").count == 1001)
            #expect(last.components(separatedBy: "streamgauge_source_partition_lag_records{").count == 500 * 4 + 1)
            let complaints = try Self.complaints(about: last)
            #expect(complaints ?? "" == "")
        }
    }
}
