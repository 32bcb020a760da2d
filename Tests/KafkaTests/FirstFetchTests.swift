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
