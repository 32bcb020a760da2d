extension Analyzer {
    /// The columns of a schema as resolved expressions.
    func columns(of schema: StructType) -> [Expression] {
        schema.fields.enumerated().map { index, field in
            .column(index: index, name: field.name, type: field.dataType, nullable: field.nullable)
        }
    }

    /// The outputs with each `*` replaced by every column.
    func expandStars(_ outputs: [Expression], _ schema: StructType) -> [Expression] {
        outputs.flatMap { $0 == .star ? columns(of: schema) : [$0] }
    }

    /// An output column: resolved, and under the name Spark gives it.
    func resolveOutput(_ output: Expression, _ schema: StructType) throws(AnalysisError) -> Expression {
        try named(try resolve(output, schema), as: output)
    }

    /// A resolved expression under the name of the expression it was made from.
    func named(_ resolved: Expression, as original: Expression) throws(AnalysisError) -> Expression {
        let name = original.name
        if case .column(_, name, _, _) = resolved { return resolved }
        return .alias(resolved, name)
    }

    /// An expression over columns of the schema, with names looked up and types made to fit; without its alias.
    func resolve(_ expression: Expression, _ schema: StructType, depth: Int = 0) throws(AnalysisError) -> Expression {
        guard depth < Self.maximumDepth else {
            throw AnalysisError(
                "FAILED_TO_PARSE_TOO_COMPLEX", "The expression nests more than \(Self.maximumDepth) levels deep.",
                hint: "split it, for example into several columns")
        }
        switch expression {
        case .attribute(let name): return try lookUp(name, in: schema)
        case .star:
            throw AnalysisError("INVALID_USAGE_OF_STAR_OR_REGEX", "Invalid usage of '*' in an expression.")
        case .column, .literal: return expression
        case .alias(let child, _): return try resolve(child, schema, depth: depth + 1)
        default: break
        }
        let resolved = try expression.mapChildren { child throws(AnalysisError) in
            try resolve(child, schema, depth: depth + 1)
        }
        return try typed(resolved)
    }

    /// An operator or call over resolved operands.
    private func typed(_ expression: Expression) throws(AnalysisError) -> Expression {
        switch expression {
        case .attribute, .star, .column, .literal, .alias: expression
        case .cast(let child, let type): try typedCast(child, type)
        case .unary(let operation, let child): try typed(operation, child)
        case .binary(let operation, let left, let right): try typed(operation, left, right)
        case .isIn(let value, let list): try typedIn(value, list)
        case .caseWhen(let branches, let otherwise): try typedCase(branches, otherwise: otherwise)
        case .function(let name, let arguments): try typedCall(name, arguments)
        case .aggregate(let function, let argument): try typedAggregate(function, argument)
        }
    }

    /// The column of a name.
    private func lookUp(_ name: String, in schema: StructType) throws(AnalysisError) -> Expression {
        let wanted = AttributeName.unquoted(name).lowercased()
        let matches = schema.fields.indices.filter { schema.fields[$0].name.lowercased() == wanted }
        if let index = matches.first, matches.count == 1 {
            let field = schema.fields[index]
            return .column(index: index, name: field.name, type: field.dataType, nullable: field.nullable)
        }
        guard matches.isEmpty else {
            let candidates = matches.map { "`\(schema.fields[$0].name)`" }.joined(separator: ", ")
            throw AnalysisError(
                "AMBIGUOUS_REFERENCE", "Reference `\(name)` is ambiguous, could be: [\(candidates)].",
                hint: "give the columns different names; names are compared without regard to case")
        }
        throw unresolved(name, in: schema)
    }

    /// Why a name is no column, with the names that come near.
    func unresolved(_ name: String, in schema: StructType) -> AnalysisError {
        if let dot = name.firstIndex(of: "."), !name.hasPrefix("`") {
            let first = name[..<dot].lowercased()
            if let field = schema.fields.first(where: { $0.name.lowercased() == first }) {
                return AnalysisError(
                    "UNSUPPORTED_FEATURE.NESTED_COLUMN",
                    "`\(name)` is a part of column `\(field.name)` of type \(quoted(field.dataType)); "
                        + "parts of columns are not supported yet.",
                    hint: "a column whose name has a dot is written in backquotes")
            }
        }
        let text = "A column, variable, or function parameter with name `\(name)` cannot be resolved."
        let near = NameSuggestion.nearest(to: name, among: schema.names)
        guard !near.isEmpty else { return AnalysisError("UNRESOLVED_COLUMN.WITHOUT_SUGGESTION", text) }
        let list = near.map { "`\($0)`" }.joined(separator: ", ")
        return AnalysisError(
            "UNRESOLVED_COLUMN.WITH_SUGGESTION", "\(text) Did you mean one of the following? [\(list)].")
    }
}
