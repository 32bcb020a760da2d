extension DataFrame {
    // MARK: Columns

    /// These expressions as columns. With an aggregate among them: one row over all rows.
    public func select(_ columns: Column...) -> DataFrame { select(columns) }

    /// These columns, by name; `*` is every column.
    public func select(_ names: String...) -> DataFrame { select(names.map { Column($0) }) }

    /// These expressions as columns.
    public func select(_ columns: [Column]) -> DataFrame {
        derived { () throws(AnalysisError) in .project(columns.map(\.expression), plan) }
    }

    /// These SQL expressions as columns, such as `x * 2 AS twice`.
    public func selectExpr(_ expressions: String...) -> DataFrame {
        derived { () throws(AnalysisError) in
            var parsed: [Expression] = []
            for expression in expressions { parsed.append(try Expression(sql: expression)) }
            return .project(parsed, plan)
        }
    }

    /// All columns and one more; a column of that name is replaced in its place.
    public func withColumn(_ name: String, _ column: Column) -> DataFrame {
        replacing(name, by: .alias(column.expression, name), appending: true)
    }

    /// All columns, one of them under another name; nothing changes without such a column.
    public func withColumnRenamed(_ name: String, _ newName: String) -> DataFrame {
        replacing(name, by: .alias(.attribute(AttributeName.quoted(name)), newName), appending: false)
    }

    private func replacing(_ name: String, by expression: Expression, appending: Bool) -> DataFrame {
        derived { () throws(AnalysisError) in
            let wanted = name.lowercased()
            var outputs = session.analyzer.columns(of: schema)
            let matches = outputs.indices.filter { outputs[$0].name.lowercased() == wanted }
            for index in matches { outputs[index] = expression }
            if matches.isEmpty, appending { outputs.append(expression) }
            return .project(outputs, plan)
        }
    }

    /// All columns but these; names without a column are ignored.
    public func drop(_ names: String...) -> DataFrame {
        derived { () throws(AnalysisError) in
            let unwanted = Set(names.map { $0.lowercased() })
            return .project(
                session.analyzer.columns(of: schema).filter { !unwanted.contains($0.name.lowercased()) }, plan)
        }
    }

    // MARK: Rows

    /// The rows for which the condition is true.
    public func filter(_ condition: Column) -> DataFrame {
        derived { () throws(AnalysisError) in .filter(condition.expression, plan) }
    }

    /// The rows for which the SQL condition is true, such as `x > 0 AND gt IS NOT NULL`.
    public func filter(_ condition: String) -> DataFrame {
        derived { () throws(AnalysisError) in .filter(try Expression(sql: condition), plan) }
    }

    /// The rows for which the condition is true.
    public func `where`(_ condition: Column) -> DataFrame { filter(condition) }

    /// The rows for which the SQL condition is true.
    public func `where`(_ condition: String) -> DataFrame { filter(condition) }

    /// The rows in order, smallest first.
    public func sort(_ columns: Column...) -> DataFrame { sort(columns.map(\.asc)) }

    /// The rows in the order of columns by name, smallest first.
    public func sort(_ names: String...) -> DataFrame { sort(names.map { Column($0).asc }) }

    /// The rows in order: `sort(col("count").desc, col("gt").asc)`.
    public func sort(_ orders: LogicalPlan.SortOrder...) -> DataFrame { sort(orders) }

    /// The rows in order, smallest first.
    public func orderBy(_ columns: Column...) -> DataFrame { sort(columns.map(\.asc)) }

    /// The rows in the order of columns by name, smallest first.
    public func orderBy(_ names: String...) -> DataFrame { sort(names.map { Column($0).asc }) }

    /// The rows in order: `orderBy(col("count").desc)`.
    public func orderBy(_ orders: LogicalPlan.SortOrder...) -> DataFrame { sort(orders) }

    private func sort(_ orders: [LogicalPlan.SortOrder]) -> DataFrame {
        derived { () throws(AnalysisError) in orders.isEmpty ? plan : .sort(orders, plan) }
    }

    /// The first rows.
    public func limit(_ count: Int) -> DataFrame {
        derived { () throws(AnalysisError) in .limit(count, plan) }
    }

    // MARK: Groups

    /// Groups of rows with equal values in columns.
    public func groupBy(_ name: String, _ names: String...) -> GroupedData {
        GroupedData(frame: self, grouping: ([name] + names).map { Column($0).expression })
    }

    /// Groups of rows with equal values of expressions.
    public func groupBy(_ column: Column, _ columns: Column...) -> GroupedData {
        GroupedData(frame: self, grouping: ([column] + columns).map(\.expression))
    }

    /// All rows as one group.
    public func groupBy() -> GroupedData { GroupedData(frame: self, grouping: []) }

    /// Aggregates over all rows, in one row.
    public func agg(_ column: Column, _ columns: Column...) -> DataFrame {
        GroupedData(frame: self, grouping: []).aggregated(([column] + columns).map(\.expression))
    }
}
