import Foundation
import Monitoring
import StreamingMetrics
import Testing

/// Events that real Sparks wrote, and what they are to be taken for.
@Suite struct RecordedFeedTests {
    @Test(arguments: ["2.3.4", "2.4.8", "3.4.4", "4.1.1"])
    func `a query without new data idles and does not stall, whether Spark says so by progress or by idle events`(
        _ version: String
    ) throws {
        let events = try RecordedFeed.events("spark-\(version)/idle.jsonl")
        #expect(RecordedFeed.states(events, of: "idle") == [.starting, .processing, .idle, .terminated])
        let resumed = RecordedFeed.states(events, of: "idle_resume")
        #expect(resumed.starts(with: [.starting, .processing, .idle, .processing]))
        #expect(resumed.last == .terminated)
    }

    @Test func `an empty source idles from the start`() throws {
        let (monitors, transitions) = RecordedFeed.replay(try RecordedFeed.events("spark-4.1.1/idle.jsonl"))
        let empty = try #require(monitors.first { $0.name == nil })
        #expect(transitions.filter { $0.id == empty.id }.map(\.to) == [.starting, .idle, .terminated])
        #expect(empty.lastProgress == nil)
    }

    @Test(arguments: ["2.4.8", "3.4.4", "4.1.1"])
    func `three runs on one checkpoint are one query with two restarts`(_ version: String) throws {
        let (monitors, _) = RecordedFeed.replay(try RecordedFeed.events("spark-\(version)/restart.jsonl"))
        let query = try #require(monitors.first)
        #expect(monitors.count == 1)
        #expect(query.counts.restarts == 2)
        #expect(query.state == .terminated)
        #expect(query.name == "renamed")
        #expect(query.transitions.filter { $0.to == .restarting }.count == 2)
        #expect(query.counts.lateEvents == 0)
        #expect(query.counts.copies == 0)
    }

    @Test(arguments: ["3.4.4", "4.1.1"])
    func `a user function that throws is a failure with its message`(_ version: String) throws {
        let (monitors, _) = RecordedFeed.replay(try RecordedFeed.events("spark-\(version)/fail-udf.jsonl"))
        let failed = monitors.filter { $0.state == .failed }
        #expect(!failed.isEmpty)
        for query in failed {
            let failure = try #require(query.failure)
            #expect(failure.exception.contains("Exception"))
            #expect(query.stateReason.contains("has failed: "))
            #expect(!query.stateReason.contains("\n"))
        }
    }

    @Test func `a query slower than its input is behind at its third slow batch`() throws {
        let (monitors, transitions) = RecordedFeed.replay(try RecordedFeed.events("spark-4.1.1/slow-behind.jsonl"))
        #expect(monitors.count == 1)
        #expect(transitions.map(\.to) == [.starting, .idle, .processing, .behind, .terminated])
        let behind = try #require(transitions.first { $0.to == .behind })
        #expect(
            behind.reason
                == "111.3 rows/s arrived and 53.4 rows/s were processed; 3 batches in 16.6 s did not keep up")
    }

    @Test(arguments: ["2.4.8", "3.4.4", "4.1.1"])
    func `a continuous query gives no progress and ends as it is told`(_ version: String) throws {
        let (_, transitions) = RecordedFeed.replay(
            try RecordedFeed.events("spark-\(version)/trigger-continuous.jsonl"))
        #expect(transitions.map(\.to) == [.starting, .terminated])
    }

    @Test(arguments: ["2.4.8", "3.4.4", "4.1.1"])
    func `a query that is triggered once ends and comes again as a restart`(_ version: String) throws {
        let (monitors, _) = RecordedFeed.replay(try RecordedFeed.events("spark-\(version)/trigger-once.jsonl"))
        let query = try #require(monitors.first)
        #expect(query.state == .terminated)
        #expect(query.counts.restarts == 1)
    }

    @Test func `timestamps in other digits leave the states as they are`() throws {
        let events = try RecordedFeed.events("spark-3.5.6-locale-ar-EG/rate-unnamed.jsonl")
        let (monitors, _) = RecordedFeed.replay(events)
        for query in monitors {
            #expect(query.state == .terminated)
            #expect(query.transitions.contains { $0.to == .processing })
            #expect(!query.transitions.contains { [.stalled, .behind, .restarting].contains($0.to) })
            #expect(query.counts.copies == 0)
        }
    }

    @Test func `progress that a client reads back counts nothing twice`() throws {
        let first = try RecordedFeed.events("connect-4.1.1/restart-1.jsonl")
        let (monitors, transitions) = RecordedFeed.replay(
            first + (try RecordedFeed.events("connect-4.1.1/restart-2.jsonl")))
        let query = try #require(monitors.first)
        #expect(query.counts.restarts == 1)
        let progress = first.compactMap { event -> StreamingQueryProgress? in
            if case .progress(let event) = event { event.progress } else { nil }
        }
        #expect(query.counts.copies + query.counts.lateEvents > 0)
        #expect(Set(progress.map(\.batchId)).count < progress.count)
        #expect(transitions.filter { $0.to == .restarting }.count == 1)
    }

    @Test func `the same events give the same answer whatever the delay with which they come`() throws {
        for file in ["idle", "restart", "slow-behind", "window-watermark-append", "fail-udf", "rate-micro-batch"] {
            let events = RecordedFeed.timed(try RecordedFeed.events("spark-4.1.1/\(file).jsonl"))
            var direct: [UUID: QueryMonitor] = [:]
            var delayed: [UUID: QueryMonitor] = [:]
            var numbers = SeededNumbers(seed: 7)
            var last = MonitorTime(millisecondsSinceEpoch: 0)
            for (event, time) in events {
                direct[event.id, default: QueryMonitor(id: event.id)].take(event, at: time)
                last = max(last, time + .milliseconds(Int.random(in: 0...900, using: &numbers)))
                delayed[event.id, default: QueryMonitor(id: event.id)].take(event, at: last)
                for id in delayed.keys { delayed[id]?.advance(to: last + .milliseconds(1)) }
            }
            for (id, monitor) in direct {
                let other = try #require(delayed[id])
                #expect(other.transitions.map(\.to) == monitor.transitions.map(\.to))
                #expect(other.transitions.map(\.reason) == monitor.transitions.map(\.reason))
                #expect(other.lags == monitor.lags)
                #expect(other.counts == monitor.counts)
            }
        }
    }
}
