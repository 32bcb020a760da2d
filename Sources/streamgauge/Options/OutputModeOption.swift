import ArgumentParser
import StructuredStreaming

/// `--output-mode`.
enum OutputModeOption: String, ExpressibleByArgument, CaseIterable {
    case append, update, complete

    var mode: OutputMode {
        switch self {
        case .append: .append
        case .update: .update
        case .complete: .complete
        }
    }
}
