import FoundationEssentials
import GRDB
import Monitoring

/// Changes of state as they were seen, each query's in the order of time.
///
/// They are judgements of who watched at the time, and depend on when events came; who reads the same events again may judge a
/// little otherwise. So what lies before the newest that is kept is known already, and a state that it was in is none anew.
struct TransitionTable {
    private struct Last {
        var time: Int64
        var number: Int64
        var state: String
    }

    private static let maximum = 20_000
    private var last: [Int64: Last] = [:]

    mutating func write(_ transition: QueryTransition, ofQuery query: Int64, _ database: Database) throws {
        let time = transition.at.millisecondsSinceEpoch
        let before = try last[query] ?? load(query, database)
        if let before, time < before.time || before.state == transition.to.rawValue { return }
        let number = (before?.number ?? 0) + 1
        try database.execute(
            sql: "INSERT INTO transitions VALUES (?, ?, ?, ?, ?, ?, ?)",
            arguments: [
                query, time, number, transition.runId?.uuidString.lowercased(),
                before?.state ?? transition.from.rawValue,
                transition.to.rawValue, transition.reason.prefix(utf8Bytes: 1000).storable,
            ])
        if last.count > Self.maximum { last.removeAll() }
        last[query] = Last(time: time, number: number, state: transition.to.rawValue)
    }

    private func load(_ query: Int64, _ database: Database) throws -> Last? {
        let row = try Row.fetchOne(
            database,
            sql: """
                SELECT time, number, to_state FROM transitions WHERE query = ? ORDER BY time DESC, number DESC LIMIT 1
                """, arguments: [query])
        return row.map { Last(time: $0[0], number: $0[1], state: $0[2]) }
    }
}
