/// What a query computes, without how.
public indirect enum LogicalPlan: Sendable, Hashable {
    /// Rows of a data source.
    case relation(DataSourceRelation)
    /// Rows of a named table of the session, such as a memory sink's; the analyzer fills in its schema.
    case table(String, schema: StructType? = nil)
    /// Rows given with the plan.
    case local(StructType, [[Value]])
    /// Expressions over the child's rows.
    case project([Expression], LogicalPlan)
    /// The child's rows for which the condition is true.
    case filter(Expression, LogicalPlan)
    /// One row a group: `outputs` hold grouping expressions and aggregates, in the order of the result's columns.
    case aggregate(grouping: [Expression], outputs: [Expression], LogicalPlan)
    /// The child's rows in order.
    case sort([SortOrder], LogicalPlan)
    /// The child's first rows.
    case limit(Int, LogicalPlan)

    /// One key of a sort.
    public struct SortOrder: Sendable, Hashable {
        /// What to sort by.
        public var expression: Expression
        /// Smallest first (nulls first), or largest first (nulls last).
        public var ascending: Bool

        /// Creates a sort key.
        public init(_ expression: Expression, ascending: Bool = true) {
            self.expression = expression
            self.ascending = ascending
        }
    }
}

/// A data source as a reader describes it.
public struct DataSourceRelation: Sendable, Hashable {
    /// The format's name, such as `json`.
    public var format: String
    /// Options, keys as given; looked up without regard to case.
    public var options: [String: String]
    /// Paths, for file formats.
    public var paths: [String]
    /// The rows' schema: given by the user, or inferred before the plan is built.
    public var schema: StructType
    /// Whether this is `readStream`.
    public var isStreaming: Bool

    /// Creates a relation.
    public init(format: String, options: [String: String], paths: [String], schema: StructType, isStreaming: Bool) {
        self.format = format
        self.options = options
        self.paths = paths
        self.schema = schema
        self.isStreaming = isStreaming
    }

    /// An option's value, whatever the case of its key.
    public func option(_ key: String) -> String? {
        if let exact = options[key] { return exact }
        let lowered = key.lowercased()
        return options.first { $0.key.lowercased() == lowered }?.value
    }
}
