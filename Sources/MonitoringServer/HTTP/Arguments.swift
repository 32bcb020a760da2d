import FoundationEssentials
import HTTPTypes
import Monitoring

/// The query of a request's target, read strictly: a value that cannot be is told and not passed over.
struct Arguments {
    private let pairs: [String: String]

    init(_ pairs: [String: String]) { self.pairs = pairs }

    /// Refuses what is none of these: it would be passed over, and the answer would be another one than was asked for.
    func only(_ names: String...) throws(Refusal) {
        guard let name = pairs.keys.sorted().first(where: { !names.contains($0) }) else { return }
        let nearest = AlertVocabulary.nearest(to: name, in: names).map { "did you mean \($0)?" }
        let known = names.isEmpty ? "there is none here" : "known are \(names.joined(separator: ", "))"
        let shown = String(
            name.unicodeScalars.filter { $0.value > 0x20 && $0.value != 0x7F }.prefix(40).map(Character.init))
        throw Refusal(.badRequest, "no parameter is called \(shown); \(nearest ?? known)")
    }

    /// Text; nil where it is missing or empty.
    func text(_ name: String) -> String? { pairs[name].flatMap { $0.isEmpty ? nil : $0 } }

    /// A whole number.
    func integer(_ name: String, in range: ClosedRange<Int64>) throws(Refusal) -> Int64? {
        guard let text = pairs[name] else { return nil }
        guard let value = Int64(text), text.first != "+", range.contains(value) else {
            throw Refusal(
                .badRequest, "\(name) must be a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    /// Milliseconds since 1970.
    func time(_ name: String) throws(Refusal) -> MonitorTime? {
        try integer(name, in: -8_640_000_000_000_000...8_640_000_000_000_000)
            .map { MonitorTime(millisecondsSinceEpoch: $0) }
    }

    /// Query states, with commas between them.
    func states(_ name: String) throws(Refusal) -> Set<QueryState>? {
        guard let text = pairs[name] else { return nil }
        var states: Set<QueryState> = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard let state = QueryState(rawValue: String(part)) else {
                let all = QueryState.allCases.map(\.rawValue).joined(separator: ", ")
                throw Refusal(.badRequest, "\(name) must be of: \(all)")
            }
            states.insert(state)
        }
        return states
    }

    /// States of alerts, with commas between them.
    func alertStates(_ name: String) throws(Refusal) -> Set<Alert.State>? {
        guard let text = pairs[name] else { return nil }
        let states = text.split(separator: ",", omittingEmptySubsequences: false).map {
            Alert.State(rawValue: String($0))
        }
        guard states.allSatisfy({ $0 != nil }) else {
            throw Refusal(.badRequest, "\(name) must be of: pending, firing, resolved")
        }
        return Set(states.compactMap { $0 })
    }

    /// A query's id.
    func id(_ name: String) throws(Refusal) -> UUID? {
        guard let text = pairs[name] else { return nil }
        guard let id = UUID(uuidString: text) else { throw Refusal(.badRequest, "\(name) must be a query's id") }
        return id
    }
}
