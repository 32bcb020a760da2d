import AlertChannels
import AlertTopicChannel
import Kafka
import KafkaTesting
import Monitoring
import StreamingMetrics
import Testing

/// Alerts in a topic, by a broker in the process.
@Suite struct AlertTopicChannelTests {
    private let cluster: MockCluster

    init() throws {
        cluster = try MockCluster()
        try cluster.createTopic("alerts")
    }

    private func channel(_ topic: String = "alerts", timeout: Duration = .seconds(20)) throws -> AlertTopicChannel {
        try AlertTopicChannel(
            configuration: KafkaConfiguration(bootstrapServers: cluster.bootstrapServers), topic: topic, name: "topic",
            timeout: timeout)
    }

    @Test func `each alert is a record with its fingerprint as the key`() async throws {
        let channel = try channel()
        let notice = Sample.notice([Sample.alert(), Sample.alert("QueryFailed", .resolved)])
        #expect(await failure(of: channel, notice) == nil)
        await channel.close()
        let consumer = try KafkaConsumer(
            KafkaConfiguration(bootstrapServers: cluster.bootstrapServers),
            subscription: .topics(["alerts"], from: .beginning), options: .init(stopsAtEnd: true))
        var byKey: [String: JSONValue] = [:]
        for try await record in consumer.records {
            byKey[String(decoding: record.key ?? [], as: UTF8.self)] = try JSONValue(
                parsing: String(decoding: record.value ?? [], as: UTF8.self))
            #expect(record.headers.first { $0.name == "notice" }?.text == notice.key)
            #expect(record.headers.first { $0.name == "event" }?.text == "alert")
        }
        await consumer.close()
        #expect(Set(byKey.keys) == Set(notice.alerts.map(\.fingerprint)))
        #expect(byKey[notice.alerts[0].fingerprint]?["status"]?.string == "firing")
        #expect(byKey[notice.alerts[1].fingerprint]?["labels"]?["alertname"]?.string == "QueryFailed")
        cluster.close()
    }

    @Test func `brokers that are away are an error after the time limit, and the channel goes on when they are back`()
        async throws
    {
        let channel = try channel(timeout: .seconds(3))
        while let error = await failure(of: channel) { #expect(error.isRetriable) }
        try cluster.setDown(broker: 1)
        let error = try #require(await failure(of: channel))
        #expect(error.isRetriable && error.code == .timedOut, "\(error)")
        try cluster.setUp(broker: 1)
        // The first one after may still meet the old connection's back-off.
        while let error = await failure(of: channel) { #expect(error.isRetriable) }
        await channel.close()
        cluster.close()
    }

    @Test func `a delivery ends when its task is cancelled`() async throws {
        let channel = try channel(timeout: .seconds(300))
        try cluster.setDown(broker: 1)
        let task = Task { await failure(of: channel) }
        for _ in 0..<50 { await Task.yield() }
        task.cancel()
        #expect(await task.value?.isRetriable == true)
        await channel.close()
        cluster.close()
    }

    @Test func `a wrong option is told when the channel is made`() throws {
        #expect(throws: ChannelError.self) {
            try AlertTopicChannel(
                configuration: KafkaConfiguration(bootstrapServers: "", properties: ["bogus": "x"]), topic: "t",
                name: "t",
                timeout: .seconds(1))
        }
        cluster.close()
    }
}
