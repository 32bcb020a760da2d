import FoundationEssentials
import Monitoring
import StreamingMetrics

/// When the runs in several files were heard of. A terminated event has no time, nor has the started event of Spark 2: where the progress
/// of their runs is in other files, it tells when they can have come.
struct RecordedTimes: Sendable {
    private struct Run {
        var times: ClosedRange<MonitorTime>
        var hasProgress = false
    }

    private var runs: [UUID: Run] = [:]
    /// What can be read only once, and was left out.
    private let unread: [RecordedSource]
    /// The newest time in all files.
    private(set) var newest: MonitorTime?

    /// Reads the files to their ends. What can be read only once, such as standard input, is left out; lines that hold no event are
    /// told when they are read again.
    init(_ sources: [RecordedSource]) throws(MonitoringError) {
        unread = sources.filter { !$0.isRegular }
        for source in sources where source.isRegular {
            var file = try RecordedFile(source)
            while let event = try file.nextEvent({ _ in }) { note(event) }
        }
    }

    private mutating func note(_ event: StreamingQueryEvent) {
        guard let time = event.ownTime else { return }
        newest = max(newest ?? time, time)
        var run = runs[event.runId] ?? Run(times: time...time)
        run.times = min(run.times.lowerBound, time)...max(run.times.upperBound, time)
        switch event {
        case .progress, .idle: run.hasProgress = true
        case .started, .terminated: break
        }
        runs[event.runId] = run
    }

    /// When an event without a time can have come, by those of its run; nil where it has none.
    func time(of event: StreamingQueryEvent) -> MonitorTime? {
        switch event {
        case .started: runs[event.runId]?.times.lowerBound
        case .terminated: runs[event.runId]?.times.upperBound
        case .progress, .idle: nil
        }
    }

    /// Whether what was read has progress of a run, so that its times are known.
    func hasProgress(of run: UUID) -> Bool { runs[run]?.hasProgress ?? false }

    /// Another source than this that was left out; nil where there is none.
    func unread(beside source: RecordedSource) -> RecordedSource? { unread.first { $0.path != source.path } }
}
