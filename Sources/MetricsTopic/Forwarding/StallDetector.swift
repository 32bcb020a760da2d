/// Tells when events have been on their way for so long without a sign that the topics should be looked at.
struct StallDetector: Sendable {
    private let threshold: Duration
    private var lastLook: Duration?
    /// Looking again and again would only repeat the answer.
    private static let interval = Duration.seconds(30)

    init(after threshold: Duration) { self.threshold = threshold }

    mutating func isDue(
        lastSign: Duration, onItsWay: Int, now: Duration
    ) -> Bool {
        guard onItsWay > 0, now - lastSign >= threshold else { return false }
        return mayLook(now: now)
    }

    /// Whether the last look is long enough ago; if so, this is the next one.
    mutating func mayLook(now: Duration) -> Bool {
        if let lastLook, now - lastLook < Self.interval { return false }
        lastLook = now
        return true
    }
}
