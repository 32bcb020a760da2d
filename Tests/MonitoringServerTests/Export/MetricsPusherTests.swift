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
        await pusher.push([1, 2])
        isAway.withLock { $0 = true }
        await pusher.push([1])
        await pusher.push([1])
        isAway.withLock { $0 = false }
        await pusher.push([1, 2, 3])
        #expect(told.withLock { $0 } == ["2 bytes", "Away()", "3 bytes", "back"])
        #expect(pusher.statistics == .init(sent: 2, failed: 2))
        #expect(pusher.families.map(\.samples[0].value) == [2, 2])
    }
}
