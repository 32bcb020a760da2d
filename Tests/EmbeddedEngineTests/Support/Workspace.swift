import FoundationEssentials
import Glibc
import Logging
import StreamingMetrics
import StructuredStreaming
import Synchronization

@testable import EmbeddedEngine

/// A folder of its own for one test, deleted with it.
final class Workspace: Sendable {
    let path: String

    init() throws {
        path = "\(ProcessInfo.processInfo.environment["TMPDIR"] ?? "/tmp")/streamgauge-test-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path + "/in", withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    var input: String { path + "/in" }
    var checkpoint: String { path + "/checkpoint" }
    var output: String { path + "/out" }

    /// Adds an input file; files get modification times in the order of their numbers.
    func addFile(_ number: Int, _ lines: [String]) throws {
        let name = String(repeating: "0", count: 5 - String(number).count) + String(number)
        let file = "\(input)/part-\(name).json"
        let hidden = "\(input)/.part-\(name).json"
        try write(lines.map { $0 + "\n" }.joined(), to: hidden)
        var times = [
            timespec(tv_sec: 1_700_000_000 + number, tv_nsec: 0), timespec(tv_sec: 1_700_000_000 + number, tv_nsec: 0),
        ]
        utimensat(AT_FDCWD, hidden, &times, 0)
        rename(hidden, file)
    }

    func write(_ text: String, to file: String) throws {
        try Data(text.utf8).write(to: URL(filePath: file))
    }

    func read(_ file: String) throws -> String {
        String(decoding: try Data(contentsOf: URL(filePath: file)), as: UTF8.self)
    }

    /// A session that says nothing.
    func session(_ configuration: [String: String] = [:]) throws -> SparkSession {
        try SparkSession.embedded(configuration: configuration, logger: Self.quiet)
    }

    /// A session with another clock and another file system.
    func session(
        _ configuration: [String: String] = [:], clock: any StreamClock, files: any CheckpointFileManager
    ) -> SparkSession {
        SparkSession(
            engine: EmbeddedEngine(configuration: configuration, logger: Self.quiet, clock: clock, fileManager: files))
    }

    static let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    static let schema = "gt STRING, n BIGINT, x DOUBLE"

    /// Lines of one file: `count` rows of every label, `n` counting up.
    static func lines(_ labels: [String], count: Int) -> [String] {
        (0..<count).flatMap { index in labels.map { #"{"gt":"\#($0)","n":\#(index),"x":\#(index).5}"# } }
    }

    /// The rows of the json sink's output, as its log lists them, sorted.
    func outputRows() throws -> [String] {
        let log = try FileStreamSinkLog(outputDirectory: output, files: LocalFileManager())
        return try log.allFiles().flatMap { file in
            try read(FileURI.path(of: file.path)).split(separator: "\n").map(String.init)
        }.sorted()
    }
}

/// Remembers every event it gets.
final class RecordingListener: StreamingQueryListener {
    private let recorded = Mutex<[StreamingQueryEvent]>([])
    private let failing: Bool

    init(failing: Bool = false) { self.failing = failing }

    struct Failure: Error {}

    var events: [StreamingQueryEvent] { recorded.withLock { $0 } }

    var kinds: [String] {
        events.map { event in
            switch event {
            case .started: "started"
            case .progress: "progress"
            case .idle: "idle"
            case .terminated: "terminated"
            }
        }
    }

    func onQueryStarted(_ event: QueryStartedEvent) throws { try record(.started(event)) }
    func onQueryProgress(_ event: QueryProgressEvent) throws { try record(.progress(event)) }
    func onQueryIdle(_ event: QueryIdleEvent) throws { try record(.idle(event)) }
    func onQueryTerminated(_ event: QueryTerminatedEvent) throws { try record(.terminated(event)) }

    private func record(_ event: StreamingQueryEvent) throws {
        recorded.withLock { $0.append(event) }
        if failing { throw Failure() }
    }
}
