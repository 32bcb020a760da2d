import Testing

@testable import Kafka

@Suite struct DurationTests {
    @Test func `milliseconds are rounded up and kept within what librdkafka takes`() {
        #expect(Duration.zero.milliseconds == 0)
        #expect(Duration.seconds(-1).milliseconds == 0)
        #expect(Duration.nanoseconds(1).milliseconds == 1)
        #expect(Duration.milliseconds(1500).milliseconds == 1500)
        #expect((Duration.seconds(2_000_000) - .nanoseconds(1)).milliseconds == 2_000_000_000)
        #expect(Duration.seconds(2_000_000).milliseconds == 2_000_000_000)
    }

    @Test func `no duration is too long or too negative`() {
        for seconds in [1e12, 1e19, 1.7e20] {
            #expect(Duration.seconds(seconds).milliseconds == 2_000_000_000)
            #expect(Duration.seconds(-seconds).milliseconds == 0)
            #expect(Monitor(1).wait(timeout: .seconds(seconds)) { $0 } == 1)
            #expect(Monitor(1).wait(timeout: .seconds(-seconds)) { $0 == 2 ? 2 : nil } == nil)
        }
    }
}
