import Glibc
import Kafka

/// The thread of a ``FaultProxy``, around `poll(2)`. The sockets belong to it alone and are closed when it returns; the
/// wake pipe stays the proxy's.
struct ProxyLoop: Sendable {
    let listener: Int32
    let wake: Int32
    let target: UInt16
    let gate: ProtocolGate.Settings?
    let seed: UInt64
    let shared: Monitor<FaultProxy.Shared>

    /// Passes bytes on until the proxy is told to stop.
    func run() {
        var links: [ProxyLink] = []
        var accepted = 0
        defer {
            for link in links { link.close() }
            close(listener)
        }
        while true {
            var watched = [pollfd(fd: wake, events: Int16(POLLIN), revents: 0)]
            watched.append(pollfd(fd: listener, events: Int16(POLLIN), revents: 0))
            let now = ContinuousClock.now
            for link in links { watched += link.watched(now: now) }
            let timeoutMs = links.compactMap(\.nextDue).min().map { due in
                max(1, now.duration(to: due).wholeMilliseconds)
            }
            guard poll(&watched, nfds_t(watched.count), timeoutMs ?? -1) >= 0 || errno == EINTR else { return }
            if watched[0].revents != 0 { drainWake() }
            let orders = shared.withLock { shared in
                defer { shared.strikes = [] }
                return shared
            }
            if orders.stops { return }
            for index in links.indices.reversed() {
                for fault in orders.strikes { links[index].strike(fault) }
                links[index].pass(
                    client: watched[2 + index * 2].revents, broker: watched[3 + index * 2].revents, now: .now)
                report(&links[index])
                guard links[index].isOver else { continue }
                links[index].close()
                links.remove(at: index)
            }
            if watched[1].revents & Int16(POLLIN) != 0, let link = accept(orders, number: accepted) {
                accepted += 1
                links.append(link)
            }
        }
    }

    private func drainWake() {
        var bytes = [UInt8](repeating: 0, count: 256)
        while read(wake, &bytes, bytes.count) > 0 {}
    }

    private func accept(_ orders: FaultProxy.Shared, number: Int) -> ProxyLink? {
        let client = Glibc.accept(listener, nil, nil)
        guard client >= 0 else { return nil }
        guard orders.accepts, let broker = LoopbackSocket.connect(target) else {
            LoopbackSocket.reset(client)
            return nil
        }
        for fd in [client, broker] { LoopbackSocket.makeNonblocking(fd) }
        shared.withLock { $0.statistics.connections += 1 }
        shared.broadcast()
        return ProxyLink(
            client: client, broker: broker, gate: gate.map { ProtocolGate($0) },
            planned: orders.faults.planned(seed: seed, connection: number), maximumDelay: orders.faults.maximumDelay,
            random: SeededRandom(seed: ~seed, stream: UInt64(number)))
    }

    /// Adds what a link did since the last time.
    private func report(_ link: inout ProxyLink) {
        let done = link.takeReport()
        guard done.struck != nil || done.toBroker > 0 || done.toClient > 0 else { return }
        shared.withLock { shared in
            if let fault = done.struck { shared.statistics.faults[fault, default: 0] += 1 }
            shared.statistics.bytesToBroker += done.toBroker
            shared.statistics.bytesToClient += done.toClient
        }
        shared.broadcast()
    }
}

extension Duration {
    /// Rounded up, from 0 to a day.
    fileprivate var wholeMilliseconds: Int32 {
        let (seconds, attoseconds) = min(max(self, .zero), .seconds(86_400)).components
        return Int32(seconds) * 1000 + Int32((attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
    }
}
