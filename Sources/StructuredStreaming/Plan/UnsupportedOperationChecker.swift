/// What streaming queries may do: Spark's rules for plans, output modes and sinks.
public enum UnsupportedOperationChecker {
    /// Checks an analyzed plan that is to run as a streaming query in an output mode.
    public static func check(_ plan: LogicalPlan, outputMode: OutputMode) throws(AnalysisError) {
        guard plan.isStreaming else {
            throw AnalysisError(
                "WRITE_STREAM_NOT_ALLOWED", "'writeStream' can be called only on streaming Dataset/DataFrame.",
                hint: "read the source with readStream")
        }
        let aggregations = plan.nodes.count(where: \.isAggregate)
        guard aggregations <= 1 else {
            throw AnalysisError(
                "STREAMING_OPERATION.MULTIPLE_AGGREGATIONS",
                "Multiple streaming aggregations are not supported with streaming DataFrames/Datasets "
                    + "without a watermark between them.")
        }
        switch outputMode {
        case .append where aggregations > 0:
            throw unsupportedMode(
                outputMode, "streaming aggregations without watermark", hint: "use the mode complete or update")
        case .complete where aggregations == 0:
            throw unsupportedMode(outputMode, "no streaming aggregations", hint: "use the mode append or update")
        case .append, .update, .complete: break
        }
        try checkOrder(plan, outputMode)
    }

    /// Checks an analyzed plan that is to run once, to its end.
    public static func checkBatch(_ plan: LogicalPlan) throws(AnalysisError) {
        guard plan.isStreaming else { return }
        throw AnalysisError(
            "STREAMING_QUERY_NOT_STARTED", "Queries with streaming sources must be executed with writeStream.start().")
    }

    /// Checks that a sink can take what a mode gives it.
    public static func checkSink(format: String, outputMode: OutputMode) throws(AnalysisError) {
        let fileFormats = ["json", "csv", "text", "parquet", "orc"]
        guard outputMode != .append, fileFormats.contains(format.lowercased()) else { return }
        throw AnalysisError(
            "STREAMING_OUTPUT_MODE.UNSUPPORTED_DATASOURCE",
            "Invalid streaming output mode: \(outputMode.rawValue). Data source \(format) does not support this output "
                + "mode.", hint: "files are only ever added to: use the mode append, or another sink")
    }

    /// Sorting needs the whole result, so does a limit unless rows only come once.
    private static func checkOrder(_ plan: LogicalPlan, _ outputMode: OutputMode) throws(AnalysisError) {
        for node in plan.nodes {
            switch node {
            case .sort(_, let child):
                guard outputMode == .complete, child.hasAggregate else {
                    throw AnalysisError(
                        "STREAMING_OPERATION.SORT",
                        "Sorting is not supported on streaming DataFrames/Datasets, unless it is on aggregated "
                            + "DataFrame/Dataset in Complete output mode.")
                }
            case .limit(_, let child):
                switch outputMode {
                case .append: break
                case .complete:
                    guard child.hasAggregate else { throw limitBeforeAggregation(outputMode) }
                case .update:
                    throw AnalysisError(
                        "STREAMING_OPERATION.LIMIT",
                        "Limits are not supported on streaming DataFrames/Datasets in Update output mode.")
                }
            case .relation, .table, .local, .project, .filter, .aggregate: break
            }
        }
    }

    private static func limitBeforeAggregation(_ outputMode: OutputMode) -> AnalysisError {
        AnalysisError(
            "STREAMING_OPERATION.LIMIT",
            "A limit below an aggregation is not supported on streaming DataFrames/Datasets in "
                + "\(outputMode.rawValue) output mode.", hint: "limit the aggregated result")
    }

    private static func unsupportedMode(_ mode: OutputMode, _ what: String, hint: String) -> AnalysisError {
        AnalysisError(
            "STREAMING_OUTPUT_MODE.UNSUPPORTED_OPERATION",
            "Invalid streaming output mode: \(mode.rawValue). This output mode is not supported for \(what) on streaming "
                + "DataFrames/DataSets.", hint: hint)
    }
}

extension LogicalPlan {
    /// This node and those below it, from the top.
    fileprivate var nodes: [LogicalPlan] {
        var result: [LogicalPlan] = []
        var next: LogicalPlan? = self
        while let node = next {
            result.append(node)
            next = node.child
        }
        return result
    }

    fileprivate var isAggregate: Bool {
        if case .aggregate = self { return true }
        return false
    }

    fileprivate var hasAggregate: Bool { nodes.contains(where: \.isAggregate) }
}
