import KafkaTesting
import Synchronization
import Testing

@testable import Kafka

@Suite struct FirstFetchTests {
    private let start = ContinuousClock.now

    private func after(_ milliseconds: Int) -> ContinuousClock.Instant { start + .milliseconds(milliseconds) }

    private func asks(_ fetch: inout FirstFetch, at now: ContinuousClock.Instant) -> Bool { fetch.isDue(now: now) }

    @Test func `nothing is hurried before partitions are assigned`() {
        var fetch = FirstFetch()
        #expect(!asks(&fetch, at: after(10_000)))
        #expect(fetch.wait(atMostMs: 500, now: start) == 500)
    }

    @Test func `brokers are asked with pauses that double until a second has nearly gone`() {
        var fetch = FirstFetch()
        fetch.begin(now: start)
        let asked = (0...2000).filter { fetch.isDue(now: after($0)) }
        #expect(asked == [5, 15, 35, 75, 155, 315, 635])
    }

    @Test func `a poll waits no longer than until the next question`() {
        var fetch = FirstFetch()
        fetch.begin(now: start)
        #expect(fetch.wait(atMostMs: 500, now: after(2)) == 3)
        #expect(fetch.wait(atMostMs: 0, now: after(2)) == 0)
        // A question that is late is asked at once.
        #expect(fetch.wait(atMostMs: 500, now: after(9)) == 1)
        _ = fetch.isDue(now: after(9))
        #expect(fetch.wait(atMostMs: 500, now: after(9)) == 10)
    }

    @Test func `it is over once each partition was heard of, and begins anew with the next assignment`() {
        var fetch = FirstFetch()
        fetch.begin(now: start)
        fetch.end()
        #expect(!asks(&fetch, at: after(100)))
        fetch.begin(now: after(100))
        #expect(asks(&fetch, at: after(105)))
    }
}

/// How the consumer comes to its first record, as librdkafka's own log shows it.
@Suite struct FirstRecordTests {
    private let cluster: MockCluster

    init() async throws {
        cluster = try MockCluster()
        try cluster.createTopic("a")
        let producer = try KafkaProducer(cluster.configuration)
        for number: UInt8 in 0..<3 { try producer.send(ProducerRecord(topic: "a", value: [number])) }
        try await producer.flush()
        await producer.close()
    }

    private final class Log: Sendable {
        let messages = Mutex<[String]>([])

        func count(of text: String) -> Int { messages.withLock { $0.count { $0.contains(text) } } }
    }

    /// Reads one record; what librdkafka logged until then.
    private func readOne(from start: KafkaConsumer.StartPosition) async throws -> Log {
        let log = Log()
        var configuration = cluster.configuration
        configuration.properties["debug"] = "cgrp,protocol"
        configuration.properties["log_level"] = "7"
        let consumer = try KafkaConsumer(
            configuration, subscription: .topics(["a"], from: start),
            onLog: { entry in log.messages.withLock { $0.append(entry.message) } })
        var records = consumer.records.makeAsyncIterator()
        #expect(try await records.next()?.offset == 0)
        await consumer.close()
        return log
    }

    @Test func `where a log begins is asked for before it is assigned`() async throws {
        let log = try await readOne(from: .beginning)
        #expect(log.count(of: "Starting pending assigned partition a [0] at offset 0") == 1)
        #expect(log.count(of: "offset BEGINNING") == 0)
    }

    @Test func `a broker that gives nothing yet is asked again and again`() async throws {
        try cluster.setRoundTripTime(.milliseconds(150), broker: 1)
        let log = try await readOne(from: .offset(0))
        // Nobody else asks where a log ends.
        #expect(log.count(of: "Sent ListOffsetsRequest") >= 2)
    }
}
