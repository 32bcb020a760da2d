import FoundationEssentials

/// The file of `run --result`, once the query has ended. The sink writes it with each batch; this is about no batch at all.
struct ResultFile {
    let path: String
    let checkpoint: String?

    /// Makes the file tell the truth when this run had no batch: empty when there never was one, and otherwise as the runs
    /// before have left it.
    func finishWithoutBatch() throws {
        if try hasEarlierBatches() {
            guard FileManager.default.fileExists(atPath: path) else {
                throw CommandError(
                    "the result file \(path) is not there, and no batch was left to write it",
                    hint: "put it back, or start over with a new checkpoint")
            }
        } else {
            try Data().write(to: URL(filePath: path), options: .atomic)
        }
    }

    private func hasEarlierBatches() throws -> Bool {
        guard let checkpoint else { return false }
        let commits = checkpoint + "/commits"
        guard FileManager.default.fileExists(atPath: commits) else { return false }
        return try FileManager.default.contentsOfDirectory(atPath: commits).contains { Int($0) != nil }
    }
}
