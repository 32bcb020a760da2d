import Glibc
public import Kafka

/// A proxy between clients and a broker of this machine, on one thread, that makes the network between them fail.
///
/// Brokers tell clients their own address, so a mere forwarder would be passed by after the first contact. This one reads
/// Kafka's frames and puts its own port in place of the broker's in the answers that tell addresses; whatever a client does
/// goes through it. With a ``SASLResponder`` it asks for a login as well, which the brokers behind it need not know of.
///
/// ```swift
/// let cluster = try MockCluster()
/// let proxy = try FaultProxy(to: cluster.bootstrapServers, seed: 7)
/// proxy.setFaults(NetworkFaults([.reset, .halfOpen]))
/// let producer = try KafkaProducer(KafkaConfiguration(bootstrapServers: proxy.bootstrapServers))
/// ```
public final class FaultProxy: Sendable {
    /// What has passed and what was made to fail.
    public struct Statistics: Sendable, Hashable {
        /// Connections accepted.
        public var connections = 0
        /// Faults that have struck, by kind; a delay counts once a connection.
        public var faults: [NetworkFault: Int] = [:]
        /// Bytes passed to brokers.
        public var bytesToBroker = 0
        /// Bytes passed to clients.
        public var bytesToClient = 0
    }

    /// What the thread is told from outside.
    struct Shared: Sendable {
        var faults = NetworkFaults.none
        var strikes: [NetworkFault] = []
        var accepts = true
        var stops = false
        var statistics = Statistics()
        var hasFinished = false
    }

    /// The port that clients are given.
    public let port: Int
    /// What decides the faults.
    public let seed: UInt64
    private let shared: Monitor<Shared>
    private let pipe: (read: Int32, write: Int32)

    /// The address that clients are given.
    public var bootstrapServers: String { "127.0.0.1:\(port)" }

    /// A configuration for clients of this proxy.
    public var configuration: KafkaConfiguration { KafkaConfiguration(bootstrapServers: bootstrapServers) }

    /// Starts a proxy without faults.
    ///
    /// - Parameters:
    ///   - target: The broker, as `127.0.0.1:port`; of several the first.
    ///   - port: The port to listen on; 0 takes a free one.
    ///   - advertisedPort: The port that clients are told instead of the broker's; nil tells the proxy's own. For a proxy that
    ///     itself stands behind something, such as an end of TLS.
    ///   - seed: Decides the faults.
    ///   - sasl: Asks clients for a login.
    /// - Throws: ``KafkaError`` when the port is taken or the target's text is no address.
    public convenience init(
        to target: String, port: Int = 0, advertisedPort: Int? = nil, seed: UInt64 = 0, sasl: SASLResponder? = nil
    ) throws(KafkaError) {
        guard let target = target.split(separator: ",").first?.split(separator: ":").last.flatMap({ UInt16($0) }) else {
            throw KafkaError(
                code: .invalidArgument,
                message: "cannot pass connections on to \"\(target)\": there is no port; give 127.0.0.1:port")
        }
        try self.init(
            to: target, port: port, gate: .init(target: target, advertised: advertisedPort, sasl: sasl), seed: seed)
    }

    /// - Parameter gate: nil passes bytes as they are.
    init(to target: UInt16, port: Int, gate: ProtocolGate.Settings?, seed: UInt64) throws(KafkaError) {
        guard let wanted = UInt16(exactly: port) else {
            throw KafkaError(
                code: .invalidArgument,
                message: "cannot listen on port \(port): ports go from 0 to 65535; choose another")
        }
        let listener = try LoopbackSocket.listen(wanted)
        do throws(KafkaError) {
            pipe = try LoopbackSocket.wakePipe()
        } catch {
            Glibc.close(listener)
            throw error
        }
        let shared = Monitor(Shared())
        self.shared = shared
        self.seed = seed
        self.port = Int(LoopbackSocket.port(of: listener))
        var gate = gate
        if gate?.advertised == nil { gate?.advertised = self.port }
        let loop = ProxyLoop(
            listener: listener, wake: pipe.read, target: target, gate: gate, seed: seed, shared: shared)
        do throws(KafkaError) {
            try DedicatedThread.start(name: "fault-proxy") {
                loop.run()
                shared.withLock { $0.hasFinished = true }
                shared.broadcast()
            }
        } catch {
            // The pipe is closed by deinit, which must not wait for a thread that never was.
            shared.withLock { $0.hasFinished = true }
            Glibc.close(listener)
            throw error
        }
    }

    /// Draws the faults of connections to come from this description. Those that are open keep what was drawn for them.
    public func setFaults(_ faults: NetworkFaults) {
        shared.withLock { $0.faults = faults }
    }

    /// Makes every open connection fail now.
    public func strike(_ fault: NetworkFault) {
        shared.withLock { $0.strikes.append(fault) }
        wake()
    }

    /// Whether new connections are accepted; otherwise they are reset at once.
    public func setAccepting(_ accepts: Bool) {
        shared.withLock { $0.accepts = accepts }
    }

    /// What has passed and failed so far.
    public var statistics: Statistics { shared.withLock { $0.statistics } }

    /// Waits until the statistics are as wanted.
    ///
    /// - Returns: Whether they were in time.
    public func wait(timeout: Duration = .seconds(30), until condition: (Statistics) -> Bool) -> Bool {
        shared.wait(timeout: timeout) { condition($0.statistics) ? true : nil } ?? false
    }

    /// Ends all connections and waits for the thread. Closing twice is fine.
    public func close() {
        shared.withLock { $0.stops = true }
        wake()
        _ = shared.wait { $0.hasFinished ? true : nil }
    }

    private func wake() {
        var byte: UInt8 = 1
        // A full pipe wakes the thread just as well.
        _ = write(pipe.write, &byte, 1)
    }

    deinit {
        close()
        Glibc.close(pipe.read)
        Glibc.close(pipe.write)
    }
}
