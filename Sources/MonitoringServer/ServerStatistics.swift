import LiveMonitoring
import Monitoring
import Synchronization

/// What a server has counted since it began.
final class ServerStatistics: Sendable {
    /// The counts.
    struct Counts: Sendable, Hashable {
        /// Answers by the first digit of their status.
        var answers: [Int: UInt64] = [:]
        /// Event streams that are open.
        var eventStreams = 0
        /// Event streams that were told to load everything anew.
        var resets: UInt64 = 0
        /// Event streams that were refused, since too many were open.
        var refusedStreams: UInt64 = 0
    }

    private let state = Mutex(Counts())

    var counts: Counts { state.withLock { $0 } }

    func answered(_ status: Int) { state.withLock { $0.answers[status / 100, default: 0] += 1 } }
    func reset() { state.withLock { $0.resets += 1 } }

    /// Whether one more event stream may be open; if so, it is counted until it ends.
    func beginStream(limit: Int) -> Bool {
        state.withLock { state in
            guard state.eventStreams < limit else {
                state.refusedStreams += 1
                return false
            }
            state.eventStreams += 1
            return true
        }
    }

    func endStream() { state.withLock { $0.eventStreams -= 1 } }

    /// The series of the server, its feeds, alerts and history.
    func families(
        of hub: MonitoringHub, _ history: HistoryHealth?
    ) -> [(family: MetricFamily, samples: [MetricSample])] {
        Self.families(of: hub.feeds, at: hub.now) + AlertExposition.families(of: hub) + Self.families(of: counts)
            + (history.map { Self.families(of: $0) } ?? [])
    }

    private static func families(of health: HistoryHealth) -> [(family: MetricFamily, samples: [MetricSample])] {
        func family(
            _ name: String, _ help: String, _ kind: MetricFamily.Kind, _ value: Double
        ) -> (MetricFamily, [MetricSample]) {
            (MetricFamily("streamgauge_history_\(name)", help: help, kind: kind), [MetricSample(value)])
        }
        return [
            family("up", "1 while the history is written, 0 while it cannot be.", .gauge, health.isWriting ? 1 : 0),
            family("events_total", "Events written to the history, copies too.", .counter, Double(health.written)),
            family("lost_total", "Events that the history gave up.", .counter, Double(health.lost)),
            family("pending", "Events that wait to be written to the history.", .gauge, Double(health.pending)),
            family("size_bytes", "Bytes of the history's file.", .gauge, Double(health.sizeBytes)),
        ]
    }

    private static func families(
        of feeds: [FeedHealth], at now: MonitorTime
    ) -> [(family: MetricFamily, samples: [MetricSample])] {
        func family(
            _ name: String, _ help: String, _ kind: MetricFamily.Kind, _ value: (FeedHealth) -> Double?
        ) -> (MetricFamily, [MetricSample]) {
            let samples = feeds.compactMap { feed in
                value(feed).map { MetricSample($0, MetricLabel("feed", feed.name)) }
            }
            return (MetricFamily("streamgauge_feed_\(name)", help: help, kind: kind, labels: ["feed"]), samples)
        }
        let states = feeds.flatMap { feed in
            FeedHealth.State.allCases.map { state in
                MetricSample(
                    feed.state == state ? 1 : 0, MetricLabel("feed", feed.name), MetricLabel("state", state.rawValue))
            }
        }
        return ruleFamilies(of: feeds, at: now) + [
            (
                MetricFamily(
                    "streamgauge_feed_state", help: "1 for the state that the feed is in, 0 for the others.",
                    kind: .gauge,
                    labels: ["feed", "state"]), states
            ),
            family("records_total", "Records or lines that were read.", .counter) { Double($0.records) },
            family("events_total", "Events that were read.", .counter) { Double($0.events) },
            family("duplicates_total", "Records that were copies of others.", .counter) { Double($0.copies) },
            family("missing_events_total", "Events that are known to be missing.", .counter) { Double($0.missing) },
            family("lost_ranges_total", "Ranges of records that the source has lost.", .counter) {
                Double($0.lostRanges)
            },
            family("errors_total", "Times that something went wrong.", .counter) { Double($0.errors) },
        ]
    }

    /// Those that alert rules see, with the same names and values.
    private static func ruleFamilies(
        of feeds: [FeedHealth], at now: MonitorTime
    ) -> [(family: MetricFamily, samples: [MetricSample])] {
        let samples = Dictionary(grouping: feeds.flatMap { FeedStatus($0, at: now).samples }, by: \.metric)
        return FeedStatus.families.compactMap { family in
            samples[family.name].map { (family, $0.map { MetricSample($0) }) }
        }
    }

    private static func families(of counts: Counts) -> [(family: MetricFamily, samples: [MetricSample])] {
        let answers = counts.answers.sorted { $0.key < $1.key }.map {
            MetricSample(Double($0.value), MetricLabel("status", "\($0.key)xx"))
        }
        return [
            (
                MetricFamily(
                    "streamgauge_server_answers_total", help: "Answers that the server gave.", kind: .counter,
                    labels: ["status"]), answers
            ),
            (
                MetricFamily("streamgauge_server_event_streams", help: "Event streams that are open.", kind: .gauge),
                [MetricSample(Double(counts.eventStreams))]
            ),
            (
                MetricFamily(
                    "streamgauge_server_event_stream_resets_total",
                    help: "Event streams that were told to load everything anew.", kind: .counter),
                [MetricSample(Double(counts.resets))]
            ),
            (
                MetricFamily(
                    "streamgauge_server_event_streams_refused_total",
                    help: "Event streams that were refused since too many were open.", kind: .counter),
                [MetricSample(Double(counts.refusedStreams))]
            ),
        ]
    }
}
