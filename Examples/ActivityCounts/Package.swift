// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "ActivityCounts",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(name: "StreamGauge", path: "../..")
    ],
    targets: [
        .executableTarget(
            name: "ActivityCounts",
            dependencies: [
                .product(name: "StructuredStreaming", package: "StreamGauge"),
                .product(name: "EmbeddedEngine", package: "StreamGauge"),
                .product(name: "MetricsTopic", package: "StreamGauge"),
            ])
    ],
    swiftLanguageModes: [.v6]
)
