/// A line of librdkafka's log.
public struct KafkaLogEntry: Sendable, Hashable {
    /// Syslog's severities.
    public enum Level: Int32, Sendable, Hashable, Comparable, CaseIterable {
        /// The system is unusable; librdkafka uses it for fatal client errors.
        case emergency, alert, critical, error, warning, notice, info, debug

        /// The more severe level is the smaller one.
        public static func < (left: Level, right: Level) -> Bool { left.rawValue < right.rawValue }
    }

    /// Severity.
    public var level: Level
    /// librdkafka's short name of the event, such as `FAIL` or `CONFWARN`.
    public var facility: String
    /// The text.
    public var message: String

    /// Creates a log line.
    public init(level: Level, facility: String, message: String) {
        self.level = level
        self.facility = facility
        self.message = message
    }
}
