import StructuredStreaming

extension Expression {
    /// The positions of the columns that an analyzed expression reads.
    var columnIndices: Set<Int> {
        var found: Set<Int> = []
        visit { if case .column(let index, _, _, _) = $0 { found.insert(index) } }
        return found
    }

    /// The expression with its columns at other positions.
    func renumbered(_ positions: [Int: Int]) -> Expression {
        rewritten { node in
            guard case .column(let index, let name, let type, let nullable) = node else { return nil }
            return .column(index: positions[index] ?? index, name: name, type: type, nullable: nullable)
        }
    }

    /// Calls `body` with this expression and every one below it.
    func visit(_ body: (Expression) -> Void) {
        body(self)
        for child in children { child.visit(body) }
    }

    /// Replaces, from the top down, every expression for which `replacement` gives one.
    func rewritten(_ replacement: (Expression) -> Expression?) -> Expression {
        if let replaced = replacement(self) { return replaced }
        return mapChildren { $0.rewritten(replacement) }
    }
}

extension HashAggregatePlan {
    /// Splits an analyzed aggregation: its outputs, written over the input's columns, become expressions over the keys and the
    /// aggregates' values.
    init(grouping: [Expression], outputs: [Expression], schema: StructType) {
        let keys = grouping.map { if case .alias(let child, _) = $0 { child } else { $0 } }
        let keySchema = StructType(
            grouping.enumerated().map { index, key in StructField(key.name, key.dataType, nullable: key.nullable) })
        var found: [Expression] = []
        for output in outputs {
            output.visit { node in
                if case .aggregate = node, !found.contains(node) { found.append(node) }
            }
        }
        var arguments: [Expression?] = []
        var fields: [BufferField] = []
        var functions: [(AggregateFunction, DataType)] = []
        for (index, node) in found.enumerated() {
            guard case .aggregate(let function, let argument) = node else { continue }
            arguments.append(argument)
            functions.append((function, node.dataType))
            fields += BufferField.fields(
                of: function, argumentType: argument?.dataType, resultType: node.dataType, aggregate: index)
        }
        let resultOutputs = outputs.map { output in
            output.rewritten { node in
                if let key = keys.firstIndex(of: node) {
                    return .column(
                        index: key, name: keySchema.fields[key].name, type: node.dataType, nullable: node.nullable)
                }
                if let aggregate = found.firstIndex(of: node) {
                    return .column(
                        index: keys.count + aggregate, name: "", type: node.dataType, nullable: node.nullable)
                }
                return nil
            }
        }
        self.init(
            keys: keys, keySchema: keySchema, arguments: arguments, fields: fields, outputs: resultOutputs,
            functions: functions, schema: schema)
    }
}
