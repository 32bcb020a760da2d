import StructuredStreaming

/// One field of an aggregate's buffer: how a value of the input changes it, and how two of them become one.
///
/// Aggregates are made of such fields: `count` is one (`add` of 1), `avg` two (`add` of the value, `add` of 1). The state
/// store holds them in this order, which is Spark's.
struct BufferField: Sendable, Hashable {
    /// How two buffers become one.
    enum Rule: Sendable, Hashable {
        case add, min, max
    }

    /// What a row brings.
    enum Input: Sendable, Hashable {
        /// The argument's value, if it has one.
        case value
        /// 1 for each row.
        case rows
        /// 1 for each row whose argument is not null.
        case values
    }

    var name: String
    var rule: Rule
    var input: Input
    var type: DataType
    /// Whether the buffer is null until a value came; otherwise it starts at 0.
    var startsNull: Bool
    /// Whether Spark declares it nullable (it does so for both fields of `avg`, which are never null).
    var isNullable = true
    /// Which aggregate of the operator it belongs to.
    var aggregate: Int

    /// The fields of an aggregate function, in Spark's order.
    static func fields(
        of function: AggregateFunction, argumentType: DataType?, resultType: DataType, aggregate: Int
    ) -> [BufferField] {
        let type = argumentType ?? .long
        switch function {
        case .count:
            let input: Input = argumentType == nil ? .rows : .values
            return [
                BufferField(
                    name: "count", rule: .add, input: input, type: .long, startsNull: false, isNullable: false,
                    aggregate: aggregate)
            ]
        case .sum:
            return [
                BufferField(
                    name: "sum", rule: .add, input: .value, type: resultType, startsNull: true, aggregate: aggregate)
            ]
        case .avg:
            return [
                BufferField(
                    name: "sum", rule: .add, input: .value, type: .double, startsNull: false, aggregate: aggregate),
                BufferField(
                    name: "count", rule: .add, input: .values, type: .long, startsNull: false, aggregate: aggregate),
            ]
        case .min, .max:
            return [
                BufferField(
                    name: function.rawValue, rule: function == .min ? .min : .max, input: .value, type: type,
                    startsNull: true, aggregate: aggregate)
            ]
        }
    }

    /// The schema of the buffers as the state store knows it.
    static func schema(_ fields: [BufferField]) -> StructType {
        StructType(fields.map { StructField($0.name, $0.type, nullable: $0.isNullable) })
    }
}
