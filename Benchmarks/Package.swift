// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "Benchmarks",
    platforms: [.macOS(.v15)],
    dependencies: [.package(name: "StreamGauge", path: "..")],
    targets: [
        .executableTarget(
            name: "metrics-codec-bench",
            dependencies: [.product(name: "StreamingMetrics", package: "StreamGauge")], path: "MetricsCodecBench")
    ],
    swiftLanguageModes: [.v6]
)
