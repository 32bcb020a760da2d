/// What can go wrong with a connection.
public enum NetworkFault: String, Sendable, Hashable, CaseIterable {
    /// Bytes arrive late, each time by another span.
    case delay
    /// The connection ends in the middle of an answer or a request.
    case truncate
    /// The connection is reset.
    case reset
    /// The broker's side is gone and the client is not told: it may send, and nothing comes back.
    case halfOpen
    /// What the client sends vanishes on the way; what is on its way to the client still arrives.
    case blackholeToBroker
    /// What the broker sends vanishes on the way: requests are carried out and never answered.
    case blackholeToClient
}

/// Which faults connections have and when: drawn from a seed, so that the same seed gives the same faults.
///
/// A fault strikes after a number of bytes and not after a time, which would depend on the machine.
public struct NetworkFaults: Sendable, Hashable {
    /// What to draw from; empty for a network without faults.
    public var kinds: [NetworkFault]
    /// After how many bytes in its direction a fault strikes.
    public var afterBytes: ClosedRange<Int>
    /// The longest delay of ``NetworkFault/delay``.
    public var maximumDelay: Duration
    /// Of how many connections one is struck: 1 strikes each.
    public var oneIn: Int

    /// No faults.
    public static let none = NetworkFaults([])

    /// Creates a description of faults.
    public init(
        _ kinds: [NetworkFault], afterBytes: ClosedRange<Int> = 200...20_000,
        maximumDelay: Duration = .milliseconds(200), oneIn: Int = 1
    ) {
        self.kinds = kinds
        self.afterBytes = afterBytes
        self.maximumDelay = maximumDelay
        self.oneIn = max(1, oneIn)
    }

    /// What befalls one connection.
    public struct Planned: Sendable, Hashable {
        /// The fault.
        public var fault: NetworkFault
        /// Whether it strikes on the way to the broker or on the way back.
        public var isTowardsBroker: Bool
        /// After how many bytes on that way.
        public var afterBytes: Int
    }

    /// What befalls a connection; nil when nothing does.
    ///
    /// - Parameters:
    ///   - seed: Of the proxy.
    ///   - connection: Its number, from 0, in the order in which the proxy accepted them.
    public func planned(seed: UInt64, connection: Int) -> Planned? {
        var random = SeededRandom(seed: seed, stream: UInt64(connection))
        guard !kinds.isEmpty, Int.random(in: 0..<oneIn, using: &random) == 0 else { return nil }
        let fault = kinds[Int.random(in: 0..<kinds.count, using: &random)]
        let towardsBroker = Bool.random(using: &random)
        return Planned(
            fault: fault,
            isTowardsBroker: fault == .blackholeToBroker || (fault != .blackholeToClient && towardsBroker),
            afterBytes: Int.random(in: afterBytes, using: &random))
    }
}

/// SplitMix64: small, and the same on every machine and in every release of Swift.
struct SeededRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64, stream: UInt64) {
        state = seed &+ stream &* 0xD1B5_4A32_D192_ED03
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
