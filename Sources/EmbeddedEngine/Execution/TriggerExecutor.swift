import StructuredStreaming

/// Decides when the next trigger runs. Times are milliseconds of the query's clock.
struct TriggerExecutor {
    /// How the query is triggered.
    let trigger: Trigger
    /// The query's clock.
    let clock: any StreamClock
    /// Raised when the query shall stop.
    let stopSignal: WakeSignal
    /// Pause after a trigger that found nothing, `spark.sql.streaming.pollingDelay`.
    let pollingDelayMilliseconds: Int64
    /// Told when a batch took longer than the interval: milliseconds it took, and the interval.
    let onFallingBehind: (_ tookMilliseconds: Int64, _ intervalMilliseconds: Int64) -> Void

    /// What one trigger did.
    enum Outcome {
        /// A batch ran.
        case ranBatch
        /// There was nothing to do.
        case foundNothing
        /// Everything this run shall read is read.
        case finished
    }

    /// Runs `body` once a trigger until it finishes, throws or the query is stopped.
    func run(_ body: () throws -> Outcome) throws {
        switch trigger {
        case .once:
            _ = try body()
        case .availableNow:
            while !stopSignal.isRaised {
                if case .finished = try body() { return }
            }
        case .processingTime(let interval):
            try runProcessingTime(interval.milliseconds, body)
        }
    }

    private func runProcessingTime(_ interval: Int64, _ body: () throws -> Outcome) throws {
        while !stopSignal.isRaised {
            let start = clock.nowMilliseconds
            // As in Spark the next one is the multiple after this one's start, so that it follows at once where that has gone by.
            let next = Self.nextTrigger(after: start, interval: max(1, interval))
            let outcome = try body()
            let end = clock.nowMilliseconds
            if interval > 0 {
                if end - start > interval { onFallingBehind(end - start, interval) }
                clock.wait(until: next, on: stopSignal)
            } else if case .foundNothing = outcome {
                clock.wait(until: end + pollingDelayMilliseconds, on: stopSignal)
            }
        }
    }

    /// The next multiple of the interval since 1970, strictly after `now`.
    static func nextTrigger(after now: Int64, interval: Int64) -> Int64 { now / interval * interval + interval }
}

extension Duration {
    /// Whole milliseconds, cut.
    var milliseconds: Int64 { components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000 }
}
