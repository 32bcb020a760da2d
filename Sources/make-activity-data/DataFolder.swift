import Glibc

/// The folder the data goes to.
struct DataFolder: Sendable {
    let path: String

    /// What was made.
    struct Summary: Sendable {
        var rows: Int
        var files: Int
        var seed: UInt64
        var bytes = 0
        var counts = [Int](repeating: 0, count: Activity.allCases.count)

        /// The summary as one JSON object.
        var json: String {
            let counts = zip(Activity.allCases, counts).map { "\"\($0.rawValue)\":\($1)" }.joined(separator: ",")
            return "{\"rows\":\(rows),\"files\":\(files),\"bytes\":\(bytes),\"seed\":\(seed),\"gt\":{\(counts)}}"
        }
    }

    /// Makes the folder; refuses one that has data already, because the counts of the summary would not hold for it.
    func prepare() throws(DataFolderError) {
        var made = path.hasPrefix("/") ? "/" : ""
        for part in path.split(separator: "/") {
            made += part
            if mkdir(made, 0o777) != 0, errno != EEXIST { throw DataFolderError(attempt: "make the folder \(made)") }
            made += "/"
        }
        guard let listing = opendir(path) else { throw DataFolderError(attempt: "read the folder \(path)") }
        defer { closedir(listing) }
        while let entry = readdir(listing) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if !name.hasPrefix(".") {
                throw DataFolderError(
                    message: "the folder \(path) has files already (\(name)): name another one with --out, or empty it")
            }
        }
    }

    /// Writes the files, several at a time, and the summary at last.
    func fill(rows: Int, files: Int, seed: UInt64) async throws -> Summary {
        let recording = Recording(rows: rows, seed: seed)
        var summary = Summary(rows: rows, files: files, seed: seed)
        try await withThrowingTaskGroup(of: (bytes: Int, counts: [Int]).self) { group in
            for file in 0..<files {
                group.addTask { try write(file: file, of: files, recording: recording, seed: seed) }
            }
            for try await done in group {
                summary.bytes += done.bytes
                for index in done.counts.indices { summary.counts[index] += done.counts[index] }
            }
        }
        let output = try HiddenFile(folder: path, name: "_summary.json")
        try output.write(Array((summary.json + "\n").utf8))
        try output.publish(modifiedAt: nil)
        return summary
    }

    private func write(
        file: Int, of files: Int, recording: Recording, seed: UInt64
    ) throws(DataFolderError) -> (bytes: Int, counts: [Int]) {
        let digits = String(file)
        let name = "part-" + String(repeating: "0", count: max(0, 5 - digits.count)) + digits + ".json"
        let output = try HiddenFile(folder: path, name: name)
        var writer = RowWriter(seed: seed, file: file)
        var size = 0
        var segment = 0
        for row in stride(from: file, to: recording.rows, by: files) {
            while row >= recording.segments[segment].end { segment += 1 }
            writer.append(row: row, of: recording.segments[segment])
            if writer.bytes.count >= RowWriter.flushSize {
                size += writer.bytes.count
                try writer.take(output)
            }
        }
        size += writer.bytes.count
        try writer.take(output)
        // Readers that order files by age see them in name order.
        try output.publish(modifiedAt: 1_500_000_000 + file)
        return (size, writer.counts)
    }
}
