import Glibc
import Synchronization

/// Memory of blocks that are done with, for those to come: it is known to the system and to the caches already, which costs a
/// reader of many records more than the copying does.
final class BlockPool: Sendable {
    /// A piece of ``RecordBlock/usualCapacity`` bytes that nobody uses.
    private struct Piece: @unchecked Sendable {
        // Sendable by proof: whoever takes a piece out of the list is its only owner.
        var memory: UnsafeMutableRawPointer
    }

    private let pieces = Mutex<[Piece]>([])
    /// Pieces kept at most: 2 MiB.
    private static let limit = 32

    deinit {
        pieces.withLock { pieces in
            for piece in pieces { free(piece.memory) }
        }
    }

    /// A piece, if there is one.
    func take() -> UnsafeMutableRawPointer? { pieces.withLock { $0.popLast() }?.memory }

    /// Keeps a piece that is done with; false if there are enough, and the caller keeps it.
    func give(_ memory: UnsafeMutableRawPointer) -> Bool {
        let piece = Piece(memory: memory)
        return pieces.withLock { pieces in
            guard pieces.count < Self.limit else { return false }
            pieces.append(piece)
            return true
        }
    }
}
