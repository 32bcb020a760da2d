import Testing

/// Who may import whom; the compiler lets a transitive import through, this test does not.
@Suite struct ImportTableTests {
    /// What a target may import of this package, and of others.
    private static let allowed: [String: Set<String>] = [
        "StreamingMetrics": [],
        "Kafka": ["CRdKafka", "CLinux"],
        "StructuredStreaming": ["StreamingMetrics"],
        "EmbeddedEngine": ["StructuredStreaming", "StreamingMetrics", "CSimdJSON", "CLZ4", "CLinux", "Logging"],
        "MetricsTopic": ["StreamingMetrics", "Kafka", "CChecksum", "Logging", "CoreMetrics"],
        "Monitoring": ["StreamingMetrics"],
        "LiveMonitoring": ["Monitoring", "StreamingMetrics", "CLZ4"],
        "TopicMonitoring": ["LiveMonitoring", "Monitoring", "MetricsTopic", "StreamingMetrics", "Kafka"],
        "MonitoringHistory": ["LiveMonitoring", "Monitoring", "StreamingMetrics", "GRDB"],
        "MonitoringServer": [
            "LiveMonitoring", "Monitoring", "StreamingMetrics", "CPageAssets", "Hummingbird", "HummingbirdCore",
            "HTTPTypes", "NIOCore", "NIOHTTPTypes", "ServiceLifecycle", "Logging",
        ],
        "AlertRuleFiles": ["Monitoring", "StreamingMetrics", "Yams"],
        "AlertChannels": [
            "AlertRuleFiles", "Monitoring", "StreamingMetrics", "CCurl", "CLinux", "Logging", "CoreMetrics",
        ],
        "AlertTopicChannel": ["AlertChannels", "Monitoring", "StreamingMetrics", "Kafka"],
        "MetricsStore": ["MetricsTopic", "StreamingMetrics", "Kafka", "GRDB"],
        "KafkaTesting": ["Kafka", "CRdKafka"],
        "StreamingTesting": ["EmbeddedEngine", "StructuredStreaming", "StreamingMetrics"],
        "streamgauge": [
            "StreamingMetrics", "StructuredStreaming", "EmbeddedEngine", "Kafka", "KafkaTesting", "MetricsTopic",
            "MetricsStore", "Monitoring", "AlertRuleFiles", "AlertChannels", "AlertTopicChannel", "LiveMonitoring",
            "TopicMonitoring", "MonitoringServer", "MonitoringHistory", "ArgumentParser", "Logging",
        ],
        "make-activity-data": ["ArgumentParser"],
    ]

    /// What comes with the toolchain and the system.
    private static let toolchain: Set<String> = [
        "Swift", "Foundation", "FoundationEssentials", "Glibc", "Darwin", "Dispatch", "Synchronization",
    ]

    @Test func `every import is in the table`() throws {
        for file in try Repository.files(below: "Sources", ending: ".swift") {
            let allowed = try #require(Self.allowed[file.target], "\(file.target) is not in the import table")
            for module in try Self.imports(of: file) where !Self.toolchain.contains(module) {
                #expect(allowed.contains(module), "\(file) must not import \(module)")
            }
        }
    }

    @Test func `librdkafka is behind one door`() throws {
        for file in try Repository.files(below: "Sources", ending: ".swift")
        where try Self.imports(of: file).contains("CRdKafka") {
            #expect(
                file.path.hasPrefix("Sources/Kafka/RdKafka/") || file.target == "KafkaTesting",
                "\(file) must not import CRdKafka: Sources/Kafka/RdKafka is the door")
        }
    }

    @Test func `libcurl is behind one door`() throws {
        for file in try Repository.files(below: "Sources", ending: ".swift")
        where try Self.imports(of: file).contains("CCurl") {
            #expect(
                file.path.hasPrefix("Sources/AlertChannels/Transfer/"),
                "\(file) must not import CCurl: Sources/AlertChannels/Transfer is the door")
        }
    }

    @Test func `HTTP is behind one door`() throws {
        let doors: Set<String> = [
            "Hummingbird", "HummingbirdCore", "HTTPTypes", "NIOCore", "NIOHTTPTypes", "ServiceLifecycle",
        ]
        for file in try Repository.files(below: "Sources", ending: ".swift") where file.target != "MonitoringServer" {
            let imports = try Self.imports(of: file).filter { doors.contains($0) }
            #expect(imports.isEmpty, "\(file) must not import \(imports): MonitoringServer is the door")
        }
    }

    @Test func `the manifest declares no HTTP client and no second HTTP server`() throws {
        let manifest = try Repository.File(path: "Package.swift").lines().joined(separator: "\n")
        for library in ["grpc", "async-http-client", "vapor", "FlyingFox"] {
            #expect(!manifest.contains(library), "Package.swift must not depend on \(library)")
        }
    }

    /// The modules a file imports; `import struct A.B` imports A.
    private static func imports(of file: Repository.File) throws -> [String] {
        try file.lines().compactMap { line in
            var words = line.split(separator: " ")
            while let first = words.first,
                first.hasPrefix("@") || ["public", "package", "internal", "private", "fileprivate"].contains(first)
            {
                words.removeFirst()
            }
            guard words.first == "import", words.count > 1 else { return nil }
            let kinds: Set<Substring> = ["struct", "class", "enum", "protocol", "func", "var", "let", "typealias"]
            let name = kinds.contains(words[1]) && words.count > 2 ? words[2] : words[1]
            return name.split(separator: ".").first.map(String.init)
        }
    }
}
