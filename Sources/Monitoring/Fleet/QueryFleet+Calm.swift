extension QueryFleet {
    /// How long nothing has changed by itself, and until when nothing will.
    struct Calm: Sendable, Hashable {
        /// When a query changed its state last; nil where none ever did.
        var since: MonitorTime?
        /// When a query will be silent for too long or be forgotten, or a restart be an hour ago, at the earliest; nil where none will.
        var until: MonitorTime?
    }

    /// What changes without an event; nil where a long time without a look would itself be a reason.
    func calm(at time: MonitorTime) -> Calm? {
        guard settings.longestWatcherPause == nil else { return nil }
        var calm = Calm()
        forEachMonitor { monitor in
            calm.since = [calm.since, monitor.stateSince, monitor.heardAt].compactMap { $0 }.max()
            let hour = monitor.restarts.map { $0 + .seconds(3600) }.filter { $0 >= time }
            let expiry = monitor.heardAt.map {
                $0 + (monitor.state.isEnded ? settings.endedExpiry : settings.silentExpiry)
            }
            calm.until = ([calm.until, monitor.silenceDeadline, expiry].compactMap { $0 } + hour).min()
        }
        return calm
    }
}
