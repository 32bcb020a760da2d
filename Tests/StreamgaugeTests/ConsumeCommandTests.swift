import Foundation
import Kafka
import KafkaTesting
import MetricsStore
import MetricsTopic
import StreamingMetrics
import Testing

@testable import streamgauge

/// `consume`: where it begins, each event once, dead letters, the store.
@Suite struct ConsumeCommandTests {
    private let program = BuiltProgram()
    private let folder = TemporaryFolder()
    private let cluster: MockCluster
    private let run = MetricsRun()

    init() throws {
        cluster = try MockCluster()
        for topic in [TopicContract.progressTopic, TopicContract.lifecycleTopic] {
            try cluster.createTopic(topic, partitions: 2)
        }
    }

    private func produce(_ records: [ProducerRecord]) async throws {
        let producer = try KafkaProducer(cluster.configuration)
        for record in records { _ = try await producer.deliver(record) }
        await producer.close()
    }

    private func consume(_ more: [String]) async throws -> BuiltProgram.Output {
        try await program.run(
            ["consume", "--bootstrap-servers", cluster.bootstrapServers, "--from-beginning", "--until-end"] + more)
    }

    private static let bothTopics = [
        "--topic", TopicContract.progressTopic, "--topic", TopicContract.lifecycleTopic,
    ]

    @Test func `each event is shown once, and again when asked for`() async throws {
        let events = (0..<5).map { run.progress(batch: $0) }
        try await produce(events + events + events[..<2])
        let once = try await consume(["--format", "json"])
        #expect(once.output.split(separator: "\n").count == 5)
        #expect(once.errorLines.last == "read 5 events, 0 unreadable records, passed over 7 duplicates")
        let all = try await consume(["--format", "json", "--no-deduplicate"])
        #expect(all.output.split(separator: "\n").count == 12)
        #expect(all.errorLines.last == "read 12 events, 0 unreadable records")
    }

    @Test func `events that are missing are told when both topics are read`() async throws {
        try await produce([run.started, run.progress(batch: 0), run.progress(batch: 3), run.terminated(sequence: 5)])
        let one = try await consume(["--format", "json"])
        #expect(one.errorLines == ["read 2 events, 0 unreadable records"])
        let both = try await consume(["--format", "json"] + Self.bothTopics)
        #expect(both.status == 0)
        #expect(both.output.split(separator: "\n").count == 4)
        #expect(
            both.errorLines == [
                "gap: events 2 to 3 are missing of query \(run.query), run \(run.id)",
                "read 4 events, 0 unreadable records, missed 2 events",
            ])
    }

    @Test func `records that are no events go to a topic with where they came from and why`() async throws {
        try cluster.createTopic("dead")
        try await produce([
            ProducerRecord(
                topic: TopicContract.progressTopic, partition: 1, key: Array("k".utf8), value: Array("garbage".utf8)),
            run.progress(batch: 0),
        ])
        let read = try await consume(["--dead-letter-topic", "dead"])
        #expect(read.status == 0, "\(read.error)")
        let consumer = try KafkaConsumer(
            cluster.configuration, subscription: .topics(["dead"], from: .beginning), options: .init(stopsAtEnd: true))
        var letters: [ConsumerRecord] = []
        for try await record in consumer.records { letters.append(record) }
        await consumer.close()
        #expect(letters.count == 1)
        let letter = try #require(letters.first)
        #expect(letter.value == Array("garbage".utf8))
        #expect(letter.key == Array("k".utf8))
        #expect(letter.header(DeadLetterTopic.Header.topic)?.text == TopicContract.progressTopic)
        #expect(letter.header(DeadLetterTopic.Header.partition)?.text == "1")
        #expect(letter.header(DeadLetterTopic.Header.offset)?.text == "0")
        #expect(letter.header(DeadLetterTopic.Header.reason)?.text?.isEmpty == false)
    }

    @Test func `a store keeps each event once and is gone on with`() async throws {
        let store = folder.path("metrics.db")
        let events = (0..<5).map { run.progress(batch: $0) }
        try await produce(events + events)
        let arguments = ["--store", store]
        let first = try await consume(arguments)
        #expect(first.output == "")
        #expect(
            first.errorLines.last
                == "read 5 events, 0 unreadable records, passed over 5 duplicates; stored 5 new events, 5 in \(store)")
        try await produce(events[..<2] + [run.progress(batch: 5)])
        let second = try await consume(arguments + ["--format", "json"])
        #expect(second.output.split(separator: "\n").count == 3)
        #expect(second.errorLines.last?.hasSuffix("stored 1 new event, 6 in \(store)") == true, "\(second.error)")
        let third = try await consume(arguments)
        #expect(third.errorLines.last?.hasSuffix("stored 0 new events, 6 in \(store)") == true)
    }

    @Test func `a store that cannot be used is one line`() async throws {
        try folder.write("notes.txt", String(repeating: "not a database\n", count: 100))
        let run = try await consume(["--store", folder.path("notes.txt")])
        #expect(run.status == 1)
        #expect(run.errorLines.count == 1)
        #expect(run.error.hasPrefix("error: cannot open the store \(folder.path("notes.txt")): "))
    }

    /// Whether the write-ahead log holds something: it goes away when a store is closed.
    private func written(_ store: String) -> Bool {
        let attributes = try? FileManager.default.attributesOfItem(atPath: store + "-wal")
        return (attributes?[.size] as? Int ?? 0) > 0
    }

    @Test func `F22: the store has each event once after kills at any moment`() async throws {
        let isLong = ProcessInfo.processInfo.environment["STREAMGAUGE_LONG_TESTS"] != nil
        let rounds = isLong ? 1000 : 25
        let store = folder.path("killed.db")
        let arguments =
            ["consume", "--bootstrap-servers", cluster.bootstrapServers, "--from-beginning", "--store", store]
            + Self.bothTopics
        let producer = try KafkaProducer(cluster.configuration)
        var (random, batches, killed, interrupted) = (SeededGenerator(state: 22), 0, 0, 0)
        try producer.send(run.started)
        for round in 0..<rounds {
            for _ in 0..<(8000 / rounds) {
                try producer.send(run.progress(batch: batches))
                // Half of the events come again, soon or late.
                let back = Int.random(in: 0...2 * batches, using: &random)
                if back <= batches { try producer.send(run.progress(batch: batches - back)) }
                batches += 1
            }
            try await producer.flush()
            let reader = try program.start(arguments)
            // Anywhere: from the first moment on, or from the first transaction on.
            if round % 4 != 0 { try await reader.waitUntil { written(store) } }
            try await Task.sleep(for: .milliseconds(Int.random(in: 0...(round % 4 == 0 ? 600 : 60), using: &random)))
            if reader.isRunning { killed += 1 }
            reader.signal(SIGKILL)
            #expect(try await reader.wait().status == SIGKILL)
            // The file is whole, whatever was going on.
            let left = try MetricsStore(path: store)
            let events = try left.counts().events
            #expect(events <= batches + 1)
            if events > 0, events <= batches { interrupted += 1 }
            try left.close()
        }
        try producer.send(run.terminated(sequence: UInt64(batches) + 1))
        try await producer.flush()
        await producer.close()
        #expect(killed == rounds)
        // Some kills came while there was something left to store.
        #expect(interrupted > 0)
        let last = try await program.run(arguments + ["--until-end"])
        #expect(last.status == 0, "\(last.error)")
        let stored = try MetricsStore(path: store)
        #expect(try stored.counts().events == batches + 2)
        #expect(try stored.counts().lostRanges == 0)
        #expect(try stored.gaps().isEmpty)
        let sequences = try stored.events(limit: .max).compactMap(\.sequence)
        #expect(sequences.sorted() == (0...(UInt64(batches) + 1)).map { $0 })
    }
}

/// The records of one run as the forwarder writes them.
struct MetricsRun {
    private let queryId = UUID()
    private let runId = UUID()
    var query: String { queryId.uuidString.lowercased() }
    var id: String { runId.uuidString.lowercased() }

    /// The run's first event.
    var started: ProducerRecord {
        record(
            TopicContract.lifecycleTopic, 0,
            QueryStartedEvent(id: queryId, runId: runId, name: "q", timestamp: nil).json)
    }

    /// A batch: the numbers of all but the first event.
    func progress(batch: Int) -> ProducerRecord {
        let progress = StreamingQueryProgress(
            id: queryId, runId: runId, name: "q", timestamp: ProgressTimestamp(millisecondsSinceEpoch: 0),
            batchId: Int64(batch), numInputRows: 1, sink: SinkProgress(description: "noop"))
        return record(TopicContract.progressTopic, UInt64(batch) + 1, progress.json)
    }

    /// The run's last event.
    func terminated(sequence: UInt64) -> ProducerRecord {
        record(
            TopicContract.lifecycleTopic, sequence,
            QueryTerminatedEvent(id: queryId, runId: runId, exception: nil).json)
    }

    private func record(_ topic: String, _ sequence: UInt64, _ value: String) -> ProducerRecord {
        ProducerRecord(
            topic: topic, key: query, value: value,
            headers: [RecordHeader(name: TopicContract.Header.sequence, text: String(sequence))])
    }
}

/// A small deterministic generator (splitmix64), so that a failure comes again.
private struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
