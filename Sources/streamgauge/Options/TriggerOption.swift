import ArgumentParser
import StructuredStreaming

/// `--trigger`: `default`, `once`, `available-now`, or an interval such as `5 seconds`.
struct TriggerOption: ExpressibleByArgument {
    /// As soon as the last batch is done.
    static let `default` = TriggerOption(text: "default", trigger: .processingTime(.zero))

    private let text: String
    let trigger: Trigger

    var defaultValueDescription: String { text }

    private init(text: String, trigger: Trigger) {
        self.text = text
        self.trigger = trigger
    }

    init?(argument: String) {
        text = argument
        switch argument {
        case "default": trigger = .processingTime(.zero)
        case "once": trigger = .once
        case "available-now": trigger = .availableNow
        default:
            guard let interval = try? Trigger.processingTime(argument) else { return nil }
            trigger = interval
        }
    }
}
