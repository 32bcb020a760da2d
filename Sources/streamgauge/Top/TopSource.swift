import LiveMonitoring
import Monitoring

/// Takes pictures of a hub, and counts how fast events come between them.
struct TopSource {
    let hub: MonitoringHub
    /// What went wrong last beside what the feeds' health tells.
    var remarks = TopRemarks()
    private var rate = EventRate()
    private let begun = ContinuousClock.now

    init(_ hub: MonitoringHub, remarks: TopRemarks = TopRemarks()) {
        self.hub = hub
        self.remarks = remarks
    }

    /// What is known now.
    mutating func picture() -> TopPicture {
        let feeds = hub.feeds
        let seconds = begun.duration(to: .now) / .seconds(1)
        rate.add(feeds.reduce(0) { $0 &+ $1.events }, at: seconds)
        let rows = hub.rows()
        return TopPicture(
            at: rows.first?.at ?? hub.now, isReplay: hub.settings.isReplay, rows: rows, feeds: feeds,
            firing: hub.alertStatistics == nil ? nil : hub.alerts.firing, eventsPerSecond: rate.perSecond,
            remark: remarks.last)
    }
}

extension AlertOverview {
    /// How many fire. A heartbeat, which fires always, is for programs that miss it.
    var firing: Int { alerts.count { $0.state == .firing && $0.labels["severity"] != "none" } }
}
