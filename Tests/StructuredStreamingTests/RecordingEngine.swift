import FoundationEssentials
import StreamingMetrics
import StructuredStreaming
import Synchronization

/// An engine that runs nothing: it knows tables, returns the rows of local plans and remembers what it was asked.
final class RecordingEngine: Engine {
    struct NotRun: Error {}

    let conf = RuntimeConfiguration()
    let tables: [String: StructType]
    private let state = Mutex((writes: [StreamingWrite](), plans: [LogicalPlan](), inferred: [String]()))

    init(tables: [String: StructType] = [:]) { self.tables = tables }

    var writes: [StreamingWrite] { state.withLock { $0.writes } }
    var plans: [LogicalPlan] { state.withLock { $0.plans } }
    var inferred: [String] { state.withLock { $0.inferred } }
    var streams: any StreamingQueryManager { NoQueries() }

    func inferSchema(format: String, options: [String: String], paths: [String]) async throws -> StructType {
        state.withLock { $0.inferred += paths }
        return StructType([StructField("gt", .string), StructField("x", .double)])
    }

    func schema(ofTable name: String) throws -> StructType {
        guard let schema = tables[name] else { throw NotRun() }
        return schema
    }

    func start(_ write: StreamingWrite) async throws -> any StreamingQuery {
        state.withLock { $0.writes.append(write) }
        throw NotRun()
    }

    func collect(_ plan: LogicalPlan) async throws -> [Row] {
        state.withLock { $0.plans.append(plan) }
        if case .limit(let count, .local(let schema, let rows)) = plan {
            return rows.prefix(count).map { Row(schema: schema, values: $0) }
        }
        guard case .local(let schema, let rows) = plan else { throw NotRun() }
        return rows.map { Row(schema: schema, values: $0) }
    }

    func stop() async throws {}
}

/// No queries at all.
final class NoQueries: StreamingQueryManager {
    var active: [any StreamingQuery] { [] }
    func get(_ id: UUID) -> (any StreamingQuery)? { nil }
    func awaitAnyTermination() async throws {}
    func awaitAnyTermination(timeout: Duration) async throws -> Bool { false }
    func resetTerminated() {}
    func addListener(_ listener: any StreamingQueryListener) {}
    func removeListener(_ listener: any StreamingQueryListener) {}
    func listListeners() -> [any StreamingQueryListener] { [] }
}

/// The error class a body throws; nil when it throws nothing.
func errorClass(_ body: () throws(AnalysisError) -> Void) -> String? {
    do {
        try body()
        return nil
    } catch {
        return error.errorClass
    }
}
