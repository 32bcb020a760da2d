import Foundation
import LiveMonitoring
import Monitoring
import StreamingMetrics
import Testing

/// Recorded events that come through a pipe, which has them once.
@Suite struct RecordedPipeTests {
    private let folder: ScratchFolder

    init() throws { folder = try ScratchFolder() }

    /// A named pipe into which lines are written as soon as somebody reads from it.
    private func pipe(_ name: String, _ lines: [String]) throws -> String {
        let path = folder.url.appending(path: name).path
        try #require(mkfifo(path, 0o600) == 0)
        // Without a reader a write would end the tests.
        signal(SIGPIPE, SIG_IGN)
        Thread.detachNewThread {
            let descriptor = open(path, O_WRONLY | O_CLOEXEC)
            guard descriptor >= 0 else { return }
            let bytes = Array((lines.joined(separator: "\n") + "\n").utf8)
            var written = 0
            while written < bytes.count {
                let count = bytes[written...].withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
                guard count > 0 else { break }
                written += count
            }
            close(descriptor)
        }
        return path
    }

    private func replay(_ paths: String...) async throws -> MonitoringHub {
        let hub = MonitoringHub(settings: .replay)
        try await RecordingFeed(paths: paths).run(into: hub)
        return hub
    }

    private func batches(_ maker: BatchMaker, count: Int = 30) -> [String] {
        (0..<count).map { maker.batch(Int64($0), Double($0)).json }
    }

    @Test func `a named pipe is opened once, and all that is written into it is read`() async throws {
        let alone = try await replay(try pipe("alone", batches(BatchMaker(), count: 1000)))
        #expect(alone.feeds.first?.events == 1000)
        let file = try folder.write("file", batches(BatchMaker(2)))
        let beside = try await replay(file, try pipe("beside", batches(BatchMaker(), count: 1000)))
        #expect(beside.feeds.first?.events == 1030)
    }

    @Test(.timeLimit(.minutes(1))) func `who waits for a pipe that nobody writes to can be stopped`() async throws {
        let path = folder.url.appending(path: "silent").path
        try #require(mkfifo(path, 0o600) == 0)
        let waiting = Task { try await replay(path) }
        try await Task.sleep(for: .milliseconds(50))
        waiting.cancel()
        await #expect(throws: CancellationError.self) { try await waiting.value }
    }

    @Test func `an end without a time beside a pipe that may have its progress is an error`() async throws {
        let maker = BatchMaker()
        let lifecycle = try folder.write("lifecycle", [maker.started(-1).json, maker.terminated().json])
        let progress = try pipe("progress", batches(maker))
        let error = await #expect(throws: MonitoringError.self) { try await replay(lifecycle, progress) }
        let text = error.map { "\($0)" } ?? ""
        #expect(text.contains("\(progress) can be read only once") && text.contains("save \(progress) to a file"))
        #expect(text.contains("the end of run \(maker.runId.uuidString.lowercased()) has no time"))
    }

    @Test func `ends without a time in one pipe beside another are an error as well`() async throws {
        let maker = BatchMaker()
        let lifecycle = try pipe("lifecycle", [maker.started(-1).json, maker.terminated().json])
        let progress = try pipe("progress", batches(maker))
        await #expect(throws: MonitoringError.self) { try await replay(lifecycle, progress) }
    }

    @Test func `ends that come through a pipe are placed by the progress in a file`() async throws {
        let maker = BatchMaker()
        let lifecycle = try pipe("lifecycle", [maker.started(-1).json, maker.terminated("boom").json])
        let hub = try await replay(try folder.write("progress", batches(maker)), lifecycle)
        #expect(hub.rows().first?.snapshot.failure?.at == BatchMaker.time(29.5))
    }

    @Test(arguments: [false, true]) func `whole recordings are read beside a pipe, whatever ends in them`(
        _ bothArePipes: Bool
    ) async throws {
        let (first, second) = (BatchMaker(1, name: "first"), BatchMaker(2, name: "second"))
        let file = [first.started(-1).json] + batches(first) + [first.terminated().json]
        let piped = [second.started(-1).json] + batches(second) + [second.terminated("boom").json]
        let hub = try await replay(
            bothArePipes ? try pipe("file", file) : try folder.write("file", file), try pipe("piped", piped))
        #expect(hub.rows().map(\.snapshot.state) == [.terminated, .failed])
        #expect(hub.rows().map(\.snapshot.counts.batches) == [30, 30])
    }
}
