import FoundationEssentials
import Monitoring
import StreamingMetrics

/// When the runs in several files were heard of. A terminated event has no time, nor has the started event of Spark 2: where the progress
/// of their runs is in other files, it tells when they can have come.
struct RecordedTimes: Sendable {
    private struct Run {
        var times: ClosedRange<MonitorTime>
        /// The time of the event that comes last in its file, the greatest of all files.
        var end: MonitorTime
        var hasProgress = false

        mutating func note(end time: MonitorTime) { end = max(end, time) }
    }

    /// A time so far behind that of a run's last event is damaged: it would else put the run's end there.
    private static let disbelief = 366 * 86_400.0

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
            var ends: [UUID: MonitorTime] = [:]
            while let event = try file.nextEvent({ _ in }) { note(event, &ends) }
            for (id, end) in ends { runs[id]?.note(end: end) }
        }
    }

    private mutating func note(_ event: StreamingQueryEvent, _ ends: inout [UUID: MonitorTime]) {
        guard let time = event.ownTime else { return }
        newest = max(newest ?? time, time)
        ends[event.runId] = time
        var run = runs[event.runId] ?? Run(times: time...time, end: MonitorTime(millisecondsSinceEpoch: .min))
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
        case .terminated: runs[event.runId].map(Self.end)
        case .progress, .idle: nil
        }
    }

    private static func end(of run: Run) -> MonitorTime {
        run.times.upperBound.seconds(since: run.end) > disbelief ? run.end : run.times.upperBound
    }

    /// Whether what was read has progress of a run, so that its times are known.
    func hasProgress(of run: UUID) -> Bool { runs[run]?.hasProgress ?? false }

    /// Another source than this that was left out; nil where there is none.
    func unread(beside source: RecordedSource) -> RecordedSource? { unread.first { $0.path != source.path } }
}
