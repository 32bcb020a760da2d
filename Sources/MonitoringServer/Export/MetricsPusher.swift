public import Monitoring
import Synchronization

/// Sends a server's series to a collector at even intervals, as OTLP.
///
/// A collector that is away costs the series of that while and nothing else: each sending has all that is known, and counters go on. Each
/// reason for which it fails is told once, until it works again; so is what a collector takes in part.
public final class MetricsPusher: Sendable {
    /// Sends one request's body and gives the answer's.
    public typealias Post = @Sendable ([UInt8]) async throws -> [UInt8]

    /// A failure after which the collector is to be left alone for a while.
    public struct Busy: Error, CustomStringConvertible {
        /// How long; more than an hour counts as an hour.
        public var pause: Duration
        /// What went wrong.
        public var description: String

        /// Describes one.
        public init(pause: Duration, _ description: String) { (self.pause, self.description) = (pause, description) }
    }

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
    /// Of an outage what was told; and what a collector said of series that it took.
    private let state = Mutex((statistics: Statistics(), reasons: Set<String>(), remarks: Set<String>()))
    /// Reasons that are told of one outage.
    private static let maximumReasons = 10

    /// Describes who sends and how.
    ///
    /// - Parameters:
    ///   - resource: Who sends.
    ///   - onFailure: Gets each error of those that follow one another that reads like none before it.
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
        var pause = Duration.zero
        while !Task.isCancelled {
            do { try await Task.sleep(for: max(interval, pause)) } catch { return }
            pause = await push { [resource] send in
                try await server.writeOpenTelemetry(resource: resource, to: send)
            }
        }
    }

    /// Sends once: one request after another, up to one that fails.
    ///
    /// - Parameter write: Gives each request's body away.
    /// - Returns: For how long the collector wants to be left alone.
    @discardableResult
    func push(_ write: (_ send: (_ body: [UInt8]) async throws -> Void) async throws -> Void) async -> Duration {
        var rejection: OTLPRejection?
        do {
            try await write { body in
                guard let found = OTLPRejection(answer: try await post(body)) else { return }
                state.withLock { $0.statistics.rejectedPoints &+= found.points }
                rejection = found.adding(rejection)
            }
            if let rejection, !rejection.isRemark { throw rejection }
            let (wasFailing, isNews) = state.withLock { state in
                state.statistics.sent += 1
                defer { state.reasons = [] }
                return (!state.reasons.isEmpty, rejection.map { Self.isNews($0, among: &state.remarks) } ?? false)
            }
            if wasFailing { onRecovery() }
            if isNews, let rejection { onFailure(rejection) }
            return .zero
        } catch {
            // Broken off at the end: no failure of the collector's.
            if Task.isCancelled { return .zero }
            // What the collector refused before it failed is another reason.
            let refusal = rejection.flatMap { error is OTLPRejection || $0.isRemark ? nil : $0 }
            let reasons = ([refusal, error] as [(any Error)?]).compactMap { $0 }
            let news = state.withLock { state in
                state.statistics.failed += 1
                return reasons.filter { Self.isNews($0, among: &state.reasons) }
            }
            for reason in news { onFailure(reason) }
            return (error as? Busy).map { min($0.pause, .seconds(3600)) } ?? .zero
        }
    }

    private static func isNews(_ error: any Error, among told: inout Set<String>) -> Bool {
        told.count < maximumReasons && told.insert("\(error)").inserted
    }
}
