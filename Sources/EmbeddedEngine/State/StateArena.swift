/// Memory for keys and values: handed out piece by piece from chunks that never move, given back all at once.
struct StateArena: ~Copyable {
    private var chunks: [UnsafeMutableRawPointer] = []
    private var next: UnsafeMutableRawPointer?
    private var remaining = 0
    private var nextChunkSize = 4096
    /// Bytes taken from the system.
    private(set) var capacity = 0

    private static let largestChunk = 1 << 20

    /// An empty arena; it takes no memory until it is asked for some.
    init() {}

    deinit { for chunk in chunks { chunk.deallocate() } }

    /// Memory for some bytes, aligned to 8 and not initialised.
    @inline(__always)
    mutating func allocate(_ count: Int) -> UnsafeMutableRawPointer {
        let size = (count &+ 7) & ~7
        if let start = next, size <= remaining {
            next = start + size
            remaining &-= size
            return start
        }
        return allocateFromNewChunk(size)
    }

    @inline(never)
    private mutating func allocateFromNewChunk(_ size: Int) -> UnsafeMutableRawPointer {
        let chunkSize = max(nextChunkSize, size)
        let chunk = UnsafeMutableRawPointer.allocate(byteCount: max(chunkSize, 8), alignment: 8)
        chunks.append(chunk)
        capacity += chunkSize
        // A large value gets a chunk of its own, and the one in use goes on.
        if size < chunkSize {
            next = chunk + size
            remaining = chunkSize - size
        }
        nextChunkSize = min(nextChunkSize * 2, StateArena.largestChunk)
        return chunk
    }
}
