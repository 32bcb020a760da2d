import Glibc
import HTTPTypes
import Hummingbird
import HummingbirdCore
public import LiveMonitoring
import Logging
public import Monitoring
import NIOCore
import ServiceLifecycle
import Synchronization

/// Serves a hub over HTTP: the page, the JSON interface, server-sent events, and Prometheus' series.
///
/// ```swift
/// let hub = MonitoringHub()
/// let server = try MonitoringServer(hub: hub)
/// async let feeding: Void = hub.run([feed])
/// try await server.run { address in print("listening on http://\(address)") }
/// ```
///
/// Without a token it listens on loopback addresses only, and answers only to names of this machine, so that no other page in a browser
/// can read it. Reading is all that anybody can do.
public final class MonitoringServer: Sendable {
    /// Where it listens, who may read, and its bounds.
    public struct Configuration: Sendable {
        /// Where it listens; port 0 is any free one.
        public var address: ListenAddress
        /// What readers have to know; nil lets everybody on this machine read.
        public var token: AccessToken?
        /// Its bounds.
        public var limits = ServerLimits()
        /// Series for single partitions, of `/metrics` and of OTLP: of each source those that are behind most, so many of them; 0 writes none.
        public var partitionsPerSource = 0
        /// Series of the program's own for `/metrics`, asked for with each request; their names must be none of the server's.
        public var moreFamilies: Families = { [] }

        /// Series by their families.
        public typealias Families = @Sendable () -> [(family: MetricFamily, samples: [MetricSample])]

        /// Describes a server.
        public init(address: ListenAddress = .loopback, token: AccessToken? = nil) {
            self.address = address
            self.token = token
        }
    }

    private enum Life {
        case created
        case running(ServiceGroup)
        case stopped
    }

    /// Where it listens, who may read, and its bounds.
    public let configuration: Configuration
    private let responder: MonitoringResponder
    private let life = Mutex(Life.created)

    /// Describes a server of a hub.
    ///
    /// - Parameters:
    ///   - hub: What it tells of.
    ///   - configuration: Where it listens, who may read, and its bounds.
    ///   - history: Where points are that the hub has no more; nil where nobody keeps them.
    /// - Throws: ``LiveMonitoring/MonitoringError`` for an address that others can reach, without a token.
    public init(
        hub: MonitoringHub, configuration: Configuration = Configuration(), history: (any HistorySource)? = nil
    ) throws(MonitoringError) {
        guard configuration.address.isLoopback || configuration.token != nil else {
            throw MonitoringError(
                "cannot listen on \(configuration.address): others can reach that address, and no token is given",
                hint: "give a token file, or listen on 127.0.0.1")
        }
        self.configuration = configuration
        let policy = AccessPolicy(token: configuration.token)
        responder = MonitoringResponder(
            hub: hub, history: history, policy: policy, configuration: configuration)
    }

    /// The series of `/metrics` as OpenTelemetry's collectors take them, request after request; see ``Monitoring/OTLPRequests``.
    ///
    /// - Parameter send: Gets each request's body. What it throws ends the writing.
    /// - Throws: What `send` throws.
    public func writeOpenTelemetry(
        resource: OTLPExposition.Resource, to send: (_ body: [UInt8]) async throws -> Void
    ) async throws {
        try await responder.writeOpenTelemetry(resource: resource, to: send)
    }

    /// What it has counted.
    var statistics: ServerStatistics { responder.statistics }

    /// Serves until ``stop()``. To be called once.
    ///
    /// - Parameter onListening: Gets the address as soon as it is open, with the port that the system has chosen.
    /// - Throws: ``LiveMonitoring/MonitoringError`` when it cannot listen there.
    public func run(onListening: @escaping @Sendable (ListenAddress) async -> Void = { _ in }) async throws {
        let address = configuration.address
        let silent = Logger(label: "streamgauge.server") { _ in SwiftLogNoOpLogHandler() }
        let limits = configuration.limits
        let application = Application(
            responder: responder,
            server: .http1(
                configuration: HTTP1Channel.Configuration(
                    additionalChannelHandlers: [ConnectionGuard(limits)],
                    idleTimeout: .nanoseconds(limits.idleTimeout.nanoseconds),
                    httpDecoderConfiguration: .init(
                        maxHeaderFieldSize: limits.maximumHeaderBytes, maxHeaderListSize: limits.maximumHeaderBytes,
                        maxHeaderFieldCount: limits.maximumHeaders))),
            configuration: ApplicationConfiguration(
                address: .hostname(address.host, port: address.port), serverName: nil, backlog: 256,
                availableConnectionsDelegate: MaximumAvailableConnections(limits.connections, logger: silent)),
            onServerRunning: { channel in
                await onListening(ListenAddress(host: address.host, port: channel.localAddress?.port ?? address.port))
            }, logger: silent)
        let group = ServiceGroup(configuration: serviceConfiguration(application, silent))
        let mayRun = life.withLock { life in
            guard case .created = life else { return false }
            life = .running(group)
            return true
        }
        guard mayRun else { return }
        do {
            try await group.run()
        } catch let error as IOError {
            throw MonitoringError(
                "cannot listen on \(address): \(Self.cause(of: error))",
                hint: Self.hint(error.errnoCode))
        } catch let error as SocketAddressError {
            throw MonitoringError("cannot listen on \(address): \(error)", hint: "give an address of this machine")
        }
    }

    private func serviceConfiguration(_ service: any Service, _ logger: Logger) -> ServiceGroupConfiguration {
        var group = ServiceGroupConfiguration(services: [service], logger: logger)
        group.maximumGracefulShutdownDuration = .seconds(5)
        return group
    }

    /// What to do about an address that cannot be listened on.
    static func hint(_ code: Int32) -> String? {
        switch code {
        case EADDRINUSE: "end what uses the port, or choose another"
        case EACCES:
            "choose a port above 1023, or give the program the right to lower ones, such as CAP_NET_BIND_SERVICE"
        case EADDRNOTAVAIL: "give an address of this machine"
        default: nil
        }
    }

    private static func cause(of error: IOError) -> String { String(cString: strerror(error.errnoCode)) }

    /// Ends the server: event streams are told and ended, answers on their way are finished, within 5 s.
    public func stop() async {
        responder.stop()
        let group = life.withLock { life -> ServiceGroup? in
            defer { life = .stopped }
            if case .running(let group) = life { return group }
            return nil
        }
        await group?.triggerGracefulShutdown()
    }
}

extension Duration {
    var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    }
}
