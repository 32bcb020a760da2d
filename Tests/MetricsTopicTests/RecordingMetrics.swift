import CoreMetrics
import Synchronization

/// Keeps the last value of every gauge, by label and dimensions, until the gauge is destroyed.
final class RecordingMetrics: MetricsFactory, Sendable {
    private let kept = Mutex<[String: Double]>([:])

    /// The values by name.
    var values: [String: Double] { kept.withLock { $0 } }

    private final class Recorder: RecorderHandler, Sendable {
        let name: String
        private let metrics: RecordingMetrics

        init(_ name: String, _ metrics: RecordingMetrics) {
            self.name = name
            self.metrics = metrics
        }

        func record(_ value: Int64) { record(Double(value)) }
        func record(_ value: Double) { metrics.kept.withLock { $0[name] = value } }
    }

    func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        Recorder(([label] + dimensions.map { "\($0.0)=\($0.1)" }).joined(separator: " "), self)
    }

    func destroyRecorder(_ handler: any RecorderHandler) {
        guard let recorder = handler as? Recorder else { return }
        kept.withLock { $0[recorder.name] = nil }
    }

    func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        NOOPMetricsHandler.instance
    }
    func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler { NOOPMetricsHandler.instance }
    func destroyCounter(_ handler: any CounterHandler) {}
    func destroyTimer(_ handler: any TimerHandler) {}
}
