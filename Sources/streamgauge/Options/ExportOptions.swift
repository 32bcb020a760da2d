import AlertChannels
import ArgumentParser
import FoundationEssentials
import Monitoring
import MonitoringServer

/// Where series are sent besides being served.
struct ExportOptions: ParsableArguments, Sendable {
    @Option(
        help: ArgumentHelp(
            "Send the series of /metrics to an OpenTelemetry collector over HTTP. An address without a path, such as "
                + "http://localhost:4318, stands for its /v1/metrics; one with a path or a query is taken as it is.",
            valueName: "url"))
    var otlpEndpoint: String?

    @Option(
        name: .customLong("otlp-header"),
        help: ArgumentHelp(
            "A header that the collector wants; may be given several times. Secrets: authorization=env:NAME, or file:/path.",
            valueName: "name=value"))
    var otlpHeaders: [SettingOption] = []

    @Option(
        help: ArgumentHelp("Seconds between two sendings to the collector. (default: 30)", valueName: "seconds"))
    var otlpInterval: Int?

    /// Time between two sendings.
    var interval: Duration { .seconds(otlpInterval ?? 30) }

    func validate() throws {
        if otlpEndpoint == .some("") {
            throw ValidationError("--otlp-endpoint has an empty value: give one, or leave the option out")
        }
        guard (1...3600).contains(otlpInterval ?? 30) else {
            throw ValidationError("--otlp-interval must be between 1 and 3600 seconds")
        }
        if otlpEndpoint == nil, !otlpHeaders.isEmpty || otlpInterval != nil {
            throw ValidationError("--otlp-header and --otlp-interval are for a collector: give --otlp-endpoint as well")
        }
    }

    /// Makes what sends; nil where no collector is named.
    ///
    /// - Parameter acceptsClear: Whether headers may go over a network that anybody can listen to.
    func pusher(acceptsClear: Bool) throws -> MetricsPusher? {
        guard let otlpEndpoint else { return nil }
        let post: WebPost
        do throws(ChannelError) {
            post = try WebPost(
                Self.metricsAddress(otlpEndpoint), headers: otlpHeaders.map { ($0.name, $0.value) },
                allowsPrivate: true,
                timeout: .seconds(10), environment: ProcessInfo.processInfo.environment)
        } catch {
            throw ValidationError("cannot send series to --otlp-endpoint: \(error.message)")
        }
        if !otlpHeaders.isEmpty, post.isInClear, !acceptsClear {
            throw CommandError(
                "the headers for \(post.origin) would be sent in clear",
                hint: "use https://, or accept it with --insecure")
        }
        let resource = OTLPExposition.Resource(
            version: StreamGauge.version, instance: UUID().uuidString.lowercased())
        return MetricsPusher(
            resource: resource,
            onFailure: { StandardStream.error.tell("warning: \(TerminalText.line("\($0)")); trying on\n") },
            onRecovery: { StandardStream.error.tell("\(post.origin) takes series again\n") },
            post: { body in
                do throws(ChannelError) {
                    return try await post.send(body, contentType: OTLPExposition.contentType)
                } catch {
                    guard let pause = error.retryAfter else { throw error }
                    throw MetricsPusher.Busy(pause: pause, "\(error)")
                }
            })
    }

    /// A collector's address without a path stands for the path that OTLP gives metrics.
    static func metricsAddress(_ endpoint: String) -> String {
        let rest = endpoint.split(separator: "://", maxSplits: 1).last ?? ""
        // An address with a query or a fragment says itself where it leads, or is refused.
        guard let slash = rest.firstIndex(where: { "/?#".contains($0) }) else { return endpoint + "/v1/metrics" }
        return rest[slash...] == "/" ? endpoint + "v1/metrics" : endpoint
    }
}
