/// What the phone's owner was doing: the column `gt`.
enum Activity: String, CaseIterable {
    case bike, sit, stand, walk, stairsup, stairsdown
    /// Between two activities; the string "null", not JSON's null.
    case none = "null"

    /// How far the acceleration swings, in ten-millionths.
    var swing: Int {
        switch self {
        case .sit: 150_000
        case .stand: 200_000
        case .none: 4_000_000
        case .bike: 8_000_000
        case .walk: 11_000_000
        case .stairsup: 13_000_000
        case .stairsdown: 16_000_000
        }
    }

    /// How long it lasts against the others.
    var share: Int {
        switch self {
        case .none: 70
        case .stairsdown: 375
        case .stairsup: 418
        case .bike: 432
        case .stand: 455
        case .sit: 492
        case .walk: 530
        }
    }
}
