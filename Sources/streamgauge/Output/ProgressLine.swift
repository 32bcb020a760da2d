import StreamingMetrics

/// One trigger in one line.
struct ProgressLine {
    let progress: StreamingQueryProgress

    /// `batch 3: 78012 rows, 1234.5 rows/s in, 5678.9 rows/s processed, 137 ms`.
    func text(color: Bool = false) -> String {
        let rows = NumberText.count(progress.numInputRows, "row")
        let batch = "batch \(NumberText.integer(progress.batchId))"
        return [
            (color ? "\u{1b}[1m\(batch)\u{1b}[0m: " : "\(batch): ") + rows,
            "\(NumberText.rate(progress.inputRowsPerSecond)) rows/s in",
            "\(NumberText.rate(progress.processedRowsPerSecond)) rows/s processed",
            "\(NumberText.integer(progress.batchMs)) ms",
        ].joined(separator: ", ")
    }
}

extension StreamingQueryProgress {
    /// How long the trigger took; old Sparks have it among the durations only.
    var batchMs: Int64? { batchDuration ?? durationMs["triggerExecution"] }

    /// Rows of all state stores.
    var stateRows: Int64 {
        stateOperators.reduce(0) { total, state in
            let (sum, overflow) = total.addingReportingOverflow(state.numRowsTotal)
            return overflow ? (total < 0 ? .min : .max) : sum
        }
    }
}
