import FoundationEssentials
import LiveMonitoring
import Monitoring

/// What the rows are sorted by.
enum TopOrder: String, Sendable, CaseIterable {
    /// By state, the worst first, and then by seconds behind.
    case worst, state, name, alerts, run, input, processed, batch, lag, behind, watermark

    /// The next one, or the one before.
    func next(by step: Int = 1) -> TopOrder {
        let all = Self.allCases
        let place = all.firstIndex(of: self) ?? 0
        return all[(place + step + all.count) % all.count]
    }

    /// Whether the first row has the greatest value when the column is chosen.
    var startsDescending: Bool { self != .name && self != .state }

    /// Rows in this order. Those without a value are last whichever way; equal ones stay as they come, by name.
    func sorted(_ rows: [QueryRow], descending: Bool) -> [QueryRow] {
        if self == .name { return descending ? rows.reversed() : rows }
        let keyed = rows.enumerated().map { (keys: keys(of: $1), place: $0) }
        let ordered = keyed.sorted { left, right in
            for (left, right) in zip(left.keys, right.keys) where left != right {
                guard let left else { return false }
                guard let right else { return true }
                return descending ? left > right : left < right
            }
            return left.place < right.place
        }
        return ordered.map { rows[$0.place] }
    }

    /// Values to compare, the first that differs decides.
    private func keys(of row: QueryRow) -> [Double?] {
        let query = row.snapshot
        return switch self {
        case .worst: [Double(query.state.urgency), query.lagSeconds, query.busyRatio]
        case .state: [-Double(query.state.urgency)]
        case .name: []
        case .alerts: [Double(row.firing)]
        case .run: [query.runSince.map { query.at.seconds(since: $0) }]
        case .input: [query.inputRowsPerSecond]
        case .processed: [query.processedRowsPerSecond]
        case .batch: [query.batchDurationSeconds]
        case .lag: [query.lagRecords.map { Double($0) }]
        case .behind: [query.lagSeconds]
        case .watermark: [query.watermarkDelaySeconds]
        }
    }
}

extension QueryState {
    /// How much somebody should look at it, from 0 up.
    var urgency: Int {
        switch self {
        case .failed: 8
        case .stalled: 7
        case .behind: 6
        case .unknown: 5
        case .restarting: 4
        case .starting: 3
        case .processing: 2
        case .idle: 1
        case .terminated: 0
        }
    }

    /// How it looks.
    var style: TextStyle {
        switch self {
        case .failed, .stalled: TextStyle(color: .red, isBold: true)
        case .behind: TextStyle(color: .yellow, isBold: true)
        case .unknown: TextStyle(color: .magenta)
        case .restarting, .starting: TextStyle(color: .cyan)
        case .processing: TextStyle(color: .green)
        case .idle, .terminated: .faint
        }
    }
}

/// Which rows are shown: each word must be in the name, the id or the state.
struct TopFilter: Sendable, Hashable {
    private let words: [String]

    init(_ text: String) { words = text.lowercased().split(separator: " ").map(String.init) }

    var isEmpty: Bool { words.isEmpty }

    func includes(_ query: QuerySnapshot) -> Bool {
        if words.isEmpty { return true }
        let texts = [query.title.lowercased(), query.id.uuidString.lowercased(), query.state.rawValue]
        return words.allSatisfy { word in texts.contains { $0.contains(word) } }
    }
}
