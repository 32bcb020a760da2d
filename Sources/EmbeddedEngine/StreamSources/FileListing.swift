import Glibc

/// One input file as a listing shows it.
struct ListedFile: Sendable, Hashable {
    /// Absolute path.
    var path: String
    /// Modification time, milliseconds since 1970.
    var modifiedMilliseconds: Int64
    /// Bytes.
    var size: Int64
}

/// Finds the files of a source by Spark's rules: names that begin with `_` or `.` or end in `._COPYING_` are skipped,
/// directories are not entered unless asked for, and the extension does not matter.
struct FileListing: Sendable {
    /// The path as the user gave it, made absolute; a directory or a glob pattern.
    let path: String
    /// Option `recursiveFileLookup`.
    var isRecursive = false
    /// Option `pathGlobFilter`: a pattern for the last component.
    var nameFilter: String?

    /// Whether the path holds a pattern.
    var isGlob: Bool { path.contains { "*?[{".contains($0) } }

    /// Checks that there is something to list.
    func checkExists() throws(EngineError) {
        if isGlob {
            guard !expand().isEmpty else {
                throw EngineError(
                    .pathNotFound, "Path does not exist: no file matches \(path)", hint: "check the pattern")
            }
            return
        }
        var status = stat()
        guard stat(path, &status) == 0 else {
            throw EngineError(
                .pathNotFound, "Path does not exist: \(path)", hint: "create the directory, or check the path")
        }
    }

    /// All files there now, oldest first, files of one time by name.
    func files() throws -> [ListedFile] {
        var found: [ListedFile] = []
        for root in isGlob ? expand() : [path] {
            var status = stat()
            guard stat(root, &status) == 0 else {
                if isGlob { continue }
                throw EngineError(
                    .pathNotFound, "Path does not exist: \(root)",
                    hint: "the directory was there when the query started")
            }
            if status.st_mode & S_IFMT == S_IFDIR {
                try list(root, into: &found)
            } else if isWanted(CheckpointPath.name(of: root)) {
                found.append(Self.listed(root, status))
            }
        }
        return found.sorted { ($0.modifiedMilliseconds, $0.path) < ($1.modifiedMilliseconds, $1.path) }
    }

    private func list(_ directory: String, into found: inout [ListedFile]) throws {
        if let listed = try sinkFiles(directory) {
            found += listed
            return
        }
        guard let handle = opendir(directory) else { throw Self.failure("list the input directory", directory) }
        defer { closedir(handle) }
        errno = 0
        while let entry = readdir(handle) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard Self.isVisible(name) else { continue }
            let path = directory + "/" + name
            var status = stat()
            guard stat(path, &status) == 0 else {
                // A file that vanished between the listing and this look is simply not there.
                if errno == ENOENT { continue }
                throw Self.failure("look at the input file", path)
            }
            switch status.st_mode & S_IFMT {
            case S_IFDIR: if isRecursive { try list(path, into: &found) }
            // A pipe or socket would block its reader, so only plain files are input.
            case S_IFREG: if isWanted(name) { found.append(Self.listed(path, status)) }
            default: continue
            }
            errno = 0
        }
        guard errno == 0 else { throw Self.failure("list the input directory", directory) }
    }

    /// The files that a file sink's log lists, if this directory is the output of one: files of batches that failed are not
    /// among them.
    private func sinkFiles(_ directory: String) throws -> [ListedFile]? {
        let log = directory + "/" + FileStreamSinkLog.directoryName
        let files = LocalFileManager(isDurable: false)
        guard try files.exists(log) else { return nil }
        return try FileStreamSinkLog(outputDirectory: directory, files: files).allFiles().compactMap { file in
            let path = try FileURI.path(of: file.path)
            guard isWanted(CheckpointPath.name(of: path)) else { return nil }
            return ListedFile(path: path, modifiedMilliseconds: file.modificationTime, size: file.size)
        }
    }

    private static func failure(_ verb: String, _ path: String) -> EngineError {
        EngineError(
            .inputOutput, "cannot \(verb) \(path): \(String(cString: strerror(errno)))", hint: "check its permissions")
    }

    private func isWanted(_ name: String) -> Bool {
        guard Self.isVisible(name) else { return false }
        guard let nameFilter else { return true }
        return fnmatch(nameFilter, name, 0) == 0
    }

    private static func isVisible(_ name: String) -> Bool {
        !name.hasPrefix("_") && !name.hasPrefix(".") && !name.hasSuffix("._COPYING_")
    }

    private static func listed(_ path: String, _ status: stat) -> ListedFile {
        let time = Int64(status.st_mtim.tv_sec) * 1000 + Int64(status.st_mtim.tv_nsec) / 1_000_000
        return ListedFile(path: path, modifiedMilliseconds: time, size: Int64(status.st_size))
    }

    private func expand() -> [String] {
        var result = glob_t()
        defer { globfree(&result) }
        guard glob(path, GLOB_BRACE, nil, &result) == 0 else { return [] }
        return (0..<Int(result.gl_pathc)).compactMap { index in result.gl_pathv[index].map { String(cString: $0) } }
    }
}

extension ListedFile {
    /// The bytes of a file; nil when it does not exist.
    static func size(of path: String) -> Int64? {
        var status = stat()
        return stat(path, &status) == 0 ? Int64(status.st_size) : nil
    }
}
