import MetricsTopic

extension World {
    /// All faults end; what is there must be delivered, and then all must be quiet.
    func heal() {
        note(.heal)
        isHealed = true
        cluster.isUp = true
        for index in cluster.topics.indices {
            cluster.topics[index].exists = true
            cluster.topics[index].isAuthorized = true
            cluster.topics[index].maximumBytes = .max
        }
        diskSpace = nil
        disk?.changesUntilKill = nil
        if life == nil, violation == nil { start() }
        var budget = 20_000
        let end = clock.time + 600_000_000
        while violation == nil, let life, life.last.pending > 0 {
            budget -= 1
            guard budget > 0, clock.time < end else {
                return violated("events do not get delivered although all is well: \(life.last), \(life.pipeline.load)")
            }
            guard let due = [life.due, networkDue].compactMap({ $0 }).min() else {
                return violated("nobody does anything, and events are pending: \(life.last), \(life.pipeline.load)")
            }
            clock.time = max(clock.time, due)
            takeTurns()
            life.check("a turn")
        }
    }

    /// The last process stops, and one more starts to find nothing left.
    func conclude() {
        guard violation == nil, let life else { return }
        let isOnly = lives == 1
        finish(withinUs: 1_000_000)
        guard violation == nil else { return }
        if let disk, !disk.hasFailed, !disk.stored.names.keys.allSatisfy({ !$0.hasSuffix(".spool") }) {
            violated("files are left although all is delivered: \(disk.stored.names.keys.sorted())")
        }
        if isOnly { checkGaps(life.last) }
        readToEnd()
        if let disk {
            self.disk = SimulatedDisk(world: self, stored: disk.stored)
            start()
            if let life = self.life, life.last.recovered > 0 {
                violated("\(life.last.recovered) events are recovered after all were delivered")
            }
        }
    }

    /// Where one process lived all along, no more is missing in the log than it says it dropped.
    private func checkGaps(_ counts: ForwardingStatistics) {
        let missing = book.entries.count { !$0.isInLog }
        if missing > counts.droppedTotal { violated("the log lacks \(missing) events: \(counts)") }
    }

    private func readToEnd() {
        for topic in cluster.topics.indices {
            if let fault = consumer.read(topic, upTo: .max / 2, crashes: false, self) {
                return violated("the consumer: \(fault)")
            }
        }
        if let fault = consumer.fault(book) { violated("the consumer: \(fault)") }
    }
}
