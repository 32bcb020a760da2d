/// Where every event is between the writer and the broker, and the counts that follow from it; a pure value.
///
/// Events have consecutive positions. Of each the ledger knows in which places it lies (memory, disk), whether it is on its
/// way, and whether it is settled:
///
///     publish ──► in memory ──markOnDisk──► on disk ──take──► on its way ──acknowledge──► settled
///                     │                        │                 │  ▲
///                     └── loseMemory/loseDisk ─┴─► dropped       └──┘ putBack
///
/// An event that is in no place any more and not on its way is dropped; one that is on its way may still be acknowledged,
/// so it is neither until its report comes. So each event is counted once at any moment.
///
/// No call walks over more positions than it is told, or than ``walk``: a spool may hold millions.
struct DeliveryLedger: Sendable {
    /// Positions that one call looks at, at most, where it is not told which: a lock is held meanwhile.
    static let walk: UInt64 = 4096

    private struct Place: OptionSet, Sendable {
        let rawValue: UInt8
        static let memory = Place(rawValue: 1)
        static let disk = Place(rawValue: 2)
        static let onItsWay = Place(rawValue: 4)
        static let settled = Place(rawValue: 8)
    }

    /// States of `base..<end`, from `head` on.
    private var states: [Place] = []
    private var head = 0
    /// Everything below is settled.
    private(set) var base: UInt64
    /// The next position to be sent, unless it is settled already.
    private(set) var next: UInt64
    private(set) var onItsWay = 0
    /// Not settled, and not on the disk.
    private(set) var inMemory = 0
    /// Not settled, and on the disk.
    private(set) var onDisk = 0
    private(set) var acknowledged = 0
    private(set) var dropped: [DropReason: Int] = [:]
    /// Why events that are on their way are in no place any more; nearly always none.
    private var lostReasons: [UInt64: DropReason] = [:]
    /// Whether something below `next` has to be sent again; it waits until nothing is on its way, so that order holds.
    private(set) var mustRewind = false

    init(base: UInt64 = 0) {
        self.base = base
        next = base
    }

    /// The position of the next event published.
    var end: UInt64 { base + UInt64(states.count - head) }
    var pending: Int { inMemory + onDisk }
    /// Whether there is something that could be sent now.
    var hasMore: Bool { !mustRewind && next < end }

    // MARK: Coming in

    /// New events, in memory.
    mutating func publish(_ count: Int) {
        states.append(contentsOf: repeatElement(.memory, count: count))
        inMemory += count
    }

    /// Events of an earlier process, on the disk; positions left out between them were settled then.
    mutating func recover(_ positions: ClosedRange<UInt64>) {
        while end < positions.lowerBound { states.append(.settled) }
        states.append(contentsOf: repeatElement(.disk, count: positions.count))
        onDisk += positions.count
        advance()
    }

    /// Nothing below this position will come any more.
    mutating func skip(to position: UInt64) {
        while end < position { states.append(.settled) }
        advance()
    }

    // MARK: Places

    mutating func markOnDisk(_ positions: ClosedRange<UInt64>) {
        update(positions) { ledger, _, state in
            if !state.contains(.disk) {
                ledger.inMemory -= 1
                ledger.onDisk += 1
            }
            state.insert(.disk)
        }
    }

    mutating func loseDisk(_ positions: ClosedRange<UInt64>, _ reason: DropReason) {
        update(positions) { ledger, position, state in
            guard state.contains(.disk) else { return }
            state.remove(.disk)
            ledger.onDisk -= 1
            ledger.inMemory += 1
            ledger.dropIfGone(position, &state, reason)
        }
        advance()
    }

    mutating func loseMemory(_ positions: ClosedRange<UInt64>, _ reason: DropReason) {
        update(positions) { ledger, position, state in
            guard state.contains(.memory) else { return }
            state.remove(.memory)
            ledger.dropIfGone(position, &state, reason)
        }
        advance()
    }

    /// Whether everything in a range is settled.
    func isSettled(_ positions: ClosedRange<UInt64>) -> Bool {
        guard positions.upperBound >= base else { return true }
        return (max(positions.lowerBound, base)...positions.upperBound).allSatisfy {
            states[index($0)].contains(.settled)
        }
    }

    /// Drops an event that has no place any more; while it is on its way, the reason is kept until its report comes.
    private mutating func dropIfGone(_ position: UInt64, _ state: inout Place, _ reason: DropReason) {
        guard state.isDisjoint(with: [.memory, .disk, .settled]) else { return }
        guard !state.contains(.onItsWay) else {
            lostReasons[position] = reason
            return
        }
        state = .settled
        inMemory -= 1
        dropped[reason, default: 0] += 1
    }

    // MARK: Sending

    /// The next position to be sent; nil when there is none, or when so many are settled that another call has to look on.
    /// It counts as on its way.
    mutating func take() -> UInt64? {
        guard !mustRewind else { return nil }
        let last = min(end, next + Self.walk)
        while next < last {
            let index = index(next)
            next += 1
            if states[index].contains(.settled) { continue }
            states[index].insert(.onItsWay)
            onItsWay += 1
            return next - 1
        }
        return nil
    }

    /// The broker has it. What was settled before, or is unknown, changes nothing.
    ///
    /// - Returns: Whether it changed something.
    @discardableResult
    mutating func acknowledge(_ position: UInt64) -> Bool {
        guard settle(position) else { return false }
        acknowledged += 1
        return true
    }

    /// It was not delivered and never will be.
    mutating func giveUp(_ position: UInt64, _ reason: DropReason) {
        if settle(position) { dropped[reason, default: 0] += 1 }
    }

    /// It was not delivered and is to be sent again.
    mutating func putBack(_ position: UInt64) {
        guard position >= base, position < end, cameBack(position) else { return }
        mustRewind = true
    }

    /// Positions that were taken last, from this one on, were not handed over after all: they are the next ones again.
    mutating func giveBack(from position: UInt64) {
        guard position < next else { return }
        for position in max(position, base)..<next {
            _ = cameBack(position)
        }
        next = max(position, base)
    }

    /// Notes that an event is not on its way any more; whether it was.
    private mutating func cameBack(_ position: UInt64) -> Bool {
        let index = index(position)
        var state = states[index]
        guard state.contains(.onItsWay) else { return false }
        state.remove(.onItsWay)
        onItsWay -= 1
        if let reason = lostReasons.removeValue(forKey: position) { dropIfGone(position, &state, reason) }
        states[index] = state
        return true
    }

    /// Nothing that is on its way will be reported: all of it is to be sent again.
    ///
    /// - Returns: Where another call has to go on; nil when all is done.
    mutating func putBackAll(from position: UInt64 = 0) -> UInt64? {
        let first = max(position, base)
        let last = min(first + Self.walk, next)
        if onItsWay > 0, first < last { for position in first..<last { putBack(position) } }
        if onItsWay > 0, last < next { return last }
        rewind()
        return nil
    }

    /// Begins again with the oldest that is not settled, once nothing is on its way.
    mutating func rewind() {
        guard mustRewind, onItsWay == 0 else { return }
        mustRewind = false
        advance()
        next = base
    }

    /// Gives up what is in memory only. What is on the disk stays as it is.
    ///
    /// - Returns: Where another call has to go on; nil when all is done.
    mutating func giveUpMemory(_ reason: DropReason, from position: UInt64 = 0) -> UInt64? {
        let first = max(position, base)
        let last = min(first + Self.walk, end)
        if inMemory > 0, first < last {
            for position in first..<last where !states[index(position)].contains(.disk) {
                giveUp(position, lostReasons[position] ?? reason)
            }
        }
        let isDone = inMemory == 0 || last >= end
        advance()
        return isDone ? nil : last
    }

    private mutating func settle(_ position: UInt64) -> Bool {
        guard position >= base, position < end else { return false }
        let index = index(position)
        let state = states[index]
        guard !state.contains(.settled) else { return false }
        if state.contains(.onItsWay) { onItsWay -= 1 }
        if state.contains(.disk) { onDisk -= 1 } else { inMemory -= 1 }
        states[index] = .settled
        if !lostReasons.isEmpty { lostReasons[position] = nil }
        return true
    }

    /// Moves the base over what is settled.
    ///
    /// - Returns: Whether it has come to something that is not settled, or the end; if not, another call goes on.
    @discardableResult
    mutating func advance() -> Bool {
        let last = min(head + Int(Self.walk), states.count)
        while head < last, states[head].contains(.settled) {
            head += 1
            base += 1
        }
        let isDone = head == states.count || !states[head].contains(.settled)
        next = max(next, base)
        if head == states.count {
            states.removeAll(keepingCapacity: states.capacity <= 1 << 16)
            head = 0
        } else if head >= 4096, head * 2 >= states.count {
            states.removeFirst(head)
            head = 0
        }
        return isDone
    }

    private func index(_ position: UInt64) -> Int { head + Int(position - base) }

    private mutating func update(
        _ positions: ClosedRange<UInt64>, _ body: (inout DeliveryLedger, UInt64, inout Place) -> Void
    ) {
        guard positions.upperBound >= base, positions.lowerBound < end else { return }
        for position in max(positions.lowerBound, base)...min(positions.upperBound, end - 1) {
            let index = index(position)
            var state = states[index]
            guard !state.contains(.settled) else { continue }
            body(&self, position, &state)
            states[index] = state
        }
    }
}
