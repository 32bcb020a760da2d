import Monitoring

extension AlertNotification {
    /// The part of it that is about some of its alerts; nil where that says nothing new.
    func part(_ isMeant: (Alert) -> Bool) -> AlertNotification? {
        var part = self
        part.alerts = alerts.filter(isMeant)
        guard !part.alerts.isEmpty else { return nil }
        let shown = Set(part.alerts.map(\.fingerprint))
        part.news = news.filter(shown.contains)
        guard isRepeated || !part.news.isEmpty else { return nil }
        if part.alerts.count != alerts.count { part.noteWhatIsCommon() }
        return part
    }
}
