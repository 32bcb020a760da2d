import Foundation
import Glibc
import Monitoring
import Synchronization
import Testing

@testable import LiveMonitoring

@Suite struct AlertStateFileTests {
    private let maker = BatchMaker()
    private let folder: ScratchFolder

    init() throws { folder = try ScratchFolder() }

    private var path: String { folder.url.appending(path: "alerts.json").path }

    @Test func `F36: pending and firing alerts outlive a restart, and are not told again`() async throws {
        var rules = try AlertRules.states(["Failed": .failed])
        rules.groups.append(
            contentsOf: try AlertRules.states(["Terminated": .terminated], for: .seconds(60)).groups.map {
                AlertRuleGroup(name: "slow", rules: $0.rules)
            })
        let other = BatchMaker(2, name: "payments")
        do {
            let scene = AlertScene(rules, file: try AlertStateFile(path: path))
            scene.hub.take(maker.terminated("boom"), at: BatchMaker.time(0))
            scene.hub.take(other.terminated(), at: BatchMaker.time(0))
            scene.tick(1...31)
            #expect(scene.alert("Failed")?.state == .firing && scene.alert("Terminated")?.state == .pending)
            await scene.finish()
            #expect(scene.recorder.notifications.count == 1)
        }
        let scene = AlertScene(rules, file: try AlertStateFile(path: path))
        // Before any event, so that a page shows them at once.
        #expect(scene.alert("Failed")?.firedAt == BatchMaker.time(1))
        #expect(scene.alert("Terminated")?.activeAt == BatchMaker.time(1))
        #expect(scene.hub.alerts.alerts.count == 2)
        scene.hub.take(maker.terminated("boom"), at: BatchMaker.time(500))
        scene.hub.take(other.terminated(), at: BatchMaker.time(500))
        // 30 s were counted before; the time in which nobody watched does not count.
        let fired = scene.tick(501...600) { _ in scene.alert("Terminated")?.state == .firing }
        #expect(fired == 531)
        scene.hub.take(maker.nextRun.started(601), at: BatchMaker.time(601))
        scene.tick(602...604)
        await scene.finish()
        #expect(
            scene.recorder.notifications.map { "\($0.commonLabels["alertname"] ?? "") \($0.status.rawValue)" }
                == ["Terminated firing", "Failed resolved"])
    }

    @Test func `a file that is damaged, later or no file is refused with the reason and left as it is`() throws {
        let texts = [
            ("", "damaged, or no alert state"), ("{\"version\":1", "damaged, or no alert state"),
            ("{\"version\":1}", "it is damaged"), ("[]", "damaged, or no alert state"),
            ("{\"version\":2,\"alerts\":{}}", "it has version 2, and this program knows 1"),
        ]
        for (text, reason) in texts {
            try text.write(toFile: path, atomically: true, encoding: .utf8)
            #expect {
                _ = try AlertStateFile(path: path)
            } throws: { error in
                "\(error)".hasPrefix("cannot use the alert state in \(path): ") && "\(error)".contains(reason)
            }
            #expect(try String(contentsOfFile: path, encoding: .utf8) == text)
        }
        #expect {
            _ = try AlertStateFile(path: folder.url.path)
        } throws: {
            "\($0)".contains("it is no file")
        }
        #expect {
            _ = try AlertStateFile(path: folder.url.appending(path: "none/alerts.json").path)
        } throws: {
            "\($0)".contains("No such file or directory")
        }
    }

    @Test func `what a handler has not delivered is in the file, and the next one gets it first`() async throws {
        let rules = try AlertRules.states(["Failed": .failed])
        let keeper = KeepingHandler()
        do {
            let watch = AlertWatch(rules: rules, handler: keeper, stateFile: try AlertStateFile(path: path))
            let hub = MonitoringHub(alerts: watch, clock: HandClock().reading)
            hub.take(maker.terminated("boom"), at: BatchMaker.time(0))
            hub.tick()
            await finish(watch)
            #expect(keeper.undelivered.count == 1 && keeper.resumed.isEmpty)
        }
        do {
            let file = try AlertStateFile(path: path)
            #expect(file.waiting == keeper.undelivered && file.state?.count == 1)
            // A replay neither gets nor changes what waits.
            let replayed = KeepingHandler()
            await finish(AlertWatch(rules: rules, handler: replayed, stateFile: file, isReplay: true))
            #expect(replayed.resumed.isEmpty)
        }
        let next = KeepingHandler()
        let file = try AlertStateFile(path: path)
        let watch = AlertWatch(rules: rules, handler: next, stateFile: file)
        await finish(watch)
        #expect(next.resumed == keeper.undelivered && next.undelivered == keeper.undelivered)
        next.deliver()
        #expect(await watch.saveAtEnd())
        #expect(try !String(contentsOfFile: path, encoding: .utf8).contains("waiting"))
    }

    @Test func `of very many notices the newest are kept`() {
        let notices = (0..<30).map { number in
            WaitingNotice(
                channel: "page",
                notification: AlertNotification(
                    key: "\(number)", group: "g", at: BatchMaker.time(Double(number % 10)),
                    bestBefore: BatchMaker.time(900),
                    alerts: [Alert(name: "A", state: .firing, labels: [:], activeAt: BatchMaker.time(0))]))
        }
        #expect(notices.newest(maximumCount: 30, maximumAlerts: 30) == notices)
        #expect(notices.newest(maximumCount: 3, maximumAlerts: 30).map(\.notification.key) == ["9", "19", "29"])
        #expect(notices.newest(maximumCount: 30, maximumAlerts: 2).map(\.notification.key) == ["19", "29"])
        #expect(
            notices.newest(maximumCount: 30, maximumAlerts: 0).map(\.notification.key) == ["29"], "the newest always")
    }

    private func finish(_ watch: AlertWatch) async {
        let running = Task { await watch.run() }
        running.cancel()
        await running.value
    }

    @Test func `F36: a second monitor cannot use it, and the next one can`() throws {
        do {
            let first = try AlertStateFile(path: path)
            #expect(first.state == nil)
            #expect {
                _ = try AlertStateFile(path: path)
            } throws: {
                "\($0)".contains("another monitor uses it")
            }
            try first.save(AlertEvaluator(rules: try .states(["Failed": .failed])).state)
        }
        #expect(try AlertStateFile(path: path).state?.count == 0)
        #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o600)
    }

    @Test func `a state that cannot be written is told once, and written when it can be`() async throws {
        let inner = folder.url.appending(path: "inner")
        try FileManager.default.createDirectory(at: inner, withIntermediateDirectories: true)
        let file = try AlertStateFile(path: inner.appending(path: "alerts.json").path)
        let errors = Mutex<[String]>([])
        let watch = AlertWatch(rules: try .states(["Failed": .failed]), stateFile: file) { error in
            errors.withLock { $0.append("\(error)") }
        }
        let clock = HandClock()
        let hub = MonitoringHub(alerts: watch, clock: clock.reading)
        try FileManager.default.removeItem(at: inner)
        let running = Task { await watch.run() }
        defer { running.cancel() }
        hub.take(maker.terminated("boom"), at: BatchMaker.time(0))
        for failures in 1...2 {
            hub.tick()
            while try #require(hub.alertStatistics).stateFailures < failures { await Task.yield() }
        }
        #expect(errors.withLock { $0.count } == 1)
        #expect(errors.withLock { $0[0] }.contains("cannot write the alert state to \(inner.path)"))
        try FileManager.default.createDirectory(at: inner, withIntermediateDirectories: true)
        hub.tick()
        while !FileManager.default.fileExists(atPath: file.path) { await Task.yield() }
    }
}

/// Keeps what it is given until it is told to deliver.
private final class KeepingHandler: AlertNotificationHandler {
    private let state = Mutex<(waiting: [WaitingNotice], resumed: [WaitingNotice])>(([], []))

    var undelivered: [WaitingNotice] { state.withLock { $0.waiting } }
    var resumed: [WaitingNotice] { state.withLock { $0.resumed } }

    func notify(_ notification: AlertNotification) async {
        state.withLock { $0.waiting.append(WaitingNotice(channel: "page", notification: notification)) }
    }

    func resume(_ waiting: [WaitingNotice]) async {
        state.withLock { state in
            state.waiting += waiting
            state.resumed += waiting
        }
    }

    func deliver() { state.withLock { $0.waiting = [] } }
}
