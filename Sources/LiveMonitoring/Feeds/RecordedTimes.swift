import FoundationEssentials
import Monitoring
import StreamingMetrics

/// When the runs in several files were heard of. A terminated event has no time, nor has the started event of Spark 2: where the progress
/// of their runs is in other files, it tells when they can have come.
struct RecordedTimes: Sendable {
    private var runs: [UUID: ClosedRange<MonitorTime>] = [:]
    /// The newest time in all files.
    private(set) var newest: MonitorTime?

    /// Reads the files to their ends. What can be read only once, such as standard input, is left out; lines that hold no event are
    /// told when they are read again.
    init(paths: [String]) throws(MonitoringError) {
        for path in paths {
            var file = try RecordedFile(path: path)
            guard file.isRegular else { continue }
            while let event = try file.nextEvent({ _ in }) { note(event) }
        }
    }

    private mutating func note(_ event: StreamingQueryEvent) {
        guard let time = event.ownTime else { return }
        newest = max(newest ?? time, time)
        let run = runs[event.runId] ?? time...time
        runs[event.runId] = min(run.lowerBound, time)...max(run.upperBound, time)
    }

    /// When an event without a time can have come, by those of its run; nil where it has none.
    func time(of event: StreamingQueryEvent) -> MonitorTime? {
        switch event {
        case .started: runs[event.runId]?.lowerBound
        case .terminated: runs[event.runId]?.upperBound
        case .progress, .idle: nil
        }
    }
}
