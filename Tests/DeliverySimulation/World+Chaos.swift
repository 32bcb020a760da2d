import FoundationEssentials
import MetricsTopic

extension World {
    /// One step: time passes and threads get their turns, queries say something, or something goes wrong.
    func step() {
        switch random.below(100) {
        case 0..<62: tick()
        case 62..<90: say()
        case 90..<94: read()
        default: strike()
        }
        if disk?.killed != nil { crash(losesPower: false) }
    }

    /// Time passes, and whatever is due happens.
    func tick() {
        let pause = random.below(2 * scenario.paceUs)
        clock.time += pause
        note(.advance, pause)
        takeTurns()
    }

    func takeTurns() {
        runNetwork()
        guard let life else { return }
        // A thread may wake without cause.
        let ifDue = !random.percent(3)
        if random.percent(50) {
            life.runWriter(ifDue: ifDue)
            life.runSender(ifDue: ifDue)
        } else {
            life.runSender(ifDue: ifDue)
            life.runWriter(ifDue: ifDue)
        }
    }

    private func say() {
        let isStorm = scenario.faults.contains(.storm) && random.percent(15)
        for _ in 0..<(isStorm ? random.within(10...80) : random.within(1...4)) { offer() }
    }

    private func read() {
        let topic = random.below(cluster.topics.count)
        let fault = consumer.read(topic, upTo: random.within(1...20), crashes: random.percent(25), self)
        if let fault { violated("the consumer: \(fault)") }
        note(.consumer, topic)
    }

    /// One of the faults that this world has.
    private func strike() {
        let kinds: [Fault] = [
            .brokerDown, .topicMissing, .notAuthorized, .topicLimit, .batchLimit, .kill, .powerLoss, .stop,
            .reconfigure,
            .diskFull,
        ]
        let fault = random.pick(kinds)
        guard scenario.faults.contains(fault) else { return pass() }
        switch fault {
        case .brokerDown:
            cluster.isUp.toggle()
            note(.broker, cluster.isUp ? 1 : 0)
        case .topicMissing: change { $0.exists.toggle() }
        case .notAuthorized: change { $0.isAuthorized.toggle() }
        case .topicLimit, .batchLimit:
            let limit = random.percent(30) ? Int.max : random.pick([900, 1500, 3000])
            change { $0.maximumBytes = limit }
        case .kill: kill()
        case .powerLoss: if scenario.hasSpool { crash(losesPower: true) }
        case .stop: stop()
        case .reconfigure:
            note(.reconfigure)
            life?.reconfigure()
        default: diskSpace = diskSpace == nil ? (disk?.stored.totalBytes ?? 0) + random.below(5000) : nil
        }
    }

    /// A long time without events.
    private func pass() {
        clock.time += random.pick([0, 100_000, 1_000_000, 1_000_000, 61_000_000])
        tick()
    }

    private func change(_ body: (inout SimulatedCluster.Topic) -> Void) {
        let topic = random.below(cluster.topics.count)
        body(&cluster.topics[topic])
        note(.topic, topic)
    }

    private func kill() {
        if let disk, random.percent(50) {
            // In the midst of one of the next changes to the disk.
            disk.changesUntilKill = random.below(6)
        } else {
            crash(losesPower: false)
        }
    }

    // MARK: Processes

    /// A process starts on what the one before has left.
    func start() {
        isStarting = true
        defer { isStarting = false }
        let frames = disk.map { SimulatedDisk.frames(in: $0.stored, promisedOnly: false).count } ?? 0
        lives += 1
        do {
            let life = try ForwarderLife(world: self, number: lives, disk: disk)
            self.life = life
            note(.start, life.last.recovered, frames)
            if let disk { trace.remark(SimulatedDisk.listing(of: disk.stored)) }
            if life.last.recovered > frames {
                violated("\(life.last.recovered) events were recovered of \(frames) on the disk")
            }
            if let name = disk?.stored.unsyncedName(suffix: ".spool") {
                violated("\(name) was recovered and counts as spooled, and a loss of power could take it")
            }
        } catch {
            violated("a process could not start: \(error)")
        }
    }

    /// The process ends at once, alone or with the whole machine.
    func crash(losesPower: Bool) {
        guard let life, violation == nil else { return }
        note(losesPower ? .powerLoss : .kill, life.last.spooled, life.last.buffered)
        let stored = disk?.killed ?? disk?.stored ?? StoredFiles()
        trace.remark(SimulatedDisk.listing(of: stored))
        let frames = SimulatedDisk.frames(in: stored, promisedOnly: losesPower)
        if losesPower { trace.remark("promised: \(frames.map { "\($0.position)" }.joined(separator: " "))") }
        let all = losesPower ? SimulatedDisk.frames(in: stored, promisedOnly: false).count : frames.count
        if !losesPower, disk?.killed == nil, frames.count < life.last.spooled {
            violated(
                "\(life.last.spooled) events count as spooled and \(frames.count) are on the disk: "
                    + SimulatedDisk.listing(of: stored))
        }
        let offeredSince = life.pipeline.statistics.offered - life.last.offered
        let dropped = max(life.pipeline.statistics.droppedTotal, life.last.droppedTotal)
        // In the midst of a step files may just have gone to make room or because a sync failed, and what was in them is in
        // memory only.
        let makesRoom = scenario.policy == .dropOldest && (life.spoolWasNearlyFull || diskWasFull)
        let takesBack = disk?.killed != nil && (makesRoom || disk?.hasFailedToSync ?? false)
        let inStep = takesBack ? max(life.framesBefore.count, life.last.spooled) : 0
        let excuse = dropped + life.last.buffered + offeredSince + (all - frames.count) + inStep
        bury(life, frames, excuse: excuse, how: losesPower ? "a loss of power" : "a kill")
        // What a kill in the midst of a step may lose of what was spooled before it: only what is settled.
        if disk?.killed != nil, !takesBack { checkKept(life, in: frames, dropped) }
        guard violation == nil else { return }
        var left = stored
        if losesPower { left.losePower(&random) }
        if sabotage == .diskForgets { left.forgetOneFile() }
        // A cursor that a kill left half written may be whole again.
        let cursor = SimulatedDisk.cursor(in: left)
        revive(left, atLeast: frames.count { $0.position >= cursor })
    }

    private func checkKept(_ life: ForwarderLife, in frames: [FrameScanner.Frame], _ dropped: Int) {
        let kept = Set(frames)
        let lost = life.framesBefore.filter { frame in
            !kept.contains(frame) && book.index(frame).map { !book[$0].isAcknowledged } ?? false
        }
        // Frames that a failed sync has taken back may still be there, and count for nothing.
        let uncounted = max(0, life.framesBefore.count - life.last.spooled)
        if lost.count > dropped + uncounted {
            violated("a kill within a step has lost \(lost.count) events that were spooled before")
        }
    }

    /// Ends a life: what it was given must be at the broker, on the disk, or accounted for.
    func bury(_ life: ForwarderLife, _ frames: [FrameScanner.Frame], excuse: Int, how: String) {
        let kept = Set(frames.compactMap { book.index($0) })
        var lost = 0
        for index in book.entries.indices
        where !book[index].isInLog && !book[index].mayBeLost && !kept.contains(index) {
            book[index].mayBeLost = true
            lost += 1
        }
        if lost > excuse { violated("after \(how) \(lost) events are nowhere, and \(excuse) may be: \(life.last)") }
        for client in clients where client.life == life.number { client.isDead = true }
        self.life = nil
        workload.endRuns()
    }

    private func revive(_ stored: StoredFiles, atLeast count: Int) {
        if disk != nil { disk = SimulatedDisk(world: self, stored: stored) }
        clock.time += random.within(0...2_000_000)
        start()
        if let life, life.last.recovered < count {
            violated("\(count) events were safe on the disk and \(life.last.recovered) were recovered")
        }
    }

    /// The process stops in order, with more or less time, and another one starts.
    func stop() {
        finish(withinUs: random.pick([0, 100_000, 5_000_000]))
        if violation == nil { revive(disk?.stored ?? StoredFiles(), atLeast: 0) }
    }

    /// Stops as ``MetricsForwarder`` does.
    func finish(withinUs time: Int) {
        guard let life, violation == nil else { return }
        disk?.changesUntilKill = nil
        life.isStopping = true
        note(.stopping, life.last.pending)
        life.pipeline.stop(isOver: false)
        life.ringBoth()
        let deadline = clock.time + time
        while clock.time < deadline, life.last.pending > 0, violation == nil { tick() }
        let wasHealthy = !(disk?.hasFailed ?? false)
        let before = life.close()
        note(.stopped, life.last.pending, life.last.spooled)
        guard violation == nil else { return }
        if life.last.buffered != 0 { violated("after a stop \(life.last.buffered) events are in memory only") }
        checkFinish(before, life.last, wasHealthy: wasHealthy && !(disk?.hasFailed ?? false))
        if let disk { trace.remark(SimulatedDisk.listing(of: disk.stored)) }
        let frames = disk.map { SimulatedDisk.frames(in: $0.stored, promisedOnly: false) } ?? []
        if frames.count < life.last.spooled {
            violated("\(life.last.spooled) events count as spooled and \(frames.count) are on the disk")
        }
        bury(life, frames, excuse: life.last.droppedTotal, how: "a stop")
    }

    /// With room on a healthy disk a stop gives nothing up.
    private func checkFinish(_ before: ForwardingStatistics, _ after: ForwardingStatistics, wasHealthy: Bool) {
        guard scenario.hasSpool, wasHealthy, scenario.maximumBytes >= 64 * scenario.segmentBytes else { return }
        // Events that are offered meanwhile are refused, and that is no loss of what was there.
        let refused = after.dropped[.closed, default: 0] - before.dropped[.closed, default: 0]
        if after.droppedTotal > before.droppedTotal + refused {
            violated("a stop has dropped events with a healthy disk: \(before), then \(after)")
        }
    }
}
