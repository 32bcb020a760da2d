import FoundationEssentials
import HTTPTypes
import Hummingbird
import LiveMonitoring
import Monitoring
import NIOCore
import Synchronization

/// Answers requests: who asks, where the path leads, what is there.
final class MonitoringResponder: HTTPResponder {
    typealias Context = PeerContext

    let hub: MonitoringHub
    private let history: (any HistorySource)?
    let statistics = ServerStatistics()
    private let policy: AccessPolicy
    private let configuration: MonitoringServer.Configuration
    private var limits: ServerLimits { configuration.limits }
    private let follower: EventFollower

    init(
        hub: MonitoringHub, history: (any HistorySource)?, policy: AccessPolicy,
        configuration: MonitoringServer.Configuration
    ) {
        self.hub = hub
        self.history = history
        self.policy = policy
        self.configuration = configuration
        follower = EventFollower(hub: hub, statistics: statistics)
    }

    /// Ends the event streams.
    func stop() { follower.stop() }

    func respond(to request: Request, context: Context) async throws -> Response {
        let isHead = request.method == .head
        var response: Response
        do {
            response = try await answer(request, from: context.peer)
        } catch let refusal as Refusal {
            response = Reply.error(refusal)
        } catch is NIOTooManyBytesError {
            response = Reply.error(Refusal(.contentTooLarge, "the body has more than \(limits.maximumBodyBytes) bytes"))
        }
        statistics.answered(response.status.code)
        return isHead ? Reply.head(response) : response
    }

    private func answer(_ request: Request, from peer: String) async throws -> Response {
        if case .refused(let status, let message) = policy.checkOrigin(request.head) { throw Refusal(status, message) }
        guard let target = request.head.path, target.hasPrefix("/") else {
            throw Refusal(.badRequest, "the request's target must be a path")
        }
        let sides = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let route = try Self.route(String(sides[0]))
        if let length = request.headers[.contentLength].flatMap({ Int($0) }), length > limits.maximumBodyBytes {
            throw Refusal(.contentTooLarge, "the body has more than \(limits.maximumBodyBytes) bytes")
        }
        guard route.methods.contains(request.method.rawValue) else {
            throw Refusal(
                .methodNotAllowed, "\(request.method.rawValue) is not for this path", allowed: route.methods)
        }
        if route == .login { return try await logIn(request, from: peer) }
        if !route.isOpen, policy.checkReader(request.head) != .allowed {
            // Who comes with a browser sees the form, who does not the error.
            if route == .page, let form = PageAssets.loginPage { return Self.form(form, status: .unauthorized) }
            throw Refusal(.unauthorized, "give the token as \"Authorization: Bearer …\", or log in at /login")
        }
        guard let arguments = PercentText.pairs(sides.count == 2 ? String(sides[1]) : "") else {
            throw Refusal(.badRequest, "the query has a broken escape, or a name twice")
        }
        return try await content(of: route, Arguments(arguments), request)
    }

    /// What is told to metrics' readers beside the queries.
    private var families: [(family: MetricFamily, samples: [MetricSample])] {
        statistics.families(of: hub, history?.health) + configuration.moreFamilies()
    }

    func writeOpenTelemetry(
        resource: OTLPExposition.Resource, to send: (_ body: [UInt8]) async throws -> Void
    ) async throws {
        try await hub.writeOpenTelemetry(
            and: families, partitionsPerSource: configuration.partitionsPerSource, resource: resource, to: send)
    }

    private static func route(_ path: String) throws(Refusal) -> Route {
        do throws(Route.Failure) {
            return try Route(path: path)
        } catch {
            switch error {
            case .notFound: throw Refusal(.notFound, "nothing is at this path")
            case .malformed(let reason): throw Refusal(.badRequest, reason)
            }
        }
    }

    /// Written family by family: a page of many queries is as large as everything else that is known of them.
    private func metrics() -> Response {
        let own = PrometheusExposition.bytes(of: families)
        let partitionsPerSource = configuration.partitionsPerSource
        return Reply.stream(type: PrometheusType.text) { [hub] writer in
            // Nobody else holds it, so that what is written goes.
            var page = await hub.metricsPage()
            while let piece = page.next({ ByteBuffer(bytes: UnsafeRawBufferPointer($0)) }) {
                try await writer.write(piece)
            }
            if partitionsPerSource > 0 {
                try await hub.writePartitionLags(partitionsPerSource: partitionsPerSource) { piece in
                    try await writer.write(ByteBuffer(bytes: piece))
                }
            }
            try await writer.write(ByteBuffer(bytes: own))
            try await writer.finish(nil)
        }
    }

    private func content(of route: Route, _ arguments: Arguments, _ request: Request) async throws -> Response {
        switch route {
        case .page: return try Self.asset("index.html", request)
        case .asset(let name): return try Self.asset(name, request)
        case .openAPI: return Reply.of(OpenAPIDocument.bytes, type: Reply.json)
        case .metrics: return metrics()
        case .health: return try health()
        case .queries: return try QueryList(arguments).reply(hub)
        case .query(let id):
            let page = try QueryPage(id, arguments)
            guard let response = try await page.reply(hub, history) else { throw Self.unknown(id) }
            return response
        case .history(let id):
            let page = try HistoryPage(id, arguments)
            guard let response = try await page.reply(hub, history) else { throw Self.unknown(id) }
            return response
        case .batches(let id):
            let page = try BatchPage(id, arguments)
            guard let response = try await page.reply(hub, history) else { throw Self.unknown(id) }
            return response
        case .batch(let id, let runId, let batchId):
            try arguments.only()
            return try await BatchPage.text(of: id, runId, batchId, hub, history)
        case .alerts:
            return try AlertList(arguments).reply(hub)
        case .events: return try follower.reply(arguments, lastEventId: request.headers[Self.lastEventId], limits)
        case .login: throw Refusal(.notFound, "nothing is at this path")
        }
    }

    private static let lastEventId: HTTPField.Name = HTTPField.Name("Last-Event-ID") ?? .eTag

    private static func unknown(_ id: UUID) -> Refusal {
        Refusal(.notFound, "no query \(id.uuidString.lowercased()) is known")
    }

    // MARK: Page

    private static func asset(_ name: String, _ request: Request) throws(Refusal) -> Response {
        guard let asset = PageAssets.all[name] else { throw Refusal(.notFound, "nothing is at this path") }
        let more: [(HTTPField.Name, String)] = [(.eTag, asset.tag), (.cacheControl, "no-cache")]
        let known = request.headers[values: .ifNoneMatch].flatMap { $0.split(separator: ",") }
        let isKnown = known.contains { $0 == "*" || $0.drop { $0 == " " || $0 == "W" || $0 == "/" } == asset.tag }
        if isKnown { return Reply.empty(.notModified, more) }
        return Reply.of(asset.bytes, type: asset.type, more)
    }

    private static func form(_ asset: PageAssets.Asset, status: HTTPResponse.Status) -> Response {
        Reply.of(asset.bytes, type: asset.type, status: status)
    }

    private func logIn(_ request: Request, from peer: String) async throws -> Response {
        guard policy.token != nil, let form = PageAssets.loginPage else {
            throw Refusal(.notFound, "nothing is at this path: no token is asked for")
        }
        guard request.method == .post else { return Self.form(form, status: .ok) }
        guard !policy.isGuessing(peer, limit: limits.failedLogins) else {
            throw Refusal(.tooManyRequests, "too many logins with a wrong token: try again in a minute")
        }
        let body = try await request.body.collect(upTo: limits.maximumBodyBytes)
        guard let token = PercentText.field("token", of: String(buffer: body)) else {
            throw Refusal(.badRequest, "the form must have one field token, and its escapes be right")
        }
        guard let session = policy.logIn(token, from: peer) else { return Self.form(form, status: .unauthorized) }
        let age = AccessPolicy.sessionLength.components.seconds
        let cookie = "\(AccessPolicy.cookieName)=\(session); Path=/; Max-Age=\(age); HttpOnly; SameSite=Strict"
        return Reply.empty(.seeOther, [(.location, "/"), (.setCookie, cookie)])
    }

    // MARK: Health

    private func health() throws -> Response {
        let feeds = hub.feeds
        let now = hub.now
        let failed = feeds.contains { $0.state == .failed }
        var response = try Reply.json { body in
            try body.member("status", failed ? "failed" : "ok")
            body.key("feeds")
            try body.array(feeds) { feed in
                try body.object {
                    try body.member("name", feed.name)
                    try body.member("state", feed.state)
                    try body.member("lastEventAgeSeconds", feed.lastEventAt.map { max(0, now.seconds(since: $0)) })
                    try body.member("lagRecords", feed.lagRecords)
                    try body.member("error", feed.error)
                }
            }
            if let history { try body.history(history.health) }
        }
        if failed { response.status = .serviceUnavailable }
        return response
    }
}

extension JSONBody {
    /// How the history does; it is no reason to call the server ill, which goes on without.
    fileprivate func history(_ health: HistoryHealth) throws {
        key("history")
        try object {
            try member("state", health.isWriting ? "writing" : "failing")
            try member("written", health.written)
            try member("lost", health.lost)
            try member("pending", health.pending)
            try member("sizeBytes", health.sizeBytes)
            try member("error", health.error)
        }
    }
}

private enum PrometheusType {
    static let text = PrometheusExposition.contentType
}
