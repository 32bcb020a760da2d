/// Events given up, counted by reason. Counting is part of the listener's refused call, where hashing a reason would cost more
/// than all else.
struct DropCounts: Sendable {
    private var counts = [Int](repeating: 0, count: DropReason.allCases.count)

    mutating func add(_ count: Int, _ reason: DropReason) { counts[reason.index] += count }

    /// The counts of the reasons that there were.
    var byReason: [DropReason: Int] {
        var named: [DropReason: Int] = [:]
        for reason in DropReason.allCases where counts[reason.index] > 0 { named[reason] = counts[reason.index] }
        return named
    }
}

extension DropReason {
    /// The place in `allCases`.
    fileprivate var index: Int {
        switch self {
        case .bufferFull: 0
        case .memoryFull: 1
        case .spoolFull: 2
        case .diskFailed: 3
        case .tooLarge: 4
        case .timedOut: 5
        case .damaged: 6
        case .refused: 7
        case .closed: 8
        }
    }
}
