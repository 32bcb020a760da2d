/// What helps against what.
enum SizingAdvice {
    static func limits(_ evidence: SizingEvidence) -> [String] {
        let raise =
            "raise maxOffsetsPerTrigger or maxFilesPerTrigger: each batch takes less than the trigger has time for"
        let shorten = "or shorten the trigger interval"
        guard evidence.isGrowing, let arriving = evidence.arrivingPerSecond, let read = evidence.inputRowsPerSecond,
            let possible = evidence.processedRowsPerSecond
        else { return [raise, shorten] }
        let interval = Figures.duration(milliseconds: evidence.interval)
        func inInterval(_ perSecond: Double) -> String {
            Figures.number((perSecond * Double(evidence.interval) / 1000).rounded())
        }
        let figures =
            "in \(interval) \(inInterval(arriving)) records arrive and \(inInterval(read)) are read, where "
            + "\(inInterval(possible)) could be"
        let workers = "and add workers: more arrives than can be processed"
        return ["\(raise); \(figures)", shorten] + (possible <= arriving ? [workers] : [])
    }

    static func bottleneck(_ phase: String) -> [String] {
        switch phase {
        case "latestOffset", "getOffset", "setOffsetRange", "getEndOffset":
            [
                "look at the source: finding its newest offset is slow; a folder of many files wants cleanSource or partitions, "
                    + "a broker a shorter way", "lengthen the trigger interval, so that it is asked less often",
            ]
        case "walCommit", "commitOffsets", "commitBatch":
            [
                "put the checkpoint on faster storage: writing offsets and commits is slow",
                "lengthen the trigger interval, so that it is written less often",
            ]
        case "queryPlanning":
            [
                "make the plan smaller, or lengthen the trigger interval so that it is made less often",
                "look for a driver that is short of CPU or memory",
            ]
        case "getBatch":
            ["raise no limit: listing what the batch holds is slow; look at the source's files or metadata"]
        default: ["look at what \(phase) does: more workers do not shorten it"]
        }
    }

    static func short(_ evidence: SizingEvidence) -> [String] {
        var advice = ["add workers or cores: the work on rows takes most of the trigger"]
        if let partitions = evidence.statePartitions, partitions >= 50,
            evidence.meanRows / Double(partitions) < 100
        {
            let rows = Figures.number(evidence.meanRows)
            advice.insert(
                "lower spark.sql.shuffle.partitions (\(partitions)) for a new checkpoint: a batch has only \(rows) rows",
                at: 0)
        } else if evidence.hasState {
            advice.append(
                "have at least as many spark.sql.shuffle.partitions as cores; a new number needs a new checkpoint")
        }
        if evidence.interval > 0 {
            advice.append("lengthen the trigger interval: a larger batch costs less for each row")
        }
        if evidence.lagRecords ?? 0 > 0 {
            advice.append("raise maxOffsetsPerTrigger or maxFilesPerTrigger if batches are short while records wait")
        }
        return advice
    }

    static func spare(_ evidence: SizingEvidence) -> [String] {
        let check =
            "look first whether input waits, which this source does not say: then raise maxFilesPerTrigger or its like"
        let spare = spareTime(evidence)
        return evidence.isLagUnknown ? [check] + spare.map { "if nothing waits, \($0)" } : spare
    }

    private static func spareTime(_ evidence: SizingEvidence) -> [String] {
        evidence.interval > 0
            ? ["take workers away, or shorten the trigger interval for fresher results"]
            : ["take workers away, or set a trigger interval to run fewer and larger batches"]
    }
}
