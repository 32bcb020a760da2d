// swift-tools-version: 6.2
import PackageDescription

/// A package of its own, because its programs have no `main`: libFuzzer brings it and calls the one function that each of them has.
/// `scripts/fuzz` builds and runs them, with `-enable-testing`: what reads a spool file is no public API.
let package = Package(
    name: "Fuzzing",
    platforms: [.macOS(.v15)],
    dependencies: [.package(name: "StreamGauge", path: "..")],
    targets: [
        .target(name: "Promises", path: "Promises"),
        .executableTarget(
            name: "fuzz-progress-decoder",
            dependencies: ["Promises", .product(name: "StreamingMetrics", package: "StreamGauge")],
            path: "ProgressDecoder"),
        .executableTarget(
            name: "fuzz-spool-reader",
            dependencies: [
                "Promises", .product(name: "MetricsTopic", package: "StreamGauge"),
                .product(name: "StreamingMetrics", package: "StreamGauge"),
            ],
            path: "SpoolReader"),
        .executableTarget(
            name: "fuzz-alert-rules",
            dependencies: [
                "Promises", .product(name: "AlertRuleFiles", package: "StreamGauge"),
                .product(name: "Monitoring", package: "StreamGauge"),
            ],
            path: "AlertRules"),
        .executableTarget(
            name: "fuzz-properties",
            dependencies: ["Promises", .product(name: "Kafka", package: "StreamGauge")], path: "Properties"),
    ],
    swiftLanguageModes: [.v6]
)
