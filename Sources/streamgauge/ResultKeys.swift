import StructuredStreaming

/// Which columns of a result tell its rows apart, so that the last value of each can be kept.
enum ResultKeys {
    /// The positions of the grouping columns among the outputs of an analyzed plan; nil when the plan groups nothing, or by
    /// something that its outputs do not show.
    static func positions(_ plan: LogicalPlan) -> [Int]? {
        switch plan {
        case .aggregate(let grouping, let outputs, _):
            let shown = outputs.map(\.withoutAlias)
            guard grouping.allSatisfy(shown.contains) else { return nil }
            return shown.indices.filter { grouping.contains(shown[$0]) }
        case .project(let outputs, let child):
            guard let inner = positions(child) else { return nil }
            let sources: [Int?] = outputs.map {
                if case .column(let index, _, _, _) = $0.withoutAlias { index } else { nil }
            }
            guard inner.allSatisfy({ sources.contains($0) }) else { return nil }
            return sources.indices.filter { sources[$0].map(inner.contains) ?? false }
        case .filter(_, let child), .sort(_, let child), .limit(_, let child): return positions(child)
        case .relation, .table, .local: return nil
        }
    }

    /// Whether a plan aggregates.
    static func aggregates(_ plan: LogicalPlan) -> Bool {
        switch plan {
        case .aggregate: true
        case .project(_, let child), .filter(_, let child), .sort(_, let child), .limit(_, let child): aggregates(child)
        case .relation, .table, .local: false
        }
    }
}

extension Expression {
    /// What an alias stands for.
    fileprivate var withoutAlias: Expression {
        if case .alias(let child, _) = self { child.withoutAlias } else { self }
    }
}
