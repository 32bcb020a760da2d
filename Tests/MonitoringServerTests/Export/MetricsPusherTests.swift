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
                return []
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
        #expect(pusher.families.map(\.samples[0].value) == [2, 2, 0])
    }

    @Test func `requests after one that fails are not sent, and come with the next sending`() async {
        let sizes = Mutex<[Int]>([])
        let pusher = MetricsPusher(
            resource: OTLPExposition.Resource(), onFailure: { _ in },
            post: { body in
                sizes.withLock { $0.append(body.count) }
                if body.count == 2 { throw Away() }
                return []
            })
        await pusher.push { send in for size in 1...3 { try await send(Array(repeating: 0, count: size)) } }
        #expect(sizes.withLock { $0 } == [1, 2])
        #expect(pusher.statistics == .init(sent: 0, failed: 1))
    }

    @Test func `values that a collector refuses of what it takes are counted and told once, and all requests are sent`()
        async
    {
        let told = Mutex<[String]>([])
        let answer = Mutex(#"{"partialSuccess":{"rejectedDataPoints":"3","errorMessage":"too old"}}"#)
        let sent = Mutex(0)
        let pusher = MetricsPusher(
            resource: OTLPExposition.Resource(), onFailure: { error in told.withLock { $0.append("\(error)") } },
            onRecovery: { told.withLock { $0.append("back") } },
            post: { _ in
                sent.withLock { $0 += 1 }
                return Array(answer.withLock { $0 }.utf8)
            })
        for _ in 0..<2 { await pusher.push { send in for _ in 0..<2 { try await send([]) } } }
        #expect(told.withLock { $0 } == ["the collector refused 6 values of those that were sent: too old"])
        #expect(pusher.statistics == .init(sent: 0, failed: 2, rejectedPoints: 12))
        answer.withLock { $0 = #"{"partialSuccess":{}}"# }
        await pusher.push { send in try await send([]) }
        #expect(told.withLock { $0 }.last == "back")
        #expect(sent.withLock { $0 } == 5)
    }

    @Test func `of several answers in one sending the gravest is told, wherever it comes`() async {
        let remark = #"{"partialSuccess":{"errorMessage":"old schema"}}"#
        let silent = #"{"partialSuccess":{"rejectedDataPoints":2}}"#
        let refusal = #"{"partialSuccess":{"rejectedDataPoints":"7","errorMessage":"too old"}}"#
        let page = "<html>login</html>"
        func told(_ answers: [String?]) async -> ([String], MetricsPusher.Statistics) {
            let told = Mutex<[String]>([])
            let rest = Mutex(answers[...])
            let pusher = MetricsPusher(
                resource: OTLPExposition.Resource(), onFailure: { error in told.withLock { $0.append("\(error)") } },
                post: { _ in
                    guard let answer = rest.withLock({ $0.popFirst() }) ?? nil else { throw Away() }
                    return Array(answer.utf8)
                })
            await pusher.push { send in for _ in answers { try await send([]) } }
            return (told.withLock { $0 }, pusher.statistics)
        }
        let refused = "the collector refused 9 values of those that were sent: too old"
        #expect(await told([remark, silent, refusal]) == ([refused], .init(failed: 1, rejectedPoints: 9)))
        #expect(await told([refusal, silent, remark]) == ([refused], .init(failed: 1, rejectedPoints: 9)))
        for answers in [[remark, page, page], [page, refusal, remark]] {
            #expect(await told(answers).0.map { $0.contains("a page of HTML") } == [true])
        }
        // What was refused before the collector went away is told as well.
        #expect(await told([remark, nil]).0 == ["Away()"])
        let both = ["the collector refused 7 values of those that were sent: too old", "Away()"]
        #expect(await told([refusal, nil]).0 == both)
    }

    @Test(
        arguments: [
            (#"{"partialSuccess":{"rejectedDataPoints":2}}"#, 2),
            (#"{"partialSuccess":{"rejectedDataPoints":"0"}}"#, nil),
            (#"{"partialSuccess":{"rejectedDataPoints":"x"}}"#, nil), (#"{"partialSuccess":null}"#, nil), ("{}", nil),
            ("", nil), ("OK", nil), (#"{"partialSuccess":{"rejectedDataPoints":18446744073709551615}}"#, .max),
        ] as [(String, UInt64?)])
    func `an answer tells how many values were refused`(_ answer: String, _ points: UInt64?) {
        #expect(OTLPRejection(answer: Array(answer.utf8))?.points == points)
    }

    @Test func `each reason for which a collector fails is told once, and how long it wants to be left alone`() async {
        let told = Mutex<[String]>([])
        let answer = Mutex<Result<String, MetricsPusher.Busy>>(.failure(.init(pause: .seconds(90), "429")))
        let pusher = MetricsPusher(
            resource: OTLPExposition.Resource(), onFailure: { error in told.withLock { $0.append("\(error)") } },
            onRecovery: { told.withLock { $0.append("back") } },
            post: { _ in Array(try answer.withLock { $0 }.get().utf8) })
        func push() async -> Duration { await pusher.push { send in try await send([]) } }
        #expect(await push() == .seconds(90))
        #expect(await push() == .seconds(90))
        answer.withLock { $0 = .failure(.init(pause: .seconds(86_400), "503")) }
        #expect(await push() == .seconds(3600))
        answer.withLock { $0 = .success("<html>login</html>") }
        #expect(await push() == .zero)
        answer.withLock { $0 = .success(#"{"partialSuccess":{"errorMessage":"old schema"}}"#) }
        _ = await push()
        _ = await push()
        #expect(
            told.withLock { $0 } == [
                "429", "503",
                "the collector answered with a page of HTML: whatever is at that address, it takes no series", "back",
                "the collector took everything that was sent, and says: old schema",
            ])
        #expect(pusher.statistics == .init(sent: 2, failed: 4))
    }
}
