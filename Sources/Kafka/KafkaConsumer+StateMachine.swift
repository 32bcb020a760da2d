extension KafkaConsumer {
    /// A record or event in the buffer.
    struct Entry: Sendable, Hashable {
        var event: Event
        /// Index of its partition among the positions; -1 for what concerns no single one.
        var slot: Int
        var size: Int
        /// The offset after it; -1 for what stands at none. Here too, so that who hands records out need not look into them.
        var next: Int64

        init(event: Event, slot: Int, size: Int) {
            self.event = event
            self.slot = slot
            self.size = size
            next =
                switch event {
                case .record(let record): record.offset + 1
                case .endOfPartition(_, let offset): offset
                case .gap(let gap): gap.resumesAt
                case .assigned, .revoked, .lost, .quiet: -1
                }
        }
    }

    /// What stands between the poll thread and the reader, as a pure value: a bounded buffer, one reader who may wait, and
    /// for each partition how far the reader has come.
    ///
    /// Methods return what the caller has to do; nothing here touches librdkafka. `Waiter` is the reader's continuation,
    /// a number in tests.
    struct StateMachine<Waiter: Sendable>: Sendable {
        /// What the poll thread has to do next.
        enum Work: Sendable {
            case poll(room: Int)
            case run([@Sendable () -> Void])
            case stop
        }

        /// What a reader gets.
        enum Answer: Sendable {
            case event(Event, wakesPoll: Bool)
            case end(KafkaError?)
            case wait
            case busy
        }

        private struct Position: Sendable {
            var partition: TopicPartition
            /// Offset after the last record handed out; nil before the first.
            var handedOut: Int64?
            /// Offset after the last record that the reader has let go of by asking for the next.
            var processed: Int64?
            var isDirty = false
        }

        private let maximumRecords: Int
        private let maximumBytes: Int
        private var buffer = EntryQueue()
        private var positions: [Position] = []
        private var slots: [TopicPartition: Int] = [:]
        /// What the reader works on: for each partition the offset after its last record.
        private var inHand: [(slot: Int, next: Int64)] = []
        private var waiter: Waiter?
        private var ending: KafkaError??
        private var commands: [@Sendable () -> Void] = []
        private var isClosing = false
        private var wasFull = false
        private(set) var isDestroyed = false
        private(set) var assignment: Set<TopicPartition> = []

        init(maximumRecords: Int, maximumBytes: Int) {
            self.maximumRecords = max(1, maximumRecords)
            self.maximumBytes = max(1, maximumBytes)
        }

        var bufferedCount: Int { buffer.count }
        private var isFull: Bool { buffer.count >= maximumRecords || buffer.bytes >= maximumBytes }
        private var isHalfEmpty: Bool { buffer.count <= maximumRecords / 2 && buffer.bytes <= maximumBytes / 2 }

        // MARK: The reader

        /// The reader asks for the next event: what it had is done with.
        mutating func next() -> Answer {
            settle()
            if let event = take() { return .event(event, wakesPoll: relieved()) }
            if let ending { return .end(ending) }
            return waiter == nil ? .wait : .busy
        }

        /// More of what is there, in addition to what the reader has; whether to wake the poll thread.
        mutating func takeMore(_ maximum: Int, into events: inout [Event]) -> Bool {
            events.reserveCapacity(min(maximum, events.count + buffer.count))
            while events.count < maximum, let event = take() { events.append(event) }
            return relieved()
        }

        /// The reader waits; answers at once when something came in between.
        mutating func wait(_ waiter: Waiter) -> Answer {
            let answer = next()
            if case .wait = answer { self.waiter = waiter }
            return answer
        }

        /// The reader waits no more.
        mutating func cancel() -> Waiter? {
            defer { waiter = nil }
            return waiter
        }

        /// What the reader has is done with: it has asked for the next event, or would have.
        mutating func settle() {
            for (slot, next) in inHand {
                positions[slot].processed = next
                positions[slot].isDirty = true
            }
            inHand.removeAll(keepingCapacity: true)
        }

        private mutating func take() -> Event? {
            guard let entry = buffer.popFirst() else { return nil }
            switch entry.event {
            case .record:
                positions[entry.slot].handedOut = entry.next
                if let last = inHand.last, last.slot == entry.slot {
                    inHand[inHand.count - 1].next = entry.next
                } else {
                    inHand.append((entry.slot, entry.next))
                }
            case .endOfPartition:
                // Markers of transactions may lie between the last record and the end.
                positions[entry.slot].handedOut = max(entry.next, positions[entry.slot].handedOut ?? entry.next)
            case .gap: positions[entry.slot].handedOut = entry.next
            case .assigned, .revoked, .lost, .quiet: break
            }
            return entry.event
        }

        private mutating func relieved() -> Bool {
            guard wasFull, isHalfEmpty else { return false }
            wasFull = false
            return true
        }

        // MARK: The poll thread

        /// What to do next; nil while the buffer is full or the stream has ended.
        mutating func work() -> Work? {
            if isClosing { return .stop }
            if !commands.isEmpty {
                defer { commands = [] }
                return .run(commands)
            }
            if isFull { wasFull = true }
            return wasFull || ending != nil ? nil : .poll(room: maximumRecords - bufferedCount)
        }

        /// Takes what was polled. Gives the waiting reader and its event, if there is one.
        mutating func push(_ entries: consuming [Entry]) -> (Waiter, Event)? {
            guard ending == nil else { return nil }
            buffer.append(entries)
            guard let waiter, let event = take() else { return nil }
            self.waiter = nil
            return (waiter, event)
        }

        /// Index of a partition's position.
        mutating func slot(of partition: TopicPartition) -> Int {
            if let slot = slots[partition] { return slot }
            slots[partition] = positions.count
            positions.append(Position(partition: partition))
            return positions.count - 1
        }

        /// The stream ends once the buffer is read. Gives the reader to be told, if it waits.
        mutating func end(_ error: KafkaError?) -> Waiter? {
            if ending == nil { ending = .some(error) }
            return cancel()
        }

        /// Closes; whether this is the first time. Buffered records are given up.
        mutating func close() -> (isFirst: Bool, waiter: Waiter?) {
            guard !isClosing else { return (false, nil) }
            isClosing = true
            buffer = EntryQueue()
            return (true, end(nil))
        }

        mutating func add(_ command: @escaping @Sendable () -> Void) -> Bool {
            guard !isClosing else { return false }
            commands.append(command)
            return true
        }

        /// Commands that came too late to be run.
        mutating func destroyed() -> [@Sendable () -> Void] {
            isDestroyed = true
            defer { commands = [] }
            return commands
        }

        // MARK: Partitions

        mutating func assigned(_ partitions: some Sequence<TopicPartition>) {
            assignment.formUnion(partitions)
        }

        /// Partitions go away: their buffered records do too. Gives the offsets to be stored.
        mutating func revoked(_ partitions: [TopicPartition]) -> [(TopicPartition, Int64)] {
            let offsets = dirtyOffsets(of: Set(partitions))
            for partition in partitions { drop(partition) }
            assignment.subtract(partitions)
            return offsets
        }

        /// Forgets what is buffered of a partition, and where its reader was.
        mutating func drop(_ partition: TopicPartition) {
            guard let slot = slots[partition] else { return }
            buffer.removeAll(slot: slot)
            positions[slot].handedOut = nil
            positions[slot].processed = nil
            positions[slot].isDirty = false
            inHand.removeAll { $0.slot == slot }
            if !isFull { wasFull = false }
        }

        /// Offset of the next record to be handed out; nil before the first record.
        func position(of partition: TopicPartition) -> Int64? {
            slots[partition].flatMap { positions[$0].handedOut }
        }

        /// Everything handed out, as offsets to commit.
        var handedOutOffsets: [(TopicPartition, Int64)] {
            positions.compactMap { position in position.handedOut.map { (position.partition, $0) } }
        }

        /// What was processed since the last call, as offsets to store; nil asks for all partitions.
        mutating func dirtyOffsets(of partitions: Set<TopicPartition>? = nil) -> [(TopicPartition, Int64)] {
            var offsets: [(TopicPartition, Int64)] = []
            for index in positions.indices where positions[index].isDirty {
                if let partitions, !partitions.contains(positions[index].partition) { continue }
                positions[index].isDirty = false
                if let processed = positions[index].processed {
                    offsets.append((positions[index].partition, processed))
                }
            }
            return offsets
        }
    }
}
