/// What waits to be written, of which there may be only so much. A pure value.
///
///     add → pending ──take──▶ a transaction ──▶ wrote
///                                  │
///                                  └─ retry ─▶ retried, which the next take gives first
struct HistoryQueue: Sendable {
    /// Entries that wait at most.
    static let maximumCount = 20_000
    /// Bytes that wait at most, but for the one that goes beyond; the arrays that they are in may have room for as many again.
    static let maximumBytes = 32 << 20
    /// So many are written without waiting for the second to end.
    static let manyCount = 5_000
    /// So many bytes are.
    static let manyBytes = 4 << 20

    private var pending = HistoryEntries()
    /// What transactions did not write.
    private var retried: [HistoryEntries] = []
    /// How many of those there are, or a transaction writes now, and their bytes.
    private var (held, heldBytes) = (0, 0)

    /// How many wait, those that a transaction writes now among them.
    var count: Int { held + pending.count }

    /// Whether one more may come.
    var hasRoom: Bool { count < Self.maximumCount && heldBytes + pending.byteCount < Self.maximumBytes }

    /// Whether so many have come that they should be written at once.
    var hasMany: Bool { pending.count >= Self.manyCount || pending.byteCount >= Self.manyBytes }

    /// Adds what finds room.
    ///
    /// - Parameters:
    ///   - wanted: How many entries there are.
    ///   - entry: Adds the entry of a number.
    /// - Returns: How many found none.
    mutating func add(_ wanted: Int, _ entry: (Int, inout HistoryEntries) -> Void) -> Int {
        for number in 0..<wanted {
            guard hasRoom else { return wanted - number }
            entry(number, &pending)
        }
        return 0
    }

    /// Gives what is to be written now, the oldest first. It counts as waiting until it is said what became of it.
    mutating func take() -> [HistoryEntries] {
        var pieces: [HistoryEntries] = []
        swap(&pieces, &retried)
        guard !pending.isEmpty else { return pieces }
        held += pending.count
        heldBytes += pending.byteCount
        pieces.append(pending)
        pending = HistoryEntries()
        return pieces
    }

    /// What was taken is written, or given up.
    mutating func forgetTaken() { (held, heldBytes) = (0, 0) }

    /// What was taken is to be taken again.
    mutating func retry(_ pieces: [HistoryEntries]) { retried = pieces }

    /// Forgets all.
    mutating func removeAll() { self = HistoryQueue() }
}
