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
/// No call changes more events than it is told, or than ``walk``: a spool may hold millions.
struct DeliveryLedger: Sendable {
    /// Events that one call changes, at most, where it is not told which: a lock is held meanwhile.
    static let walk = 4096

    private typealias Place = EventPlaces.Place

    private var places: EventPlaces
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
        places = EventPlaces(from: base)
    }

    /// The position of the next event published.
    var end: UInt64 { places.end }
    var pending: Int { inMemory + onDisk }
    /// Whether there is something that could be sent now.
    var hasMore: Bool { !mustRewind && next < end }

    // MARK: Coming in

    /// New events, in memory.
    mutating func publish(_ count: Int) {
        places.append(.memory, count: count)
        inMemory += count
    }

    /// Events of an earlier process, on the disk; positions left out between them were settled then.
    mutating func recover(_ positions: ClosedRange<UInt64>) {
        places.skip(to: positions.lowerBound)
        places.append(.disk, count: positions.count)
        onDisk += positions.count
        advance()
    }

    /// Nothing below this position will come any more.
    mutating func skip(to position: UInt64) {
        places.skip(to: position)
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
        !places.hasOpen(in: positions)
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

    /// The next position to be sent; nil when there is none. It counts as on its way.
    mutating func take() -> UInt64? {
        guard hasMore else { return nil }
        guard let position = places.insert(.onItsWay, atFirstOpenFrom: next) else {
            next = end
            return nil
        }
        next = position + 1
        onItsWay += 1
        return position
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
        let first = max(position, base)
        var open = places.firstOpen(from: first)
        while open < next {
            _ = cameBack(open)
            open = places.firstOpen(from: open + 1)
        }
        next = first
    }

    /// Notes that an event is not on its way any more; whether it was.
    private mutating func cameBack(_ position: UInt64) -> Bool {
        var was = false
        update(position...position) { ledger, position, state in
            guard state.contains(.onItsWay) else { return }
            was = true
            state.remove(.onItsWay)
            ledger.onItsWay -= 1
            if let reason = ledger.lostReasons.removeValue(forKey: position) {
                ledger.dropIfGone(position, &state, reason)
            }
        }
        return was
    }

    /// Nothing that is on its way will be reported: all of it is to be sent again.
    ///
    /// - Returns: Where another call has to go on; nil when all is done.
    mutating func putBackAll(from position: UInt64 = 0) -> UInt64? {
        var open = places.firstOpen(from: max(position, base))
        var walked = 0
        while onItsWay > 0, open < next {
            guard walked < Self.walk else { return open }
            putBack(open)
            walked += 1
            open = places.firstOpen(from: open + 1)
        }
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
        var open = places.firstOpen(from: max(position, base))
        var walked = 0
        while inMemory > 0, open < end {
            guard walked < Self.walk else { return open }
            if !places[open].contains(.disk) { giveUp(open, lostReasons[open] ?? reason) }
            walked += 1
            open = places.firstOpen(from: open + 1)
        }
        advance()
        return nil
    }

    private mutating func settle(_ position: UInt64) -> Bool {
        guard position >= base, position < end else { return false }
        let state = places.settle(position)
        guard !state.contains(.settled) else { return false }
        if state.contains(.onItsWay) { onItsWay -= 1 }
        if state.contains(.disk) { onDisk -= 1 } else { inMemory -= 1 }
        if !lostReasons.isEmpty { lostReasons[position] = nil }
        return true
    }

    /// Moves the base over what is settled.
    mutating func advance() {
        base = places.firstOpen(from: base)
        next = max(next, base)
    }

    private mutating func update(
        _ positions: ClosedRange<UInt64>, _ body: (inout DeliveryLedger, UInt64, inout Place) -> Void
    ) {
        guard positions.upperBound >= base else { return }
        // Out of this value meanwhile: the change is to it as well.
        var places = EventPlaces(from: end)
        swap(&places, &self.places)
        places.updateOpen(in: max(positions.lowerBound, base)...positions.upperBound) { position, state in
            body(&self, position, &state)
        }
        swap(&places, &self.places)
    }
}
