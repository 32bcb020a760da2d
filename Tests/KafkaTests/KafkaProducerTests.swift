import Kafka
import KafkaTesting
import Testing

@Suite struct KafkaProducerTests {
    @Test func `a delivered record has its partition and offset in the report`() async throws {
        let cluster = try MockCluster()
        try cluster.createTopic("a")
        let producer = try KafkaProducer(cluster.configuration)
        for offset in 0..<3 {
            let report = try await producer.deliver(ProducerRecord(topic: "a", partition: 0, value: [1, 2, 3]))
            #expect(report.topic == "a")
            #expect(report.partition == 0)
            #expect(report.offset == Int64(offset))
            #expect(report.status == .persisted)
        }
        #expect(await producer.close() == 0)
    }

    @Test func `every record gets exactly one report with its token`() async throws {
        let cluster = try MockCluster()
        try cluster.createTopic("a")
        let tokens = Monitor<[UInt: Int]>([:])
        let producer = try KafkaProducer(
            cluster.configuration,
            onDelivery: { reports in
                tokens.withLock { tokens in
                    for report in reports { tokens[report.token, default: 0] += report.error == nil ? 1 : 100 }
                }
            })
        for token in 0..<5000 { try producer.send(ProducerRecord(topic: "a", value: "x"), token: UInt(token)) }
        try await producer.flush()
        #expect(producer.outstandingCount == 0)
        let isRight = tokens.withLock { $0 } == Dictionary(uniqueKeysWithValues: (0..<5000).map { (UInt($0), 1) })
        #expect(isRight)
        await producer.close()
    }

    @Test func `a full queue refuses the record and reports nothing for it`() async throws {
        let reported = Monitor(0)
        var configuration = KafkaConfiguration(bootstrapServers: "127.0.0.1:1")
        configuration.properties["queue.buffering.max.messages"] = "10"
        let producer = try KafkaProducer(
            configuration, onDelivery: { reports in reported.withLock { $0 += reports.count } })
        var refused = 0
        for _ in 0..<25 {
            do throws(KafkaError) {
                try producer.send(ProducerRecord(topic: "a", value: "x"))
            } catch {
                #expect(error.code == .queueFull)
                #expect(error.isRetriable)
                refused += 1
            }
        }
        #expect(refused == 15)
        #expect(producer.outstandingCount == 10)
        #expect(await producer.close(timeout: .milliseconds(10)) == 10)
        #expect(reported.withLock { $0 } == 10)
    }

    @Test func `records wait for a broker that is down and arrive when it is up`() async throws {
        let cluster = try MockCluster()
        try cluster.createTopic("a")
        let delivered = Monitor(0)
        let errors = Monitor<[KafkaError.Code]>([])
        let producer = try KafkaProducer(
            cluster.configuration,
            onDelivery: { reports in delivered.withLock { $0 += reports.count { $0.error == nil } } },
            onError: { error in
                errors.withLock { $0.append(error.code) }
                errors.broadcast()
            })
        _ = try await producer.deliver(ProducerRecord(topic: "a", value: "first"))
        try cluster.setDown(broker: 1)
        for _ in 0..<50 { try producer.send(ProducerRecord(topic: "a", value: "x")) }
        #expect(errors.wait(timeout: .seconds(10)) { $0.contains(.brokerUnreachable) ? true : nil } == true)
        #expect(producer.outstandingCount == 50)
        try cluster.setUp(broker: 1)
        try await producer.flush()
        #expect(delivered.withLock { $0 } == 50)
        await producer.close()
    }

    @Test func `headers keep order, duplicates, nil and empty values`() async throws {
        let cluster = try MockCluster()
        try cluster.createTopic("a")
        let headers = [
            RecordHeader(name: "h", text: "1"), RecordHeader(name: "empty", value: []),
            RecordHeader(name: "nil", value: nil), RecordHeader(name: "h", text: "2"),
        ]
        let records = [
            ProducerRecord(topic: "a", key: [], value: [0, 255], headers: headers, timestampMs: 1_700_000_000_123),
            ProducerRecord(topic: "a", key: nil, value: nil), ProducerRecord(topic: "a", key: [1], value: []),
        ]
        let producer = try KafkaProducer(cluster.configuration)
        for record in records { _ = try await producer.deliver(record) }
        await producer.close()
        let consumer = try KafkaConsumer(
            cluster.configuration, subscription: .topics(["a"], from: .beginning), options: .init(stopsAtEnd: true))
        var read: [ConsumerRecord] = []
        for try await record in consumer.records { read.append(record) }
        #expect(read.map(\.headers) == [headers, [], []])
        #expect(read.map(\.key) == [[], nil, [1]])
        #expect(read.map(\.value) == [[0, 255], nil, []])
        #expect(read[0].timestampMs == 1_700_000_000_123)
        #expect(read[0].header("h")?.text == "2")
        await consumer.close()
    }

    @Test func `a partition that does not exist is an error, with headers too`() async throws {
        let cluster = try MockCluster()
        try cluster.createTopic("a")
        let producer = try KafkaProducer(cluster.configuration)
        _ = try await producer.deliver(ProducerRecord(topic: "a", value: "so that the partitions are known"))
        for _ in 0..<100 {
            let record = ProducerRecord(
                topic: "a", partition: 99, value: [1], headers: [RecordHeader(name: "h", text: "v")])
            let error = try #require(throws: KafkaError.self) { try producer.send(record) }
            #expect(error.code == .unknownTopicOrPartition)
        }
        #expect(await producer.close() == 0)
    }

    @Test func `a record beyond the limit is refused at once`() throws {
        let producer = try KafkaProducer(KafkaConfiguration(bootstrapServers: "127.0.0.1:1"))
        let record = ProducerRecord(topic: "a", value: [UInt8](repeating: 0, count: 2_000_000))
        let error = try #require(throws: KafkaError.self) { try producer.send(record) }
        #expect(error.code == .messageTooLarge)
        #expect(producer.outstandingCount == 0)
    }

    @Test func `a topic name that cannot be is refused`() throws {
        let producer = try KafkaProducer(KafkaConfiguration(bootstrapServers: "127.0.0.1:1"))
        for topic in ["", "a\0b"] {
            let error = try #require(throws: KafkaError.self) {
                try producer.send(ProducerRecord(topic: topic, value: "x"))
            }
            #expect(error.code == .invalidArgument)
        }
    }

    @Test func `an idempotent producer fails for good when the broker loses its sequence`() async throws {
        let cluster = try MockCluster()
        try cluster.createTopic("a")
        var configuration = cluster.configuration
        configuration.properties["enable.idempotence"] = "true"
        let fatal = Monitor<KafkaError?>(nil)
        let producer = try KafkaProducer(
            configuration,
            onError: { error in
                guard error.isFatal else { return }
                fatal.withLock { $0 = error }
                fatal.broadcast()
            })
        _ = try await producer.deliver(ProducerRecord(topic: "a", value: "x"))
        try cluster.pushErrors([45], on: .produce)
        await #expect(throws: KafkaError.self) { try await producer.deliver(ProducerRecord(topic: "a", value: "y")) }
        let told = try #require(fatal.wait(timeout: .seconds(10)) { $0 })
        #expect(told.rdKafkaName == "OUT_OF_ORDER_SEQUENCE_NUMBER")
        #expect(producer.fatalError == told)
        let error = try #require(throws: KafkaError.self) { try producer.send(ProducerRecord(topic: "a", value: "z")) }
        #expect(error.code == .fatal)
        #expect(error.isFatal)
        await producer.close()
    }

    @Test func `a closed producer refuses records and closes again`() async throws {
        let producer = try KafkaProducer(KafkaConfiguration(bootstrapServers: "127.0.0.1:1"))
        #expect(await producer.close() == 0)
        #expect(await producer.close() == 0)
        let error = try #require(throws: KafkaError.self) { try producer.send(ProducerRecord(topic: "a", value: "x")) }
        #expect(error.code == .closed)
        #expect(producer.outstandingCount == 0)
    }

    @Test func `records awaited while the producer closes get their answers`() async throws {
        let producer = try KafkaProducer(KafkaConfiguration(bootstrapServers: "127.0.0.1:1"))
        await withTaskGroup(of: KafkaError.Code?.self) { group in
            for _ in 0..<20 {
                group.addTask {
                    do throws(KafkaError) {
                        _ = try await producer.deliver(ProducerRecord(topic: "a", value: "x"))
                        return nil
                    } catch {
                        return error.code
                    }
                }
            }
            group.addTask {
                await producer.close(timeout: .milliseconds(50))
                return .closed
            }
            for await code in group { #expect(code == .purged || code == .closed) }
        }
    }

    @Test func `records taken while the producer closes are reported too, each once`() async throws {
        for _ in 0..<10 {
            let reported = Monitor(0)
            let producer = try KafkaProducer(
                KafkaConfiguration(bootstrapServers: "127.0.0.1:1"),
                onDelivery: { reports in reported.withLock { $0 += reports.count } })
            let senders = Monitor((finished: 0, taken: 0))
            for _ in 0..<3 {
                try DedicatedThread.start(name: "sender") {
                    var taken = 0
                    var isOpen = true
                    while isOpen {
                        do throws(KafkaError) {
                            try producer.send(ProducerRecord(topic: "a", value: "x"))
                            taken += 1
                        } catch {
                            isOpen = error.code != .closed
                        }
                    }
                    senders.withLock { $0 = ($0.finished + 1, $0.taken + taken) }
                    senders.broadcast()
                }
            }
            await producer.close(timeout: .zero)
            let taken = senders.wait(timeout: .seconds(10)) { $0.finished == 3 ? $0.taken : nil }
            #expect(taken == reported.withLock { $0 })
            #expect(producer.outstandingCount == 0)
        }
    }

    @Test func `a flush ends after the report was handed over, however long that takes`() async throws {
        let cluster = try MockCluster()
        try cluster.createTopic("a")
        let handed = Monitor(0)
        let never = Monitor(false)
        let producer = try KafkaProducer(
            cluster.configuration,
            onDelivery: { reports in
                _ = never.wait(timeout: .milliseconds(200)) { $0 ? true : nil }
                handed.withLock { $0 += reports.count }
            })
        for _ in 0..<10 { try producer.send(ProducerRecord(topic: "a", value: "x")) }
        try await producer.flush()
        #expect(handed.withLock { $0 } == 10)
        await producer.close()
    }

    @Test func `a flush under way does not hold up the closing`() async throws {
        let producer = try KafkaProducer(KafkaConfiguration(bootstrapServers: "127.0.0.1:1"))
        try producer.send(ProducerRecord(topic: "a", value: "x"))
        async let flushed: Void = producer.flush(timeout: .seconds(3600))
        #expect(await producer.close(timeout: .zero) == 1)
        // Over since the record was given up, or refused when it came after the closing.
        do { try await flushed } catch { #expect((error as? KafkaError)?.code == .closed) }
    }

    @Test func `threads that send while another closes never touch a destroyed client`() async throws {
        var configuration = KafkaConfiguration(bootstrapServers: "127.0.0.1:1")
        configuration.properties["queue.buffering.max.messages"] = "100"
        for _ in 0..<10 {
            let producer = try KafkaProducer(configuration)
            // Threads of their own: tasks that never wait would keep the closing one from running.
            let finished = Monitor(0)
            for _ in 0..<3 {
                try DedicatedThread.start(name: "sender") {
                    var isOpen = true
                    while isOpen {
                        do throws(KafkaError) {
                            try producer.send(ProducerRecord(topic: "a", value: "x"))
                        } catch {
                            isOpen = error.code != .closed
                        }
                    }
                    finished.withLock { $0 += 1 }
                    finished.broadcast()
                }
            }
            await producer.close(timeout: .zero)
            #expect(finished.wait(timeout: .seconds(10)) { $0 == 3 ? true : nil } == true)
            #expect(producer.outstandingCount == 0)
        }
    }
}
