import Monitoring
import Synchronization
import Testing

@testable import MonitoringServer

@Suite struct MetricsPusherTests {
    private struct Away: Error {}

    @Test func `a collector that is away is told once, and that it is back`() async {
        let told = Mutex<[String]>([])
        let isAway = Mutex(false)
        let pusher = MetricsPusher(
            resource: OTLPExposition.Resource(), onFailure: { error in told.withLock { $0.append("\(error)") } },
            onRecovery: { told.withLock { $0.append("back") } },
            post: { body in
                if isAway.withLock({ $0 }) { throw Away() }
                told.withLock { $0.append("\(body.count) bytes") }
            })
        func push(_ bodies: [UInt8]...) async {
            await pusher.push { send in for body in bodies { try await send(body) } }
        }
        await push([1, 2], [1])
        isAway.withLock { $0 = true }
        await push([1])
        await push([1], [1, 2])
        isAway.withLock { $0 = false }
        await push([1, 2, 3])
        #expect(told.withLock { $0 } == ["2 bytes", "1 bytes", "Away()", "3 bytes", "back"])
        #expect(pusher.statistics == .init(sent: 2, failed: 2))
        #expect(pusher.families.map(\.samples[0].value) == [2, 2])
    }

    @Test func `requests after one that fails are not sent, and come with the next sending`() async {
        let sizes = Mutex<[Int]>([])
        let pusher = MetricsPusher(
            resource: OTLPExposition.Resource(), onFailure: { _ in },
            post: { body in
                sizes.withLock { $0.append(body.count) }
                if body.count == 2 { throw Away() }
            })
        await pusher.push { send in for size in 1...3 { try await send(Array(repeating: 0, count: size)) } }
        #expect(sizes.withLock { $0 } == [1, 2])
        #expect(pusher.statistics == .init(sent: 0, failed: 1))
    }
}
