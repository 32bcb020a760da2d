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

    private static func check(_ expression: Expression) throws(EngineError) {
        var refused: Expression?
        expression.visit { node in
            if refused == nil, PhysicalType(node.dataType) == nil { refused = node }
        }
        guard let refused else { return }
        throw EngineError(
            .unsupported,
            "the embedded engine has no columns of type \(refused.dataType.sql) yet, as in \(refused.name)",
            hint: "leave the column out of the query, or give it the type STRING in the schema to get its JSON text")
    }
}
