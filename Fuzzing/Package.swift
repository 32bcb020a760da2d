// swift-tools-version: 6.2
import PackageDescription

/// A package of its own, because its programs have no `main`: libFuzzer brings it and calls the one function that each of them has.
/// `scripts/fuzz` builds and runs them.
let package = Package(
    name: "Fuzzing",
    platforms: [.macOS(.v15)],
    dependencies: [.package(name: "StreamGauge", path: "..")],
    targets: [
        .executableTarget(
            name: "fuzz-progress-decoder",
            dependencies: [.product(name: "StreamingMetrics", package: "StreamGauge")], path: "ProgressDecoder")
    ],
    swiftLanguageModes: [.v6]
)
