import Kafka

/// What the writer does with the disk: it writes and syncs blocks, makes room, and deletes files in which everything is settled.
extension EventWriter {
    private static var syncBytes: Int { 4 << 20 }
    private static var diskPause: Duration { .seconds(1) }

    // MARK: Memory to disk

    func writeToSpool() {
        guard clock.now >= diskPauseUntil else { return }
        while let block = shared.withLock({ $0.memory.firstUnwritten }) {
            if passesOver(block) { continue }
            do throws(SpoolError) {
                guard try makeRoom(for: block) else { break }
                try append(block)
                diskPauseUntil = .zero
                alarms.spoolWorks()
            } catch {
                // A full disk is made room on like a full spool.
                if error.code == .noSpace, hasRemovedSettled() { continue }
                alarms.spoolFailed(error)
                if error.code == .noSpace, dropOldestFile() { continue }
                diskPauseUntil = clock.now + Self.diskPause
                break
            }
            if durability == .everyEvent { syncNow() }
        }
        publishSegments()
    }

    private func append(_ block: FrameBlock) throws(SpoolError) {
        if spool?.mustSync(before: block) ?? false { try sync() }
        try spool?.append(block)
        if unsyncedSince == nil { unsyncedSince = clock.now }
        shared.withLock { state in
            state.ledger.markOnDisk(block.first...block.last)
            state.memory.markWritten(block)
        }
    }

    /// Notes that a block is larger than the whole spool may be: no file is given up for it, and those behind it need not wait.
    /// It goes from memory while that lasts, unless nothing that waits may be given up: then it holds up the others.
    private func passesOver(_ block: FrameBlock) -> Bool {
        guard let spool, !spool.canHold(block) else { return false }
        return shared.withLock { state in
            if state.keepsAll { return false }
            state.memory.passOver(block)
            return true
        }
    }

    /// Whether a block fits into the spool; the oldest file goes for it if the policy says so.
    private func makeRoom(for block: FrameBlock) throws(SpoolError) -> Bool {
        guard spool?.canHold(block) ?? false else { return false }
        while let spool, !spool.hasRoom(for: block) {
            // What is settled goes first, and costs nothing.
            if try removeAnySettled() { continue }
            guard dropOldestFile() else { return false }
        }
        return true
    }

    /// Whether room could be made without giving up anything.
    private func hasRemovedSettled() -> Bool {
        let before = spool?.segments.count ?? 0
        do throws(SpoolError) {
            return try removeAnySettled()
        } catch {
            alarms.spoolFailed(error)
            // One may have gone before another could not.
            return spool?.segments.count ?? 0 < before
        }
    }

    /// Makes room by giving up the oldest file, if the policy says so.
    private func dropOldestFile() -> Bool {
        guard shared.withLock({ $0.policy == .dropOldest && !$0.keepsAll }) else { return false }
        do throws(SpoolError) {
            guard let positions = try spool?.dropOldest() else { return false }
            publishSegments()
            forget(positions)
            return true
        } catch {
            alarms.spoolFailed(error)
            return false
        }
    }

    /// Notes that a file with these events is gone, in pieces: a file may hold many, and a lock is held meanwhile.
    private func forget(_ positions: ClosedRange<UInt64>) {
        var first = positions.lowerBound
        while first <= positions.upperBound {
            let last = min(first + UInt64(DeliveryLedger.walk) - 1, positions.upperBound)
            shared.withLock { state in
                state.ledger.loseDisk(first...last, .spoolFull)
                state.memory.noteFileGone(first...last)
            }
            first = last + 1
        }
    }

    func syncIfDue() {
        guard let spool, spool.hasUnsynced, case .groupCommit(let interval) = durability else { return }
        guard spool.unsyncedBytes >= Self.syncBytes || clock.now - (unsyncedSince ?? .zero) >= interval else { return }
        syncNow()
    }

    func syncNow() {
        do throws(SpoolError) {
            try sync()
        } catch {
            alarms.spoolFailed(error)
            diskPauseUntil = clock.now + Self.diskPause
        }
    }

    private func sync() throws(SpoolError) {
        unsyncedSince = nil
        do throws(SpoolError) {
            try spool?.sync()
            guard let last = spool?.durableLast else { return }
            shared.withLock { $0.memory.markDurable(upTo: last) }
        } catch {
            // They are in memory still, and go to another file.
            shared.withLock { state in
                for positions in state.memory.distrustUnsynced() { state.ledger.loseDisk(positions, .diskFailed) }
            }
            publishSegments()
            throw error
        }
    }

    // MARK: What is settled

    func tidy() {
        let memoryBytes = limits.memoryBytes
        shared.withLock { state in
            state.ledger.advance()
            state.memory.removeSettled(below: state.ledger.base)
            if state.memory.bytes > memoryBytes { state.removeSettledBlocks() }
            // They stay on the disk, so no event is lost by this, but for those whose file went to make room.
            for positions in state.memory.evictDurable(downTo: memoryBytes) {
                state.ledger.loseMemory(positions, .spoolFull)
            }
        }
        do throws(SpoolError) {
            _ = try removeSettled()
            if spool?.segments.count ?? 0 > 2, clock.now >= lookBehindAt {
                lookBehindAt = clock.now + .seconds(1)
                _ = try removeSettledBehind()
            }
            try spool?.saveCursor(shared.withLock { $0.ledger.base })
        } catch {
            alarms.spoolFailed(error)
        }
    }

    private func removeSettled() throws(SpoolError) -> Bool {
        let base = shared.withLock { $0.ledger.base }
        let removed = try spool?.removeSettled(below: base) ?? false
        if removed { publishSegments() }
        return removed
    }

    /// Deletes files in which everything is settled, also behind one event that is not: one that waits for a right or a topic
    /// does not keep all that came after it.
    private func removeSettledBehind() throws(SpoolError) -> Bool {
        let removed =
            try spool?.removeSettled { positions in
                shared.withLock { $0.ledger.isSettled(positions) }
            } ?? false
        if removed { publishSegments() }
        return removed
    }

    /// Deletes files in which everything is settled to make room, in the end also the one that is appended to.
    private func removeAnySettled() throws(SpoolError) -> Bool {
        if try removeSettled() { return true }
        if try removeSettledBehind() { return true }
        let removed =
            try spool?.removeActive { positions in
                shared.withLock { $0.ledger.isSettled(positions) }
            } ?? false
        if removed { publishSegments() }
        return removed
    }

    func publishSegments() {
        guard let segments = spool?.segments else { return }
        shared.withLock { $0.segments = segments }
    }
}
