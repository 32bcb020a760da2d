import Glibc

/// One connection through a ``FaultProxy``: a socket to the client, one to the broker, and what is on its way between them.
struct ProxyLink {
    /// Bytes on their way, not before a time.
    fileprivate struct Chunk {
        var bytes: [UInt8]
        var sent = 0
        var due: ContinuousClock.Instant
    }

    /// One way.
    fileprivate struct Way {
        /// Bytes read that are no whole frame yet.
        var unframed: [UInt8] = []
        var chunks: [Chunk] = []
        /// Bytes given to `chunks` so far, which is what faults count.
        var passed = 0
        /// Bytes written since the last report.
        var written = 0
        var isAtEnd = false
        var hasToldEnd = false
        var vanishes = false

        /// More is read only while little waits to be written.
        var hasRoom: Bool { chunks.reduce(0) { $0 + $1.bytes.count - $1.sent } < 262_144 }
    }

    private let client: Int32
    private var broker: Int32
    private var gate: ProtocolGate?
    private let planned: NetworkFaults.Planned?
    private let maximumDelay: Duration
    private var random: SeededRandom
    private var up = Way()
    private var down = Way()
    private var struck: NetworkFault?
    private var isReported = false
    private var isDelayed = false
    /// The broker's side is gone, and the client is not told.
    private var isHalfOpen = false
    private var endsWhenWritten = false
    private var endsWithReset = false

    /// Whether nothing more will pass.
    private(set) var isOver = false

    init(
        client: Int32, broker: Int32, gate: ProtocolGate?, planned: NetworkFaults.Planned?, maximumDelay: Duration,
        random: SeededRandom
    ) {
        self.client = client
        self.broker = broker
        self.gate = gate
        self.planned = planned
        self.maximumDelay = maximumDelay
        self.random = random
        isDelayed = planned?.fault == .delay
    }

    /// Closes the sockets.
    func close() {
        if endsWithReset { LoopbackSocket.reset(client) } else { Glibc.close(client) }
        if broker >= 0 { Glibc.close(broker) }
    }

    /// What happened since the last call.
    mutating func takeReport() -> (struck: NetworkFault?, toBroker: Int, toClient: Int) {
        defer {
            isReported = struck != nil
            up.written = 0
            down.written = 0
        }
        return (isReported ? nil : struck, up.written, down.written)
    }

    // MARK: Polling

    /// What to wait for: the client's socket, then the broker's.
    func watched(now: ContinuousClock.Instant) -> [pollfd] {
        if isHalfOpen { return [pollfd(fd: client, events: Self.peerHasClosed, revents: 0), Self.nothing] }
        return [
            Self.watch(client, reads: !up.isAtEnd && up.hasRoom, writes: Self.isDue(down, now)),
            Self.watch(broker, reads: !down.isAtEnd && down.hasRoom, writes: Self.isDue(up, now)),
        ]
    }

    /// When a delayed chunk is due next.
    var nextDue: ContinuousClock.Instant? {
        isHalfOpen ? nil : [up, down].compactMap { $0.chunks.first?.due }.min()
    }

    /// Linux's POLLRDHUP, which its header hides behind a macro: the other side has closed, with bytes unread or not.
    private static let peerHasClosed: Int16 = 0x2000
    private static let nothing = pollfd(fd: -1, events: 0, revents: 0)

    private static func isDue(_ way: Way, _ now: ContinuousClock.Instant) -> Bool {
        way.chunks.first.map { $0.due <= now } ?? false
    }

    private static func watch(_ fd: Int32, reads: Bool, writes: Bool) -> pollfd {
        // A descriptor without interest is left out, or a half-closed one would wake the poll for ever.
        guard reads || writes else { return nothing }
        return pollfd(fd: fd, events: Int16((reads ? POLLIN : 0) | (writes ? POLLOUT : 0)), revents: 0)
    }

    /// Moves what can be moved.
    mutating func pass(client clientState: Int16, broker brokerState: Int16, now: ContinuousClock.Instant) {
        if isOver { return }
        if isHalfOpen {
            // Only the client can end it.
            if clientState != 0 { isOver = true }
            return
        }
        if clientState != 0, !up.isAtEnd, up.hasRoom { readClient(now) }
        if brokerState != 0, !down.isAtEnd, down.hasRoom, !isOver { readBroker(now) }
        if isOver || isHalfOpen { return }
        guard up.write(to: broker, now), down.write(to: client, now) else { return isOver = true }
        if endsWhenWritten, up.chunks.isEmpty, down.chunks.isEmpty { isOver = true }
        if up.isAtEnd, down.isAtEnd, up.chunks.isEmpty, down.chunks.isEmpty { isOver = true }
    }

    // MARK: Reading

    private mutating func readClient(_ now: ContinuousClock.Instant) {
        let bytes: [UInt8]
        switch Self.read(client) {
        case .bytes(let read): bytes = read
        case .end: return up.isAtEnd = true
        case .later: return
        case .failure: return isOver = true
        }
        guard gate != nil else { return emit(bytes, towardsBroker: true, now) }
        up.unframed += bytes
        while let frame = ProtocolGate.takeFrame(&up.unframed) {
            switch gate?.fromClient(frame) {
            case .forward(let frame): emit(frame, towardsBroker: true, now)
            case .reply(let frame, let ends):
                emit(frame, towardsBroker: false, now)
                if ends { endsWhenWritten = true }
            case .refuse: endsWhenWritten = true
            case nil: break
            }
        }
    }

    private mutating func readBroker(_ now: ContinuousClock.Instant) {
        let bytes: [UInt8]
        switch Self.read(broker) {
        case .bytes(let read): bytes = read
        case .end: return down.isAtEnd = true
        case .later: return
        case .failure: return isOver = true
        }
        guard gate != nil else { return emit(bytes, towardsBroker: false, now) }
        down.unframed += bytes
        while let frame = ProtocolGate.takeFrame(&down.unframed) {
            emit(gate?.fromBroker(frame) ?? frame, towardsBroker: false, now)
        }
    }

    private enum Read {
        case bytes([UInt8])
        case end, later, failure
    }

    private static func read(_ fd: Int32) -> Read {
        var bytes = [UInt8](repeating: 0, count: 65_536)
        let count = Glibc.read(fd, &bytes, bytes.count)
        if count > 0 { return .bytes(Array(bytes.prefix(count))) }
        return count == 0 ? .end : errno == EAGAIN || errno == EINTR ? .later : .failure
    }

    // MARK: Faults

    /// Gives bytes to a way, as far as the faults let them.
    private mutating func emit(_ bytes: [UInt8], towardsBroker: Bool, _ now: ContinuousClock.Instant) {
        var bytes = bytes[...]
        var way = towardsBroker ? up : down
        var strikes = false
        if struck == nil || struck == .delay, let planned, planned.isTowardsBroker == towardsBroker,
            planned.fault != .delay, way.passed + bytes.count >= planned.afterBytes
        {
            bytes = bytes.prefix(max(0, planned.afterBytes - way.passed))
            strikes = true
        }
        way.passed += bytes.count
        if !way.vanishes, !bytes.isEmpty {
            way.chunks.append(Chunk(bytes: Array(bytes), due: due(after: way.chunks.last?.due, now)))
        }
        if towardsBroker { up = way } else { down = way }
        if strikes, let planned { strike(planned.fault) }
    }

    private mutating func due(
        after last: ContinuousClock.Instant?, _ now: ContinuousClock.Instant
    ) -> ContinuousClock.Instant {
        guard isDelayed else { return max(now, last ?? now) }
        struck = struck ?? .delay
        let late = now + maximumDelay * Int.random(in: 0...1000, using: &random) / 1000
        return max(late, last ?? late)
    }

    /// Makes the connection fail now.
    mutating func strike(_ fault: NetworkFault) {
        if isOver || isHalfOpen { return }
        if struck != fault { isReported = false }
        struck = fault
        switch fault {
        case .delay: isDelayed = true
        case .truncate: endsWhenWritten = true
        case .reset:
            endsWithReset = true
            isOver = true
        case .halfOpen:
            isHalfOpen = true
            Glibc.close(broker)
            broker = -1
        case .blackholeToBroker: up.vanish()
        case .blackholeToClient: down.vanish()
        }
    }
}

extension ProxyLink.Way {
    /// Loses what is on its way and all that comes.
    fileprivate mutating func vanish() {
        vanishes = true
        chunks = []
    }

    /// Writes what is due, and the end after the last byte; false when the connection is broken.
    fileprivate mutating func write(to fd: Int32, _ now: ContinuousClock.Instant) -> Bool {
        while let chunk = chunks.first, chunk.due <= now {
            let count = chunk.bytes.withUnsafeBytes {
                // MSG_NOSIGNAL: a client that has gone must not end the program with SIGPIPE.
                send(fd, $0.baseAddress! + chunk.sent, $0.count - chunk.sent, Int32(MSG_NOSIGNAL))
            }
            guard count >= 0 else { return errno == EAGAIN || errno == EINTR }
            written += count
            chunks[0].sent += count
            if chunks[0].sent == chunk.bytes.count { chunks.removeFirst() }
        }
        if isAtEnd, chunks.isEmpty, !hasToldEnd {
            hasToldEnd = true
            shutdown(fd, Int32(SHUT_WR))
        }
        return true
    }
}
