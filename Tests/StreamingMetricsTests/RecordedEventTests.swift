import Foundation
import StreamingMetrics
import Testing

@Suite struct RecordedEventTests {
    @Test func `every recorded line is an event of the kind and form that the index names`() throws {
        #expect(RecordedEvent.all.count == 1951)
        for recorded in RecordedEvent.all {
            let (event, encoding) = try MetricsCodec.recognize(recorded.bytes)
            let kind = recorded.event == "recentProgress" ? "progress" : recorded.event
            #expect(event.kind.rawValue == kind, "\(recorded.testDescription)")
            #expect(encoding == expectedEncoding(recorded), "\(recorded.testDescription)")
            if case .progress(let progress) = event {
                #expect(progress.unknownFields.isEmpty, "\(recorded.testDescription)")
                #expect(progress.progress.unknownFields.isEmpty, "\(recorded.testDescription)")
            }
        }
    }

    private func expectedEncoding(_ recorded: RecordedEvent) -> StreamingQueryEvent.Encoding {
        switch (recorded.api, recorded.event) {
        case ("progress.json", _): .canonical
        case ("connect.recent_progress_json", _): .bean
        case ("connect.event_json", "progress"): .wrapped
        case ("JsonProtocol", _), ("event log", _): .eventLog
        default: .event
        }
    }

    @Test func `a canonical line is written back byte for byte`() throws {
        var count = 0
        var differing: [String] = []
        for recorded in RecordedEvent.all where recorded.isCanonical {
            count += 1
            let written = try StreamingQueryProgress(json: recorded.bytes).json
            if written != recorded.text {
                differing.append("\(recorded.testDescription)\n\(written)\n\(recorded.text)")
            }
        }
        #expect(count == 1002)
        #expect(differing.isEmpty, "\(differing.prefix(3).joined(separator: "\n"))")
    }

    @Test func `an event of Spark 3_5 and later is written back byte for byte`() throws {
        for recorded in RecordedEvent.all where recorded.api == "event.json" || recorded.api.hasPrefix("connect.") {
            guard recorded.event != "recentProgress" else { continue }
            #expect(try StreamingQueryEvent(json: recorded.bytes).json == recorded.text)
        }
    }

    @Test func `every line read, written and read again is the same event`() throws {
        for recorded in RecordedEvent.all {
            let event = try MetricsCodec.decode(recorded.bytes)
            #expect(try StreamingQueryEvent(json: event.json) == event, "\(recorded.testDescription)")
            #expect(try StreamingQueryEvent(json: event.prettyJSON) == event, "\(recorded.testDescription)")
            if case .progress(let progress) = event {
                #expect(try StreamingQueryProgress(json: progress.progress.description) == progress.progress)
            }
        }
    }
}
