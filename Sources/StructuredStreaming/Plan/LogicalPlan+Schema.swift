extension LogicalPlan {
    /// The result's columns. Meaningful for an analyzed plan: expressions not yet resolved count as columns of type `void`.
    public var schema: StructType {
        switch self {
        case .relation(let relation): relation.outputSchema
        case .table(_, let schema): schema ?? StructType([])
        case .local(let schema, _): schema
        case .project(let outputs, _), .aggregate(_, let outputs, _): StructType(outputs.map(\.field))
        case .filter(_, let child), .sort(_, let child), .limit(_, let child): child.schema
        }
    }

    /// Whether rows come from a streaming source.
    public var isStreaming: Bool {
        switch self {
        case .relation(let relation): relation.isStreaming
        case .table, .local: false
        case .project(_, let child), .filter(_, let child), .aggregate(_, _, let child), .sort(_, let child),
            .limit(_, let child):
            child.isStreaming
        }
    }

    /// The plan below this node; nil for a leaf.
    public var child: LogicalPlan? {
        switch self {
        case .relation, .table, .local: nil
        case .project(_, let child), .filter(_, let child), .aggregate(_, _, let child), .sort(_, let child),
            .limit(_, let child):
            child
        }
    }

    /// The sources' relations.
    public var relations: [DataSourceRelation] {
        if case .relation(let relation) = self { return [relation] }
        return child?.relations ?? []
    }
}

extension DataSourceRelation {
    /// The rows' schema with every column nullable: files promise nothing, a value missing from a line reads as null,
    /// whatever the schema says.
    public var outputSchema: StructType { schema.asNullable }
}

extension StructType {
    /// The same columns, all of them and all they contain nullable.
    public var asNullable: StructType {
        StructType(fields.map { StructField($0.name, $0.dataType.asNullable, nullable: true) })
    }
}

extension DataType {
    /// The same type with everything inside it nullable.
    public var asNullable: DataType {
        switch self {
        case .array(let element, _): .array(element.asNullable, containsNull: true)
        case .map(let key, let value, _): .map(key.asNullable, value.asNullable, valueContainsNull: true)
        case .structure(let schema): .structure(schema.asNullable)
        default: self
        }
    }
}
