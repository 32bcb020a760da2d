import StructuredStreaming

/// Says before a query starts what the engine has no columns or kernels for.
enum ExpressionSupport {
    /// Checks every expression of a step.
    static func check(_ step: PhysicalPlan.Step) throws(EngineError) {
        switch step {
        case .filter(let condition): try check(condition)
        case .project(let expressions, _): for expression in expressions { try check(expression) }
        case .aggregate(let plan):
            for key in plan.keys { try check(key) }
            for argument in plan.arguments { if let argument { try check(argument) } }
            for output in plan.outputs { try check(output) }
        case .sort(let orders): for order in orders { try check(order.expression) }
        case .limit: break
        }
    }

    /// Checks the columns that a scan has to deliver.
    static func check(_ columns: StructType) throws(EngineError) {
        for field in columns.fields where PhysicalType(field.dataType) == nil {
            throw refusal(field.dataType, field.name)
        }
    }

    private static func check(_ expression: Expression) throws(EngineError) {
        var refused: Expression?
        expression.visit { node in
            if refused == nil, PhysicalType(node.dataType) == nil { refused = node }
        }
        if let refused { throw refusal(refused.dataType, refused.name) }
    }

    private static func refusal(_ type: DataType, _ name: String) -> EngineError {
        EngineError(
            .unsupported, "the embedded engine has no columns of type \(type.sql) yet, as in \(name)",
            hint: "leave the column out of the query, or give it the type STRING in the schema to get its JSON text")
    }
}
