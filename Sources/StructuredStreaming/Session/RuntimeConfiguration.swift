import Synchronization

/// A session's settings, by Spark's names.
public final class RuntimeConfiguration: Sendable {
    private let settings: Mutex<[String: String]>

    /// Creates settings.
    public init(_ settings: [String: String] = [:]) { self.settings = Mutex(settings) }

    /// The value of a setting; nil when it is not set.
    public func get(_ key: String) -> String? { settings.withLock { $0[key] } }

    /// Sets a value; queries that already run keep what they were started with, unless documented otherwise.
    public func set(_ key: String, _ value: String) { settings.withLock { $0[key] = value } }

    /// Removes a setting, so that its default holds again.
    public func unset(_ key: String) { settings.withLock { _ = $0.removeValue(forKey: key) } }

    /// All settings that were set.
    public var all: [String: String] { settings.withLock { $0 } }
}
