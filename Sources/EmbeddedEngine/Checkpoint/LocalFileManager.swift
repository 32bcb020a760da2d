import Glibc
import Synchronization

#if os(Linux)
    import CLinux
#endif

/// File operations on the local file system, by plain system calls.
package struct LocalFileManager: CheckpointFileManager {
    /// Whether files and folders are waited for until they are on the disk. Without it a killed process still loses
    /// nothing, a loss of power may.
    package var isDurable: Bool

    /// Folders in which a folder was made and that are not synced yet: they are with the next file below them that must be
    /// durable, all at once, since a folder matters only for the files in it.
    private let newNames = PendingFolders()

    /// Creates a file manager; durable unless told otherwise.
    package init(isDurable: Bool = true) { self.isDurable = isDurable }

    package func list(_ directory: String) throws -> [String] {
        guard let stream = opendir(directory) else {
            if errno == ENOENT { return [] }
            throw failure("list", directory)
        }
        defer { closedir(stream) }
        var names: [String] = []
        errno = 0
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
            errno = 0
        }
        guard errno == 0 else { throw failure("list", directory) }
        return names
    }

    package func status(_ path: String) throws -> FileStatus? {
        var status = stat()
        guard stat(path, &status) == 0 else {
            if errno == ENOENT { return nil }
            throw failure("look at", path)
        }
        return FileStatus(
            size: Int64(status.st_size),
            modificationTimeMs: Int64(status.st_mtim.tv_sec) * 1000 + Int64(status.st_mtim.tv_nsec) / 1_000_000,
            isDirectory: status.st_mode & S_IFMT == S_IFDIR)
    }

    package func read(_ path: String) throws -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("read", path) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw failure("read", path) }
        // One byte more than the size, so that the end is seen in one call; a file that grows meanwhile takes more.
        var bytes = try chunk(of: descriptor, Int(status.st_size) + 1, path)
        while bytes.count > Int(status.st_size) {
            let more = try chunk(of: descriptor, 65536, path)
            if more.isEmpty { break }
            bytes.append(contentsOf: more)
        }
        return bytes
    }

    /// Up to `count` bytes, fewer only at the end.
    private func chunk(of descriptor: Int32, _ count: Int, _ path: String) throws -> [UInt8] {
        try [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            while initialized < count {
                let step = Glibc.read(descriptor, buffer.baseAddress! + initialized, count - initialized)
                if step < 0, errno == EINTR { continue }
                guard step >= 0 else { throw failure("read", path) }
                if step == 0 { return }
                initialized += step
            }
        }
    }

    package func createDirectories(_ path: String) throws {
        if mkdir(path, 0o777) == 0 {
            newNames.add(CheckpointPath.directory(of: path))
            return
        }
        if errno == EEXIST {
            guard try status(path)?.isDirectory == true else { throw failure("create the folder", path, ENOTDIR) }
            return
        }
        guard errno == ENOENT, path != "/" else { throw failure("create the folder", path) }
        try createDirectories(CheckpointPath.directory(of: path))
        guard mkdir(path, 0o777) == 0 || errno == EEXIST else { throw failure("create the folder", path) }
        newNames.add(CheckpointPath.directory(of: path))
    }

    package func write(_ path: String, _ bytes: [UInt8]) throws {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw failure("create", path) }
        do {
            try bytes.withUnsafeBytes { buffer in
                var position = 0
                while position < buffer.count {
                    let count = Glibc.write(descriptor, buffer.baseAddress! + position, buffer.count - position)
                    if count < 0 {
                        if errno == EINTR { continue }
                        throw failure("write", path)
                    }
                    position += count
                }
            }
        } catch {
            close(descriptor)
            throw error
        }
        #if os(Linux)
            // Only a head start for the wait that follows; that one reports what went wrong.
            if isDurable { _ = sync_file_range(descriptor, 0, 0, 2) }
        #endif
        guard close(descriptor) == 0 else { throw failure("write", path) }
    }

    package func syncFiles(_ paths: [String]) throws {
        if isDurable { try sync(paths, O_RDONLY | O_CLOEXEC) }
    }

    package func syncDirectories(_ paths: [String]) throws {
        let all = Set(paths).union(newNames.take(above: paths))
        if isDurable { try sync(all.sorted(), O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
    }

    package func rename(_ source: String, to target: String, _ policy: ExistingFilePolicy) throws {
        let result =
            policy == .overwrite ? Glibc.rename(source, target) : LocalFileManager.renameExclusively(source, target)
        guard result != 0 else { return }
        if policy == .failIfExists, errno == EEXIST { throw AlreadyExists(path: target) }
        throw failure("create", target)
    }

    package func delete(_ path: String) throws {
        guard unlink(path) == 0 || errno == ENOENT else { throw failure("delete", path) }
    }

    /// A plain rename replaces silently. Where the file system lacks the exclusive one, a hard link is exclusive too.
    private static func renameExclusively(_ source: String, _ target: String) -> Int32 {
        #if os(Linux)
            let result = renameat2(AT_FDCWD, source, AT_FDCWD, target, 1)
            guard result != 0, errno == EINVAL || errno == ENOSYS else { return result }
        #endif
        guard link(source, target) == 0 else { return -1 }
        unlink(source)
        return 0
    }

    private func sync(_ paths: [String], _ flags: Int32) throws {
        try BlockingCalls.forEach(paths) { path in
            let descriptor = open(path, flags)
            guard descriptor >= 0 else { throw failure("sync", path) }
            defer { close(descriptor) }
            guard fsync(descriptor) == 0 else { throw failure("sync", path) }
        }
    }

    private func failure(_ operation: String, _ path: String, _ code: Int32 = errno) -> EngineError {
        .fileOperation(operation, path, errno: code)
    }
}

/// Folders whose entries wait to be synced.
private final class PendingFolders: Sendable {
    private let paths = Mutex<Set<String>>([])

    func add(_ path: String) { paths.withLock { _ = $0.insert(path) } }

    /// Takes those that lie on the way to a folder; whoever takes them syncs them.
    func take(above folders: [String]) -> Set<String> {
        paths.withLock { paths in
            let taken = paths.filter { path in
                folders.contains { ($0 + "/").hasPrefix(path == "/" ? path : path + "/") }
            }
            paths.subtract(taken)
            return taken
        }
    }
}

extension EngineError {
    /// The error of a file operation: what was tried, on which path, what the system said, and what to do.
    package static func fileOperation(_ operation: String, _ path: String, errno code: Int32) -> EngineError {
        EngineError(
            code == ENOENT ? .pathNotFound : .inputOutput,
            "cannot \(operation) \(path): \(String(cString: strerror(code)))", hint: hint(code))
    }

    private static func hint(_ code: Int32) -> String? {
        switch code {
        case EACCES, EPERM: "give this user the right to read and write there, or name another folder"
        case EROFS: "the file system is read-only; name another folder"
        case ENOSPC, EDQUOT: "make room on the disk and start the query again; it goes on where it stopped"
        case ENOTDIR, EEXIST: "a file lies where a folder is needed; name another folder"
        case ENOENT: "was it deleted or moved while the query ran?"
        case EMFILE, ENFILE: "raise the limit of open files (ulimit -n)"
        case EIO: "the disk reports an error; check it before going on"
        case ENAMETOOLONG: "choose a shorter path"
        default: nil
        }
    }
}
