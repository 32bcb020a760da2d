import Foundation
import Testing

@testable import LiveMonitoring
@testable import Monitoring

@Suite struct AlertBoardTests {
    private let maker = BatchMaker()

    @Test func `a reader is told of alerts as they are now, and of a query's row when its count changes`() throws {
        let scene = AlertScene(try .states(["Failed": .failed]))
        scene.hub.take(maker.batch(0, 0), at: BatchMaker.time(0))
        scene.tick(1...2)
        let seen = scene.hub.lastChange
        scene.hub.take(maker.terminated("boom"), at: BatchMaker.time(2.5))
        scene.tick(3...3)
        let changes = try #require(scene.hub.changes(after: seen))
        // Pending and firing at one moment: it is told as it is.
        #expect(changes.alerts.map(\.state) == [.firing])
        #expect(changes.rows.map(\.firing) == [1])
        let later = scene.hub.lastChange
        scene.tick(4...10)
        #expect(scene.hub.lastChange == later)
        #expect(scene.hub.changes(after: later)?.alerts == [])
        scene.hub.take(maker.nextRun.started(11), at: BatchMaker.time(11))
        scene.tick(12...12)
        #expect(scene.hub.changes(after: later)?.alerts.map(\.state) == [.resolved])
        #expect(scene.hub.changes(after: seen)?.alerts.map(\.state) == [.resolved])
    }

    @Test func `an alert that was pending and ceased to be is told as resolved to who has seen it`() throws {
        let scene = AlertScene(try .states(["Failed": .failed], for: .seconds(60)))
        // With its name, which is one of the alert's labels.
        scene.hub.take(maker.started(0), at: BatchMaker.time(0))
        scene.hub.take(maker.terminated("boom"), at: BatchMaker.time(0))
        scene.tick(1...5)
        let seen = scene.hub.lastChange
        #expect(scene.hub.alerts.alerts.map(\.state) == [.pending])
        let next = maker.nextRun
        scene.hub.take(next.started(6), at: BatchMaker.time(6))
        scene.tick(7...8)
        #expect(scene.hub.alerts.alerts.isEmpty)
        let told = try #require(scene.hub.changes(after: seen)?.alerts)
        #expect(told.map(\.state) == [.resolved] && told.map(\.firedAt) == [nil])
        scene.hub.take(next.terminated("again"), at: BatchMaker.time(9))
        scene.tick(10...10)
        #expect(scene.hub.changes(after: seen)?.alerts.map(\.state) == [.pending])
    }

    @Test func `of too many that ceased to be the oldest are forgotten, and who has not heard of them loads anew`()
        throws
    {
        var board = AlertBoard()
        func alert(_ number: Int, _ state: Alert.State) -> Alert {
            Alert(
                fingerprint: "\(number)", name: "A", state: state, labels: [:], annotations: [:], value: 1,
                activeAt: BatchMaker.time(0), reason: "")
        }
        var change: UInt64 = 0
        for number in 0..<2500 {
            for state in [Alert.State.pending, .resolved] {
                let shown = state == .pending ? [alert(number, state)] : []
                change += 1
                _ = board.take(.init(alerts: shown, changes: [alert(number, state)]), number: change)
            }
        }
        #expect(board.alerts(after: 0) == nil)
        let forgotten = board.forgottenThrough
        let known = try #require(board.alerts(after: forgotten))
        #expect(known.count == Int(change - forgotten) / 2 && known.count <= 2000)
        #expect(known.last?.fingerprint == "2499")
    }

    @Test func `a value that moves is no news, another text is`() throws {
        var board = AlertBoard()
        var alert = Alert(
            fingerprint: "1", name: "A", state: .firing, labels: [:], annotations: ["summary": "1 s"], value: 1,
            activeAt: BatchMaker.time(0), reason: "")
        #expect(board.take(.init(alerts: [alert]), number: 1).isNews)
        alert.value = 2
        #expect(!board.take(.init(alerts: [alert]), number: 2).isNews)
        #expect(board.alerts.map(\.value) == [2])
        alert.annotations["summary"] = "2 s"
        #expect(board.take(.init(alerts: [alert]), number: 2).isNews)
        // Rules of one name can find the same labels.
        #expect(!board.take(.init(alerts: [alert, alert]), number: 3).isNews)
        #expect(board.alerts.count == 1)
    }
}
