import Dispatch
import Glibc
import Logging

/// Deletes or archives the files of batches that are durable, on one background queue. Best effort: what fails is a warning.
final class SourceFileCleaner {
    private let mode: FileStreamOptions.CleanSource
    private let logger: Logger
    private let queue = DispatchQueue(label: "streamgauge.source-file-cleaner")

    init(_ mode: FileStreamOptions.CleanSource, logger: Logger) {
        self.mode = mode
        self.logger = logger
    }

    /// Cleans files in the background.
    func clean(_ paths: [String]) {
        guard mode != .off, !paths.isEmpty else { return }
        queue.async { [mode, logger] in
            for path in paths {
                if let problem = Self.clean(path, mode) {
                    logger.warning("cannot clean the input file \(path): \(problem)")
                }
            }
        }
    }

    /// Waits for what was begun.
    func finish() { queue.sync {} }

    /// The reason why a file could not be cleaned; nil when it was.
    private static func clean(_ path: String, _ mode: FileStreamOptions.CleanSource) -> String? {
        switch mode {
        case .off: return nil
        case .delete: return unlink(path) == 0 ? nil : String(cString: strerror(errno))
        case .archive(let directory):
            let target = directory + path
            do {
                try LocalFileManager(isDurable: false).createDirectories(CheckpointPath.directory(of: target))
            } catch {
                return "\(error)"
            }
            return rename(path, target) == 0 ? nil : String(cString: strerror(errno))
        }
    }
}
