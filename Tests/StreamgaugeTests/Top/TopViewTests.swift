import Foundation
import LiveMonitoring
import Monitoring
import StreamingMetrics
import Testing

@testable import streamgauge

/// Frames, drawn without a terminal.
@Suite struct TopViewTests {
    private let hub = RecordedFleet.hub()

    private func picture(_ hub: MonitoringHub? = nil) -> TopPicture {
        let hub = hub ?? self.hub
        return TopPicture(
            at: hub.now, isReplay: true, rows: hub.rows(), feeds: [FeedHealth(name: "kafka")], eventsPerSecond: 1003)
    }

    private func model(
        _ columns: Int = 130, _ rows: Int = 20, glyphs: Glyphs = .unicode, _ picture: TopPicture? = nil
    ) -> TopModel {
        TopModel(
            glyphs: glyphs, size: TerminalSize(columns: columns, rows: rows), picture: picture ?? self.picture())
    }

    private func text(_ model: TopModel) -> [String] {
        var model = model
        return model.lines().map(\.text)
    }

    @Test func `the worst queries are first, under their figures' headings`() {
        let lines = text(model())
        #expect(lines.count == 20)
        #expect(lines[0].hasPrefix("2026-11-23 10:00:40Z  4 queries: 1 failed, 1 behind, 2 processing"))
        #expect(lines[1].hasPrefix("kafka connecting  1k events/s"))
        #expect(lines[2].contains("QUERY") && lines[2].contains("BEHIND") && lines[2].contains("TREND"))
        #expect(lines[3].hasPrefix("failed     has-failed"))
        #expect(lines[4].hasPrefix("behind     falls-behind"))
        let figures = lines[4].split(separator: " ").map(String.init)
        for figure in ["990ms/1s", "280k", "1k"] { #expect(figures.contains(figure), "\(figures)") }
        #expect(lines[19].hasPrefix("q quit"))
    }

    @Test(arguments: [(10, 3), (40, 10), (41, 4), (60, 24), (80, 24), (132, 50), (250, 60), (1, 1), (3, 2)])
    func `every frame fits the screen, on every page`(columns: Int, rows: Int) {
        for glyphs in [Glyphs.unicode, .ascii] {
            for key in [nil, Key.character("?"), .enter, .character("/")] {
                var model = model(columns, rows, glyphs: glyphs)
                if let key { _ = model.take(key) }
                if let id = model.watched { model.take(hub.detail(of: id)) }
                let lines = model.lines()
                #expect(lines.count == rows)
                for line in lines {
                    #expect(TerminalText.width(line.text) <= columns, "\(line.text)")
                    if glyphs.isASCII { #expect(line.text.utf8.allSatisfy { $0 < 0x80 }, "\(line.text)") }
                }
            }
        }
    }

    @Test func `forty columns have the state, the name, and how far it is behind`() {
        let lines = text(model(40, 10))
        #expect(lines[2].hasPrefix("STATE") && lines[2].contains("QUERY") && lines[2].contains("BEHIND"))
        #expect(lines[4].hasPrefix("behind     falls-behind"))
    }

    @Test func `nothing of a name steers the terminal`() throws {
        for event in [
            RecordedFleet.hostileName, String(repeating: "\u{1b}[2J", count: 2000),
            "e" + String(repeating: "\u{301}", count: 10_000),
        ] {
            let hub = RecordedFleet.hub(
                [RecordedFleet.started(1, event), RecordedFleet.batch(1, event, 1, duration: 10)])
            var model = model(100, 30, picture(hub))
            for page in [nil, Key.enter] {
                if let page { _ = model.take(page) }
                model.take(hub.detail(of: RecordedFleet.id(1)))
                for line in model.lines() {
                    #expect(!line.text.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x202E })
                    #expect(line.text.utf8.count < 2000)
                    // Styles and columns are all that is left of escape sequences.
                    let sequences = line.encoded(hasColor: true).split(separator: "\u{1b}").dropFirst()
                    let encoded = line.encoded(hasColor: true)
                    let parts = encoded.hasPrefix("\u{1b}") ? encoded.split(separator: "\u{1b}")[...] : sequences
                    for part in parts { #expect(part.contains(/^\[[0-9;]*[mG]/)) }
                }
            }
        }
        let lines = text(model(200))
        #expect(lines.contains { $0.contains(#"\u{1b}]0;owned\u{7}\u{1b}[2J\u{202e}"#) })
    }

    @Test func `the filter leaves what has all of its words`() {
        var model = model()
        _ = model.take(.character("/"))
        for character in "FALLS beh" { _ = model.take(.character(character)) }
        let lines = text(model)
        #expect(lines[3].hasPrefix("behind     falls-behind") && lines[4] == "")
        #expect(lines[19].hasPrefix("filter: FALLS beh_  1 of 4"))
        for character in " no" { _ = model.take(.character(character)) }
        #expect(text(model)[3] == "no query passes the filter (/)")
        _ = model.take(.escape)
        #expect(text(model)[6] != "")
    }

    @Test func `rows are in the order of each column, those without a value last`() {
        for order in TopOrder.allCases where order != .name && order != .worst {
            for isDescending in [true, false] {
                let rows = order.sorted(picture().rows, descending: isDescending)
                #expect(Set(rows.map(\.snapshot.id)).count == 4)
                if order == .processed { #expect(rows.last?.snapshot.state == .failed) }
            }
        }
        let names = TopOrder.name.sorted(picture().rows, descending: false).map(\.snapshot.title)
        #expect(names == names.sorted())
        #expect(TopOrder.batch.sorted(picture().rows, descending: true).first?.snapshot.name == "falls-behind")
        #expect(TopOrder.batch.sorted(picture().rows, descending: false).last?.snapshot.name == "falls-behind")
        #expect(TopOrder.worst.sorted(picture().rows, descending: false).last?.snapshot.name == "has-failed")
    }

    @Test func `alerts have a column and a count where rules are judged, and lines about one query`() throws {
        var picture = self.picture()
        #expect(!text(model(130, 20, picture))[2].contains("ALERTS"))
        picture.firing = 2
        let place = try #require(picture.rows.firstIndex { $0.snapshot.name == "keeps-up" })
        picture.rows[place].firing = 2
        #expect(TopOrder.alerts.sorted(picture.rows, descending: true).first?.snapshot.name == "keeps-up")
        let lines = text(model(130, 20, picture))
        #expect(lines[0].hasSuffix("  2 alerts firing") && lines[2].contains("ALERTS"))
        #expect(lines.contains { $0.contains(/keeps-up.* 2 .*/) })
        let time = hub.now
        var alerts = [Alert.State.firing, .pending, .resolved].map { state in
            Alert(
                name: "Slow", state: state, labels: ["severity": "critical"],
                annotations: state == .pending ? [:] : ["summary": "\u{1b}[2J too slow"], activeAt: time, firedAt: time,
                reason: "1 is more than 0")
        }
        alerts[0].suppression = .silenced
        alerts += repeatElement(alerts[2], count: 60)
        let view = TopView(glyphs: .ascii)
        let told = view.alerts(alerts, TerminalSize(columns: 80, rows: 24)).map(\.text)
        #expect(told[2] == "  firing    Slow since 2026-11-23 10:00:40Z, silenced")
        #expect(told[3] == #"    \u{1b}[2J too slow"#)
        #expect(told[4].hasPrefix("  pending   Slow") && told[5] == "    1 is more than 0")
        #expect(told.last == "  and 13 alerts more")
        #expect(view.alerts([], TerminalSize(columns: 80, rows: 24)).isEmpty)
    }

    @Test func `a screen that stands still shows what was, and keys still move in it`() {
        var model = model()
        _ = model.take(.character("p"))
        let before = text(model)
        #expect(before[0].hasPrefix("PAUSED 2026-11-23 10:00:40Z"))
        hub.take(
            RecordedFleet.batch(1, "keeps-up", 99, duration: 300),
            at: MonitorTime(millisecondsSinceEpoch: 1_795_428_100_000))
        model.take(picture())
        #expect(text(model) == before)
        _ = model.take(.enter)
        #expect(model.needsDetail && model.watched == RecordedFleet.id(3))
        _ = model.take(.escape)
        _ = model.take(.character("p"))
        model.take(picture())
        #expect(!text(model)[0].contains("10:00:40"))
    }

    @Test func `a detail says why, whether it is enough, where the time goes and where records wait`() throws {
        var model = model(100, 80)
        for key in [Key.down, .enter] { _ = model.take(key) }
        model.take(hub.detail(of: try #require(model.watched)))
        let all = text(model).joined(separator: "\n")
        let detail = try #require(hub.detail(of: RecordedFleet.id(2)))
        for words in [
            "falls-behind  behind for", "SIZE", "under-provisioned", "LAST BATCH 40: PHASES", "addBatch",
            "SOURCE 0: KafkaV2[Subscribe[clicks]]", "280k records behind", "never catches up", "clicks 1", "20000",
            "processing → behind", "HISTORY", "MemorySink",
        ] { #expect(all.contains(words), "\(words) in \(all)") }
        #expect(all.replacing("\n", with: " ").contains(detail.snapshot.stateReason.prefix(40)))
        // The partition with the greater lag comes first.
        let lines = text(model)
        let first = try #require(lines.firstIndex { $0.contains("clicks 1") })
        #expect(lines[first + 1].contains("clicks 0"))
        func cells(_ line: String) -> [String] { line.split(separator: " ").map(String.init) }
        let heads = ["PARTITION", "LAG", "BEHIND", "TREND", "CAUGHT", "UP", "READ", "TO", "NEWEST"]
        #expect(cells(lines[first - 1]) == heads)
        #expect(cells(lines[first]) == ["clicks", "1", "280k", "9m14s", "+7k/s", "never", "20000", "300000"])
        #expect(cells(lines[first + 1]) == ["clicks", "0", "0", "0ms", "0/s", "0ms", "20000", "20000"])
    }

    @Test func `a narrow terminal shows how partitions move, without their offsets`() throws {
        var model = model(60, 80)
        for key in [Key.down, .enter] { _ = model.take(key) }
        model.take(hub.detail(of: try #require(model.watched)))
        let line = try #require(text(model).first { $0.contains("clicks 1") })
        #expect(line.contains("+7k/s") && line.contains("never") && !line.contains("20000"))
    }

    @Test func `a failed query shows its exception, and one that is gone says so`() {
        var model = model(100, 60)
        _ = model.take(.enter)
        model.take(hub.detail(of: RecordedFleet.id(3)))
        #expect(text(model).contains { $0.contains("failed: [DIVIDE_BY_ZERO] java.lang.ArithmeticException: divided") })
        model.take(nil as QueryDetail?)
        #expect(text(model).contains("  this query is not known any more"))
    }

    @Test func `a thousand queries cost as many formatted rows as the screen has`() {
        var events: [StreamingQueryEvent] = []
        for number in 0..<250 { events.append(RecordedFleet.started(UInt8(number), "query \(number)")) }
        var model = model(80, 24, picture(RecordedFleet.hub(events)))
        #expect(model.lines().count == 24)
        _ = model.take(.end)
        #expect(model.state.cursor == 249 && model.state.top == 230)
        #expect(text(model)[22].hasPrefix("starting   query 99"))
    }

    @Test func `feeds tell their state and what is wrong`() {
        var feed = FeedHealth(name: "kafka")
        feed.state = .away
        feed.error = "no broker\n\u{1b}[2J"
        feed.unreadable = 12
        feed.lagRecords = 1500
        var picture = TopPicture(at: MonitorTime(millisecondsSinceEpoch: 0))
        picture.feeds = [feed]
        let lines = text(model(120, 10, picture))
        #expect(lines[0] == "00:00:00Z  0 queries")
        #expect(lines[1] == #"kafka away, 1.5k to read, 12 unreadable  no broker \u{1b}[2J"#)
        #expect(lines[3] == "no query has been heard of yet")
    }
}
