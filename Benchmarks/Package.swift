// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "Benchmarks",
    platforms: [.macOS(.v15)],
    dependencies: [.package(name: "StreamGauge", path: "..")],
    targets: [
        .executableTarget(
            name: "metrics-codec-bench",
            dependencies: [.product(name: "StreamingMetrics", package: "StreamGauge")], path: "MetricsCodecBench"),
        .executableTarget(
            name: "forwarder-bench",
            dependencies: [
                .product(name: "MetricsTopic", package: "StreamGauge"), .product(name: "Kafka", package: "StreamGauge"),
                .product(name: "KafkaTesting", package: "StreamGauge"),
                .product(name: "StreamingMetrics", package: "StreamGauge"),
            ], path: "ForwarderBench"),
        .executableTarget(
            name: "consumer-bench",
            dependencies: [
                .product(name: "Kafka", package: "StreamGauge"), .product(name: "MetricsTopic", package: "StreamGauge"),
                .product(name: "StreamingMetrics", package: "StreamGauge"),
            ], path: "ConsumerBench"),
        .executableTarget(
            name: "monitoring-bench",
            dependencies: [
                .product(name: "Monitoring", package: "StreamGauge"),
                .product(name: "StreamingMetrics", package: "StreamGauge"),
            ], path: "MonitoringBench"),
        .executableTarget(
            name: "history-bench",
            dependencies: [
                .product(name: "MonitoringHistory", package: "StreamGauge"),
                .product(name: "LiveMonitoring", package: "StreamGauge"),
                .product(name: "Monitoring", package: "StreamGauge"),
                .product(name: "StreamingMetrics", package: "StreamGauge"),
            ], path: "HistoryBench"),
        .executableTarget(
            name: "alerts-bench",
            dependencies: [
                .product(name: "AlertRuleFiles", package: "StreamGauge"),
                .product(name: "Monitoring", package: "StreamGauge"),
                .product(name: "StreamingMetrics", package: "StreamGauge"),
            ], path: "AlertsBench"),
        .executableTarget(
            name: "engine-bench",
            dependencies: [
                .product(name: "EmbeddedEngine", package: "StreamGauge"),
                .product(name: "StructuredStreaming", package: "StreamGauge"),
            ], path: "EngineBench"),
    ],
    swiftLanguageModes: [.v6]
)
