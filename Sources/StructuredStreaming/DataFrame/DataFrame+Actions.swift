extension DataFrame {
    /// Runs the plan to its end and returns the rows. Throws the frame's error, or what the engine throws; a stream is run by
    /// ``writeStream`` only.
    public func collect() async throws -> [Row] {
        try UnsupportedOperationChecker.checkBatch(try analyzed())
        return try await session.engine.collect(plan)
    }

    /// The number of rows.
    public func count() async throws -> Int64 {
        let counted = groupBy().count()
        let rows = try await counted.collect()
        guard case .long(let count)? = rows.first?.values.first else { return 0 }
        return count
    }

    /// Prints the first rows as a table; values longer than 20 characters are cut.
    public func show(_ numRows: Int = 20) async throws { try await show(numRows, truncate: 20) }

    /// Prints the first rows as a table, with values cut to 20 characters or not at all.
    public func show(_ numRows: Int = 20, truncate: Bool) async throws {
        try await show(numRows, truncate: truncate ? 20 : 0)
    }

    /// Prints the first rows as a table, with values cut to a number of characters; zero: not at all.
    public func show(_ numRows: Int = 20, truncate: Int) async throws {
        print(try await showString(numRows, truncate: truncate), terminator: "")
    }

    /// What ``show(_:truncate:)-(Int,Int)`` prints.
    public func showString(_ numRows: Int = 20, truncate: Int = 20) async throws -> String {
        // One row more tells whether there are more. The bound is Spark's, for the memory the table takes.
        let wanted = Swift.max(0, Swift.min(numRows, 1_000_000))
        let rows = try await limit(wanted + 1).collect().map(\.values)
        return TableRenderer(truncate: truncate).text(
            schema: schema, rows: Array(rows.prefix(wanted)), hasMore: rows.count > wanted)
    }

    /// Prints the schema as a tree. Throws the frame's error.
    public func printSchema() throws(AnalysisError) {
        print(try analyzed().schema.treeString)
    }

    /// Prints the analyzed plan. Throws the frame's error.
    public func explain() throws(AnalysisError) {
        print("== Analyzed Logical Plan ==\n" + (try analyzed().treeString))
    }
}
