// swift-tools-version: 6.2
import PackageDescription

/// Strict from the first line: an import is internal unless it says `public`, a member is visible only where its
/// module is imported, and an existential is spelled `any`.
let strict: [SwiftSetting] = [
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("ExistentialAny"),
]

let package = Package(
    name: "StreamGauge",
    platforms: [.macOS(.v15)],
    products: [
        .library(name: "StreamingMetrics", targets: ["StreamingMetrics"]),
        .library(name: "Kafka", targets: ["Kafka"]),
        .library(name: "MetricsTopic", targets: ["MetricsTopic"]),
        .library(name: "MetricsStore", targets: ["MetricsStore"]),
        .library(name: "Monitoring", targets: ["Monitoring"]),
        .library(name: "AlertRuleFiles", targets: ["AlertRuleFiles"]),
        .library(name: "AlertChannels", targets: ["AlertChannels"]),
        .library(name: "AlertTopicChannel", targets: ["AlertTopicChannel"]),
        .library(name: "LiveMonitoring", targets: ["LiveMonitoring"]),
        .library(name: "TopicMonitoring", targets: ["TopicMonitoring"]),
        .library(name: "MonitoringHistory", targets: ["MonitoringHistory"]),
        .library(name: "MonitoringServer", targets: ["MonitoringServer"]),
        .library(name: "StructuredStreaming", targets: ["StructuredStreaming"]),
        .library(name: "EmbeddedEngine", targets: ["EmbeddedEngine"]),
        .library(name: "KafkaTesting", targets: ["KafkaTesting"]),
        .library(name: "StreamingTesting", targets: ["StreamingTesting"]),
        .executable(name: "streamgauge", targets: ["streamgauge"]),
        .executable(name: "make-activity-data", targets: ["make-activity-data"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.34.1"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        // L0
        .systemLibrary(
            name: "CRdKafka", pkgConfig: "rdkafka",
            providers: [.apt(["librdkafka-dev"]), .brew(["librdkafka"])]),
        .target(
            name: "CSimdJSON", publicHeadersPath: "include",
            linkerSettings: [.linkedLibrary("simdjson")]),
        .systemLibrary(
            name: "CLZ4", pkgConfig: "liblz4", providers: [.apt(["liblz4-dev"]), .brew(["lz4"])]),
        .systemLibrary(
            name: "CCurl", pkgConfig: "libcurl",
            providers: [.apt(["libcurl4-openssl-dev"]), .brew(["curl"])]),
        .systemLibrary(name: "CLinux"),
        .target(name: "CChecksum", publicHeadersPath: "include"),
        .target(name: "CPageAssets", publicHeadersPath: "include"),
        .target(name: "StreamingMetrics", swiftSettings: strict),
        // L1
        .target(
            name: "Kafka",
            dependencies: ["CRdKafka", .target(name: "CLinux", condition: .when(platforms: [.linux]))],
            swiftSettings: strict),
        .target(name: "StructuredStreaming", dependencies: ["StreamingMetrics"], swiftSettings: strict),
        // L2
        .target(
            name: "EmbeddedEngine",
            dependencies: [
                "StructuredStreaming", "StreamingMetrics", "CSimdJSON", "CLZ4",
                .target(name: "CLinux", condition: .when(platforms: [.linux])),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict),
        .target(
            name: "MetricsTopic",
            dependencies: [
                "StreamingMetrics", "Kafka", "CChecksum", .product(name: "Logging", package: "swift-log"),
                .product(name: "CoreMetrics", package: "swift-metrics"),
            ],
            swiftSettings: strict),
        .target(name: "Monitoring", dependencies: ["StreamingMetrics"], swiftSettings: strict),
        // L3
        .target(
            name: "MetricsStore",
            dependencies: [
                "MetricsTopic", "StreamingMetrics", "Kafka", .product(name: "GRDB", package: "GRDB.swift"),
            ],
            swiftSettings: strict),
        .target(
            name: "AlertRuleFiles",
            dependencies: ["Monitoring", "StreamingMetrics", .product(name: "Yams", package: "Yams")],
            swiftSettings: strict),
        .target(
            name: "AlertChannels",
            dependencies: [
                "AlertRuleFiles", "Monitoring", "StreamingMetrics", "CCurl",
                .target(name: "CLinux", condition: .when(platforms: [.linux])),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "CoreMetrics", package: "swift-metrics"),
            ],
            swiftSettings: strict),
        .target(
            name: "AlertTopicChannel", dependencies: ["AlertChannels", "Monitoring", "StreamingMetrics", "Kafka"],
            swiftSettings: strict),
        .target(
            name: "LiveMonitoring", dependencies: ["Monitoring", "StreamingMetrics", "CLZ4"], swiftSettings: strict),
        .target(
            name: "MonitoringHistory",
            dependencies: [
                "LiveMonitoring", "Monitoring", "StreamingMetrics", .product(name: "GRDB", package: "GRDB.swift"),
            ],
            swiftSettings: strict),
        .target(
            name: "TopicMonitoring",
            dependencies: ["LiveMonitoring", "Monitoring", "MetricsTopic", "StreamingMetrics", "Kafka"],
            swiftSettings: strict),
        .target(
            name: "MonitoringServer",
            dependencies: [
                "LiveMonitoring", "Monitoring", "StreamingMetrics", "CPageAssets",
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "Logging", package: "swift-log"),
            ],
            // CPageAssets has their bytes.
            exclude: ["Assets", "OpenAPI"], swiftSettings: strict),
        // L4
        .executableTarget(
            name: "streamgauge",
            dependencies: [
                "StreamingMetrics", "StructuredStreaming", "EmbeddedEngine", "Kafka", "KafkaTesting", "MetricsTopic",
                "MetricsStore", "Monitoring", "AlertRuleFiles", "AlertChannels", "AlertTopicChannel", "LiveMonitoring",
                "TopicMonitoring", "MonitoringServer", "MonitoringHistory",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "make-activity-data",
            dependencies: [.product(name: "ArgumentParser", package: "swift-argument-parser")],
            swiftSettings: strict),
        // For tests, ours and users'
        .target(name: "KafkaTesting", dependencies: ["Kafka", "CRdKafka"], swiftSettings: strict),
        .target(
            name: "StreamingTesting", dependencies: ["EmbeddedEngine", "StructuredStreaming", "StreamingMetrics"],
            swiftSettings: strict),
        // Tests
        .executableTarget(
            name: "crash-probe",
            dependencies: [
                "EmbeddedEngine", "StructuredStreaming", "StreamingMetrics", "StreamingTesting",
                .product(name: "Logging", package: "swift-log"),
            ],
            path: "Tests/CrashProbe", swiftSettings: strict),
        .target(
            name: "DeliverySimulation",
            dependencies: [
                "MetricsTopic", "StreamingMetrics", "Kafka", "CChecksum",
                .product(name: "Logging", package: "swift-log"),
            ],
            path: "Tests/DeliverySimulation", swiftSettings: strict),
        .executableTarget(
            name: "delivery-simulator", dependencies: ["DeliverySimulation"], path: "Tests/DeliverySimulator",
            swiftSettings: strict),
        .testTarget(
            name: "StreamingMetricsTests", dependencies: ["StreamingMetrics"], resources: [.copy("Fixtures")],
            swiftSettings: strict),
        .testTarget(name: "KafkaTests", dependencies: ["Kafka", "KafkaTesting"], swiftSettings: strict),
        .testTarget(
            name: "MetricsTopicTests",
            dependencies: [
                "MetricsTopic", "StreamingMetrics", "Kafka", "KafkaTesting", "CChecksum", "DeliverySimulation",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "MetricsTestKit", package: "swift-metrics"),
                .product(name: "CoreMetrics", package: "swift-metrics"),
            ],
            resources: [.copy("Fixtures")], swiftSettings: strict),
        .testTarget(
            name: "MetricsStoreTests",
            dependencies: [
                "MetricsStore", "MetricsTopic", "StreamingMetrics", "Kafka", "KafkaTesting",
                .product(name: "GRDB", package: "GRDB.swift"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "MonitoringTests", dependencies: ["Monitoring", "AlertRuleFiles", "StreamingMetrics"],
            resources: [.copy("Fixtures")],
            swiftSettings: strict),
        .testTarget(
            name: "AlertChannelsTests",
            dependencies: [
                "AlertChannels", "AlertTopicChannel", "AlertRuleFiles", "Monitoring", "StreamingMetrics", "Kafka",
                "KafkaTesting",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "MetricsTestKit", package: "swift-metrics"),
                .product(name: "CoreMetrics", package: "swift-metrics"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "LiveMonitoringTests",
            dependencies: ["LiveMonitoring", "Monitoring", "AlertRuleFiles", "StreamingMetrics"], swiftSettings: strict),
        .testTarget(
            name: "MonitoringHistoryTests",
            dependencies: [
                "MonitoringHistory", "LiveMonitoring", "Monitoring", "StreamingMetrics",
                .product(name: "GRDB", package: "GRDB.swift"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "TopicMonitoringTests",
            dependencies: [
                "TopicMonitoring", "LiveMonitoring", "Monitoring", "AlertRuleFiles", "MetricsTopic", "StreamingMetrics",
                "Kafka",
                "KafkaTesting",
            ],
            swiftSettings: strict),
        .testTarget(
            name: "MonitoringServerTests",
            dependencies: ["MonitoringServer", "LiveMonitoring", "Monitoring", "AlertRuleFiles", "StreamingMetrics"],
            swiftSettings: strict),
        .testTarget(
            name: "StructuredStreamingTests", dependencies: ["StructuredStreaming", "StreamingMetrics"],
            swiftSettings: strict),
        .testTarget(
            name: "EmbeddedEngineTests",
            dependencies: [
                "EmbeddedEngine", "StructuredStreaming", "StreamingMetrics", "StreamingTesting", "crash-probe",
            ],
            resources: [.copy("Fixtures")], swiftSettings: strict),
        .testTarget(
            name: "StreamgaugeTests",
            dependencies: [
                "streamgauge", "make-activity-data", "StreamingMetrics", "Kafka", "KafkaTesting", "MetricsTopic",
                "MetricsStore", "Monitoring", "LiveMonitoring",
            ],
            swiftSettings: strict),
        .testTarget(
            name: "IntegrationTests",
            dependencies: ["MetricsStore", "MetricsTopic", "StreamingMetrics", "Kafka", "streamgauge"],
            swiftSettings: strict),
        .testTarget(name: "HouseTests", swiftSettings: strict),
    ],
    swiftLanguageModes: [.v6],
    cxxLanguageStandard: .cxx17
)
