import ArgumentParser

/// `--sink`: `console`, `noop`, or `json:DIR`.
enum SinkOption: ExpressibleByArgument, Equatable {
    case console
    case noop
    case json(directory: String)

    init?(argument: String) {
        switch argument {
        case "console": self = .console
        case "noop": self = .noop
        default:
            guard argument.hasPrefix("json:"), argument.count > 5 else { return nil }
            self = .json(directory: String(argument.dropFirst(5)))
        }
    }
}
