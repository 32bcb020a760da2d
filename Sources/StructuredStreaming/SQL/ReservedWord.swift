/// Words that stand for themselves in a query and are names only in backquotes.
enum ReservedWord {
    static let all: Set<String> = [
        "SELECT", "FROM", "WHERE", "GROUP", "HAVING", "ORDER", "LIMIT", "OFFSET", "BY", "AS", "AND", "OR", "NOT", "IN",
        "IS", "BETWEEN", "LIKE", "RLIKE", "REGEXP", "ILIKE", "ESCAPE", "DIV", "CASE", "WHEN", "THEN", "ELSE", "END",
        "DISTINCT", "UNION", "INTERSECT", "EXCEPT", "MINUS", "JOIN", "INNER", "LEFT", "RIGHT", "FULL", "CROSS",
        "NATURAL",
        "ON", "USING", "LATERAL", "OVER", "WINDOW", "ASC", "DESC", "NULLS", "SORT", "CLUSTER", "DISTRIBUTE", "WITH",
    ]
}
