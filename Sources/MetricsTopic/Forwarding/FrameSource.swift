import Kafka

/// Finds an event's frame: in the block that is at hand, or in the spool's files.
final class FrameSource {
    /// Why there is no frame, or why it was not sent.
    enum Failure: Error {
        /// It was given up to make room.
        case gone
        /// The file no longer holds it as it was written.
        case damaged
        /// The file cannot be read now.
        case unreadable
        /// It was found, and the client refused it.
        case refused(KafkaError)
    }

    private let shared: Monitor<DeliveryState>
    private let disk: (any SpoolDisk)?
    private let alarms: AlarmReporter
    /// The file read last, and the positions for which it was asked: it may hold others that do not count any more.
    private var loaded: (positions: ClosedRange<UInt64>, block: FrameBlock)?

    init(shared: Monitor<DeliveryState>, disk: (any SpoolDisk)?, alarms: AlarmReporter) {
        self.shared = shared
        self.disk = disk
        self.alarms = alarms
    }

    /// Runs a closure over an event's frame.
    func withFrame(
        _ position: UInt64, in block: FrameBlock?,
        _ body: (SpooledEvent, UnsafeRawBufferPointer) throws(KafkaError) -> Void
    ) throws(Failure) {
        let block = if let block { block } else { try load(position) }
        guard let place = block.body(at: position) else { throw .damaged }
        let result = block.bytes.withUnsafeBytes { bytes -> Result<Bool, KafkaError> in
            guard let event = SpooledEvent(body: place, in: bytes) else { return .success(false) }
            return Result { () throws(KafkaError) in
                try body(event, bytes)
                return true
            }
        }
        switch result {
        case .success(true): return
        case .success(false): throw .damaged
        case .failure(let error): throw .refused(error)
        }
    }

    /// Keeps an event's value whole beside the spool, for those who want to look at it.
    ///
    /// - Returns: The file; nil when there is no spool, or it cannot be written.
    func keep(_ value: UnsafeRawBufferPointer, _ event: SpooledEvent, _ position: UInt64) -> String? {
        guard let disk else { return nil }
        let name = "event-\(position)-\(event.kind.headerText).json"
        do throws(SpoolError) {
            try disk.quarantine(name, Array(value))
            return disk.quarantinePath(name)
        } catch {
            alarms.spoolFailed(error)
            return nil
        }
    }

    private func load(_ position: UInt64) throws(Failure) -> FrameBlock {
        if let loaded, loaded.positions.contains(position) { return loaded.block }
        let segment = shared.withLock { state in
            state.segments.last { $0.first <= position && position <= $0.last }
        }
        guard let disk, let segment else { throw .gone }
        let name = segment.name
        do throws(SpoolError) {
            let reader = try SpoolSegmentReader(
                disk.read(name), name: "\(disk.path)/\(name)", first: SpoolFormat.firstPosition(fileName: name))
            loaded = (segment.first...segment.last, reader.block)
            return reader.block
        } catch {
            // Deleted meanwhile to make room; what is in it has been counted.
            if error.code == .notFound { throw .gone }
            alarms.spoolFailed(error)
            throw error.code == .damaged ? .damaged : .unreadable
        }
    }
}
