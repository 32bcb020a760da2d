public import Monitoring
import Synchronization

/// Sends a server's series to a collector at even intervals, as OTLP.
///
/// A collector that is away costs the series of that while and nothing else: each sending has all that is known, and counters go on. What
/// fails is told once, until it works again; so is what a collector takes in part.
public final class MetricsPusher: Sendable {
    /// Sends one request's body and gives the answer's.
    public typealias Post = @Sendable ([UInt8]) async throws -> [UInt8]

    /// What became of the sendings.
    public struct Statistics: Sendable, Hashable {
        /// Sendings that a collector took.
        public var sent: UInt64 = 0
        /// Sendings that failed, as a whole or in part.
        public var failed: UInt64 = 0
        /// Data points that a collector refused of those that it took.
        public var rejectedPoints: UInt64 = 0
    }

    private let resource: OTLPExposition.Resource
    private let post: Post
    private let onFailure: @Sendable (any Error) -> Void
    private let onRecovery: @Sendable () -> Void
    private let state = Mutex((statistics: Statistics(), isFailing: false))

    /// Describes who sends and how.
    ///
    /// - Parameters:
    ///   - resource: Who sends.
    ///   - onFailure: Gets the first error of those that follow one another.
    ///   - onRecovery: Called when it works again after that.
    ///   - post: Sends one request's body, with the type that ``Monitoring/OTLPExposition/contentType`` says.
    public init(
        resource: OTLPExposition.Resource, onFailure: @escaping @Sendable (any Error) -> Void,
        onRecovery: @escaping @Sendable () -> Void = {}, post: @escaping Post
    ) {
        self.resource = resource
        self.onFailure = onFailure
        self.onRecovery = onRecovery
        self.post = post
    }

    /// What became of the sendings so far.
    public var statistics: Statistics { state.withLock { $0.statistics } }

    /// The same as series for `/metrics`.
    public var families: [(family: MetricFamily, samples: [MetricSample])] {
        let counts = statistics
        func family(_ name: String, _ help: String, _ value: UInt64) -> (MetricFamily, [MetricSample]) {
            (MetricFamily("streamgauge_otlp_\(name)_total", help: help, kind: .counter), [MetricSample(Double(value))])
        }
        return [
            family("pushes", "Times that a collector took the series.", counts.sent),
            family("push_failures", "Times that the series could not be sent, or not all of them.", counts.failed),
            family(
                "rejected_points", "Values that the collector refused of those that it took.", counts.rejectedPoints),
        ]
    }

    /// Sends at each interval until the task is cancelled.
    public func run(_ server: MonitoringServer, every interval: Duration) async {
        while !Task.isCancelled {
            do { try await Task.sleep(for: interval) } catch { return }
            await push { [resource] send in
                try await server.writeOpenTelemetry(resource: resource, to: send)
            }
        }
    }

    /// Sends once: one request after another, up to one that fails.
    ///
    /// - Parameter write: Gives each request's body away.
    func push(_ write: (_ send: (_ body: [UInt8]) async throws -> Void) async throws -> Void) async {
        do {
            var rejection: OTLPRejection?
            try await write { body in
                guard let found = OTLPRejection(answer: try await post(body)) else { return }
                state.withLock { $0.statistics.rejectedPoints &+= found.points }
                rejection = found.adding(rejection)
            }
            if let rejection { throw rejection }
            let wasFailing = state.withLock { state in
                state.statistics.sent += 1
                defer { state.isFailing = false }
                return state.isFailing
            }
            if wasFailing { onRecovery() }
        } catch {
            // Broken off at the end: no failure of the collector's.
            if Task.isCancelled { return }
            let isNews = state.withLock { state in
                state.statistics.failed += 1
                defer { state.isFailing = true }
                return !state.isFailing
            }
            if isNews { onFailure(error) }
        }
    }
}
