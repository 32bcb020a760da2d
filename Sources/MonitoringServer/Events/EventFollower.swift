import FoundationEssentials
import HTTPTypes
import Hummingbird
import LiveMonitoring
import Monitoring
import NIOCore
import Synchronization

/// Serves event streams. Nothing is queued for a reader: one that is slow gets, when it has read on, what has changed since then at
/// once; where that is not known any more it is told to load everything anew. One that does not read at all is cut by the
/// ``ConnectionGuard``.
final class EventFollower: Sendable {
    private struct Shared {
        var isStopped = false
        /// The last list of changed rows, which readers that keep up all get.
        var rows: (after: UInt64, through: UInt64, at: Int64, bytes: ByteBuffer)?
    }

    /// A comment is sent after so many ticks with nothing to tell, so that both sides see that the other is there.
    private static let quietTicks = 15

    private let hub: MonitoringHub
    private let statistics: ServerStatistics
    private let shared = Mutex(Shared())

    init(hub: MonitoringHub, statistics: ServerStatistics) {
        self.hub = hub
        self.statistics = statistics
    }

    /// Ends every stream.
    func stop() {
        shared.withLock { $0.isStopped = true }
        hub.tick()
    }

    func reply(_ arguments: Arguments, lastEventId: String?, _ limits: ServerLimits) throws(Refusal) -> Response {
        try arguments.only("query")
        let watched = try arguments.id("query")
        guard statistics.beginStream(limit: limits.eventStreams) else {
            throw Refusal(.tooManyRequests, "\(limits.eventStreams) event streams are open already")
        }
        let lease = StreamLease(statistics)
        // Before the reader hears that the stream is open: it then asks how things are, and must be told all that comes after.
        let position = EventPosition(epoch: hub.epoch, change: hub.lastChange)
        return Reply.stream(type: Reply.events) { [self] writer in
            try await follow(watched, from: position, lastEventId, &writer)
            try await writer.finish(nil)
            lease.end()
        }
    }

    private func follow(
        _ watched: UUID?, from position: EventPosition, _ lastEventId: String?, _ writer: inout any ResponseBodyWriter
    ) async throws {
        // Listening begins before the first look, so that nothing falls between the two.
        var updates = hub.updates().makeAsyncIterator()
        var position = position
        var text = EventText()
        text.comment("streamgauge", retry: 2000)
        if let lastEventId, !lastEventId.isEmpty {
            let last = EventPosition(lastEventId)
            if let last, last.epoch == hub.epoch, last.change <= position.change {
                position = last
            } else {
                reset(position, &text)
            }
        }
        text.position(position)
        try await writer.write(text.buffer)
        var quiet = 0
        repeat {
            let wrote = try await tell(watched, &position, &writer)
            quiet = wrote ? 0 : quiet + 1
            if quiet >= Self.quietTicks {
                quiet = 0
                try await writer.write(ByteBuffer(string: ":\n\n"))
            }
            await updates.next(isolation: nil)
        } while !Task.isCancelled && !shared.withLock { $0.isStopped }
        try await writer.write(ByteBuffer(string: ": the server ends\n\n"))
    }

    /// Tells what has changed; whether there was something.
    private func tell(
        _ watched: UUID?, _ position: inout EventPosition, _ writer: inout any ResponseBodyWriter
    ) async throws -> Bool {
        guard position.change < hub.lastChange else { return false }
        guard let changes = hub.changes(after: position.change, watching: watched) else {
            position.change = hub.lastChange
            var text = EventText()
            reset(position, &text)
            try await writer.write(text.buffer)
            return true
        }
        // The rows come with the position before them: who is cut within the rest gets them again, as they are then.
        if !changes.rows.isEmpty { try await writer.write(try rows(changes)) }
        var text = EventText()
        // With the place before them too.
        if !changes.alerts.isEmpty {
            try text.event("alerts", EventPosition(epoch: hub.epoch, change: changes.after)) { body in
                try body.object {
                    try body.member("at", changes.at)
                    try body.member("alerts", changes.alerts)
                }
            }
        }
        for event in changes.events {
            let place = EventPosition(epoch: hub.epoch, change: event.number)
            switch event.event {
            case .transition(let transition): try text.event("transition", place) { try $0.value(transition) }
            case .removed(let ids):
                try text.event("removed", place) { body in try body.object { try body.member("ids", ids) } }
            case .point(let point):
                guard let watched = changes.watched else { continue }
                try text.event("point", place) { body in
                    try body.object {
                        try body.member("id", watched.snapshot.id)
                        try body.member("point", point)
                        try body.member("query", watched.snapshot)
                        try body.member("partitions", watched.partitions)
                    }
                }
            }
        }
        position.change = changes.through
        text.position(position)
        try await writer.write(text.buffer)
        return true
    }

    private func reset(_ position: EventPosition, _ text: inout EventText) {
        statistics.reset()
        text.event("reset", position) { $0.object {} }
    }

    /// Written once for all readers that keep up.
    private func rows(_ changes: HubChanges) throws -> ByteBuffer {
        let at = changes.at.millisecondsSinceEpoch
        let known = shared.withLock { shared in
            shared.rows.flatMap { rows in
                rows.after == changes.after && rows.through == changes.through && rows.at == at ? rows.bytes : nil
            }
        }
        if let known { return known }
        var text = EventText()
        try text.event("queries", EventPosition(epoch: hub.epoch, change: changes.after)) { body in
            try body.object {
                try body.member("at", changes.at)
                body.key("queries")
                body.array(changes.rows) { body.row($0) }
            }
        }
        let bytes = text.buffer
        shared.withLock { $0.rows = (changes.after, changes.through, at, bytes) }
        return bytes
    }
}

/// Counts a stream until it ends: by itself, or when its answer is given up before it began.
private final class StreamLease: Sendable {
    private let statistics: ServerStatistics
    private let isOpen = Mutex(true)

    init(_ statistics: ServerStatistics) { self.statistics = statistics }

    func end() {
        let wasOpen = isOpen.withLock { isOpen in
            defer { isOpen = false }
            return isOpen
        }
        if wasOpen { statistics.endStream() }
    }

    deinit { end() }
}

/// Server-sent events as they are written.
struct EventText {
    private(set) var buffer = ByteBuffer()

    mutating func event(_ name: String, _ position: EventPosition, _ write: (JSONBody) throws -> Void) rethrows {
        let body = JSONBody()
        try write(body)
        buffer.writeString("event: \(name)\nid: \(position)\ndata: ")
        body.append(to: &buffer)
        buffer.writeString("\n\n")
    }

    /// Moves the reader's position on without an event.
    mutating func position(_ position: EventPosition) { buffer.writeString("id: \(position)\n\n") }

    mutating func comment(_ text: String, retry milliseconds: Int) {
        buffer.writeString(": \(text)\nretry: \(milliseconds)\n\n")
    }
}
