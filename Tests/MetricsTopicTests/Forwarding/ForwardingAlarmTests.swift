import Kafka
import Testing

@testable import MetricsTopic

/// What those who run a forwarder are told, and in which words.
@Suite struct ForwardingAlarmTests {
    private static let error = KafkaError(code: .broker, message: "no")
    private static func damage(isTornTail: Bool) -> SpoolDamage {
        SpoolDamage(file: "f", offset: 16, bytes: 3, events: nil, isTornTail: isTornTail)
    }

    @Test(arguments: [
        ForwardingAlarm.cannotDeliver(error), .dropped([.spoolFull: 1]),
        .spoolFailed(SpoolError(code: .noSpace, message: "full")),
        .shortened(bytes: 1, kept: nil), .refused(error, kept: nil), .damaged([damage(isTornTail: false)]),
        .damaged([damage(isTornTail: true), damage(isTornTail: false)]),
    ])
    func `somebody has to act`(on alarm: ForwardingAlarm) { #expect(alarm.isFault) }

    @Test(arguments: [
        ForwardingAlarm.delivering, .spoolWorks, .clientReplaced(cause: "it failed"),
        .damaged([damage(isTornTail: true)]),
    ])
    func `nobody has to act`(on alarm: ForwardingAlarm) { #expect(!alarm.isFault) }

    @Test func `damage is told with its place, and a torn end as what a crash leaves`() {
        #expect("\(Self.damage(isTornTail: true))" == "f: the end is torn: 3 bytes from offset 16")
        #expect(
            "\(SpoolDamage(file: "f", offset: 16, bytes: 3, events: 2))".hasSuffix(
                "bytes from offset 16, 2 events are lost"))
    }

    @Test func `the summary of a life says what came from an earlier run, what was shortened and what was lost`() {
        let statistics = ForwardingStatistics(
            offered: 10, recovered: 2, acknowledged: 7, spooled: 3, dropped: [.tooLarge: 1, .spoolFull: 1], shortened: 1
        )
        #expect(
            DeliverySummary(statistics: statistics).description
                == "7 of 12 events delivered (2 of an earlier run), 3 spooled, 1 of them shortened, "
                + "2 dropped (spoolFull 1, tooLarge 1)")
        #expect(
            DeliverySummary(statistics: statistics, spoolDirectory: "dir").description.contains("3 spooled in dir,"))
    }
}
