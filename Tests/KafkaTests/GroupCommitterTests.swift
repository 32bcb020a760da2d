import KafkaTesting
import Testing

@testable import Kafka

/// Commits for groups that nobody has joined, to the mock cluster.
@Suite struct GroupCommitterTests {
    private let cluster: MockCluster
    private let place = TopicPartition(topic: "read", partition: 0)

    init() throws {
        cluster = try MockCluster()
        try cluster.createTopic("read", partitions: 2)
    }

    private func committer(_ group: String = "shadow", patience: Duration = .seconds(2)) throws -> GroupCommitter {
        try GroupCommitter(cluster.configuration, group: group, patience: patience)
    }

    /// Commits until it succeeds.
    private func commit(_ offset: Int64, _ committer: GroupCommitter) async throws {
        let deadline = ContinuousClock.now + .seconds(60)
        while true {
            do {
                #expect(try await committer.commit([place: offset], timeout: .seconds(3)).isEmpty)
                return
            } catch {
                try #require(ContinuousClock.now < deadline, "\(error)")
            }
        }
    }

    @Test func `offsets are committed, and replaced, for a group that nobody has joined`() async throws {
        let committer = try committer()
        let other = TopicPartition(topic: "read", partition: 1)
        #expect(try await committer.commit([place: 3, other: 4], timeout: .seconds(20)).isEmpty)
        #expect(try await committer.committed([place, other]) == [place: 3, other: 4])
        #expect(try await committer.commit([place: 2], timeout: .seconds(20)).isEmpty)
        #expect(try await self.committer().committed([place, other]) == [place: 2, other: 4])
        #expect(try await self.committer("another").committed([place]).isEmpty)
        #expect(!committer.isBusy)
    }

    @Test func `a coordinator that goes away and comes back, again and again, ends nothing`() async throws {
        let committer = try committer()
        try await commit(1, committer)
        for round in 1...Int64(4) {
            try cluster.setDown(broker: 1)
            let start = ContinuousClock.now
            let error = await #expect(throws: KafkaError.self) {
                _ = try await committer.commit([place: round * 10], timeout: .seconds(round % 2 == 0 ? 1 : 5))
            }
            #expect(error?.isRetriable == true, "\(error?.description ?? "none")")
            #expect(start.duration(to: .now) < .seconds(15))
            try cluster.setUp(broker: 1)
            try await commit(round * 10 + 1, committer)
            #expect(try await committer.committed([place]) == [place: round * 10 + 1])
        }
    }

    @Test func `a commit whose answer is late does not come after the next one`() async throws {
        let committer = try committer(patience: .seconds(20))
        try await commit(1, committer)
        try cluster.setRoundTripTime(.seconds(2), broker: 1)
        await #expect(throws: KafkaError.self) {
            _ = try await committer.commit([place: 5], timeout: .milliseconds(300))
        }
        #expect(committer.isBusy)
        try cluster.setRoundTripTime(.zero, broker: 1)
        #expect(try await committer.commit([place: 9], timeout: .seconds(30)).isEmpty)
        #expect(try await committer.committed([place]) == [place: 9] && !committer.isBusy)
    }

    @Test func `clients end while the coordinator is away, idle ones and those that wait for it`() async throws {
        for isWaiting in [false, true, true] {
            var committer: GroupCommitter? = try self.committer(patience: .seconds(1))
            try await commit(1, #require(committer))
            try cluster.setDown(broker: 1)
            if isWaiting {
                let waiting = try #require(committer)
                await #expect(throws: KafkaError.self) {
                    _ = try await waiting.commit([place: 7], timeout: .milliseconds(200))
                }
            }
            committer = nil
            try await Task.sleep(for: .seconds(1))
            try cluster.setUp(broker: 1)
            try await Task.sleep(for: .seconds(1))
        }
        let last = try self.committer()
        try await commit(2, last)
        #expect(try await last.committed([place]) == [place: 2])
    }

    @Test(arguments: [(22, "ILLEGAL_GENERATION"), (25, "UNKNOWN_MEMBER_ID"), (27, "REBALANCE_IN_PROGRESS")])
    func `a group that has members is refused with the coordinator's reason`(code: Int32, name: String) async throws {
        let committer = try committer()
        try await commit(1, committer)
        try cluster.pushErrors(Array(repeating: code, count: 20), on: .offsetCommit)
        let error = await #expect(throws: KafkaError.self) {
            let refused = try await committer.commit([place: 2], timeout: .seconds(10))
            if let error = refused[place] { throw error }
        }
        #expect(
            error?.rdKafkaName == name && error?.message.contains("group \"shadow\"") == true,
            "\(error?.description ?? "")")
        try cluster.clearErrors(on: .offsetCommit)
        try await commit(3, committer)
    }

    @Test func `a group that this user may not use is refused at once`() async throws {
        try cluster.pushErrors(Array(repeating: 30, count: 200), on: .findCoordinator)
        let committer = try committer(patience: .seconds(8))
        let start = ContinuousClock.now
        let error = await #expect(throws: KafkaError.self) {
            _ = try await committer.commit([place: 2], timeout: .seconds(20))
        }
        #expect(error?.code == .notAuthorized && error?.message.contains("group \"shadow\"") == true)
        #expect(start.duration(to: .now) < .seconds(7))
    }

    @Test func `waiting ends when it is to be over`() async throws {
        try cluster.setDown(broker: 1)
        let committer = try committer()
        let start = ContinuousClock.now
        await #expect(throws: KafkaError.self) {
            _ = try await committer.commit([place: 2], timeout: .seconds(60)) {
                start.duration(to: .now) > .milliseconds(500)
            }
        }
        #expect(start.duration(to: .now) < .seconds(5))
    }

    @Test func `the user's own options for groups do not count`() async throws {
        var configuration = cluster.configuration
        configuration.properties = ["group.id": "mine", "enable.auto.commit": "true", "max.poll.interval.ms": "10"]
        let committer = try GroupCommitter(configuration, group: "shadow")
        try await commit(6, committer)
        #expect(try await self.committer().committed([place]) == [place: 6])
        #expect(try await self.committer("mine").committed([place]).isEmpty)
    }
}
