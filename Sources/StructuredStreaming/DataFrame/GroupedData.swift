/// Groups of a frame's rows, to be aggregated: one row a group, its keys first.
public struct GroupedData: Sendable {
    private let frame: DataFrame
    private let grouping: [Expression]

    init(frame: DataFrame, grouping: [Expression]) {
        self.frame = frame
        self.grouping = grouping
    }

    /// The number of rows, in a column `count`.
    public func count() -> DataFrame { aggregated([.alias(.aggregate(.count, nil), "count")]) }

    /// These aggregates: `agg(count("*").alias("n"), avg("x"))`.
    public func agg(_ column: Column, _ columns: Column...) -> DataFrame {
        aggregated(([column] + columns).map(\.expression))
    }

    /// The sums of columns; of every number column that is no key when none is named.
    public func sum(_ names: String...) -> DataFrame { aggregated(.sum, names) }

    /// The means of columns; of every number column that is no key when none is named.
    public func avg(_ names: String...) -> DataFrame { aggregated(.avg, names) }

    /// The means of columns; of every number column that is no key when none is named.
    public func mean(_ names: String...) -> DataFrame { aggregated(.avg, names) }

    /// The smallest values of columns; of every number column that is no key when none is named.
    public func min(_ names: String...) -> DataFrame { aggregated(.min, names) }

    /// The largest values of columns; of every number column that is no key when none is named.
    public func max(_ names: String...) -> DataFrame { aggregated(.max, names) }

    func aggregated(_ aggregates: [Expression]) -> DataFrame {
        frame.derived { () throws(AnalysisError) in
            .aggregate(grouping: grouping, outputs: grouping + aggregates, frame.plan)
        }
    }

    private func aggregated(_ function: AggregateFunction, _ names: [String]) -> DataFrame {
        var arguments = names.map { Expression.attribute($0) }
        if names.isEmpty {
            let keys = Set(grouping.map { $0.name.lowercased() })
            arguments = frame.schema.fields.filter { $0.dataType.isNumeric && !keys.contains($0.name.lowercased()) }
                .map { .attribute(AttributeName.quoted($0.name)) }
        }
        let types = Dictionary(
            frame.schema.fields.map { ($0.name.lowercased(), $0.dataType) }, uniquingKeysWith: { first, _ in first })
        return frame.derived { () throws(AnalysisError) in
            for argument in arguments {
                if let type = types[argument.name.lowercased()], !type.isNumeric {
                    throw AnalysisError(
                        "GROUPED_DATA_NOT_NUMERIC",
                        "\"\(argument.name)\" is not a numeric column. Aggregation function can only be applied on a "
                            + "numeric column.", hint: "use agg(\(function.rawValue)(\"\(argument.name)\"))")
                }
            }
            return .aggregate(
                grouping: grouping, outputs: grouping + arguments.map { .aggregate(function, $0) }, frame.plan)
        }
    }
}
