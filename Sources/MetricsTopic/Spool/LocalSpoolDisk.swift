import Glibc
import Synchronization

/// A folder of the local file system, locked against other users while it is open.
///
/// Folders are made for their owner alone (0700), files likewise (0600), and links are not followed. The lock is an
/// `flock` on `.lock`, which ends with the process however it ends; the file names its holder.
final class LocalSpoolDisk: SpoolDisk {
    private struct Open {
        /// The file that is appended to.
        var active: (name: String, descriptor: Int32)?
        var cursor: Int32?
        /// Ends the lock when it is closed; nil when the folder is only looked at, or let go of.
        var lock: Int32?
    }

    let path: String
    /// Who has the folder open, when it is only looked at.
    let holder: SpoolHolder
    private let open = Mutex(Open())

    /// Opens a folder, making it and those above it where they are missing.
    ///
    /// - Throws: ``SpoolError``; `inUse` when somebody else has it open.
    init(path: String) throws(SpoolError) {
        self.path = path
        try Self.createFolders(path)
        holder = .nobody
        let lock = try Self.takeLock(path)
        open.withLock { $0.lock = lock }
    }

    /// Opens a folder to look at it, whoever uses it.
    ///
    /// - Throws: ``SpoolError``; `notASpool` when nothing in it says that it ever was one.
    init(inspecting path: String) throws(SpoolError) {
        self.path = path
        var status = stat()
        guard stat(path, &status) == 0 else { throw SpoolError(errno, "look into the spool folder \(path)") }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            throw SpoolError(ENOTDIR, "look into the spool folder \(path)")
        }
        holder = Self.holder(path)
        let names = try list().map(\.name)
        // A spool in which everything is settled may have no more than its lock.
        guard
            names == [Self.lockName]
                || names.contains(where: {
                    $0 == SpoolFormat.cursorName || SpoolFormat.firstPosition(fileName: $0) != nil
                })
        else {
            throw SpoolError(
                code: .notASpool,
                message: "cannot look into the spool folder \(path): it holds no spool; check the path")
        }
    }

    private static let lockName = ".lock"

    deinit { close() }

    func close() {
        let open = open.withLock { open in
            defer { open = Open() }
            return open
        }
        for descriptor in [open.active?.descriptor, open.cursor, open.lock] {
            if let descriptor { Glibc.close(descriptor) }
        }
    }

    private static func createFolders(_ path: String) throws(SpoolError) {
        if mkdir(path, 0o700) == 0 || errno == EEXIST { return }
        if errno == ENOENT, let slash = path.lastIndex(of: "/"), slash > path.startIndex {
            try createFolders(String(path[..<slash]))
            if mkdir(path, 0o700) == 0 || errno == EEXIST { return }
        }
        throw SpoolError(errno, "make the spool folder \(path)")
    }

    private static func takeLock(_ path: String) throws(SpoolError) -> Int32 {
        let name = "\(path)/\(lockName)"
        let descriptor = Glibc.open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw SpoolError(errno, "open the spool folder \(path)") }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let code = errno
            defer { Glibc.close(descriptor) }
            guard code == EWOULDBLOCK else { throw SpoolError(code, "lock the spool folder \(path)") }
            let holder = processNumber(in: descriptor)
            throw SpoolError(
                code: .inUse,
                message: "cannot open the spool folder \(path): "
                    + (holder.map { "the process \($0)" } ?? "another process")
                    + " uses it; stop that one, or give each its own folder")
        }
        // Only a courtesy for whoever finds the folder locked.
        let process = Array("\(getpid())\n".utf8)
        _ = ftruncate(descriptor, 0)
        _ = pwrite(descriptor, process, process.count, 0)
        return descriptor
    }

    private static func holder(_ path: String) -> SpoolHolder {
        let descriptor = Glibc.open("\(path)/\(lockName)", O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { return .nobody }
        defer { Glibc.close(descriptor) }
        // A shared lock that is let go of at once disturbs nobody.
        if flock(descriptor, LOCK_SH | LOCK_NB) == 0 { return .nobody }
        return .process(processNumber(in: descriptor))
    }

    private static func processNumber(in descriptor: Int32) -> Int? {
        var text = [UInt8](repeating: 0, count: 20)
        let count = max(0, pread(descriptor, &text, 20, 0))
        return Int(String(decoding: text[..<count], as: UTF8.self).filter(\.isNumber))
    }

    private func file(_ name: String) -> String { path + "/" + name }

    // MARK: Reading

    func list() throws(SpoolError) -> [(name: String, size: Int)] { try list(path) }

    /// The names in the quarantine; none when there is no such folder.
    func listQuarantine() throws(SpoolError) -> [String] {
        let folder = file(SpoolFormat.quarantineFolder)
        guard access(folder, F_OK) == 0 else { return [] }
        return try list(folder).map(\.name).filter { !$0.hasPrefix(".") }.sorted()
    }

    private func list(_ path: String) throws(SpoolError) -> [(name: String, size: Int)] {
        guard let folder = opendir(path) else { throw SpoolError(errno, "list the spool folder \(path)") }
        defer { closedir(folder) }
        var files: [(name: String, size: Int)] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            var status = stat()
            // A file that went meanwhile is none.
            guard lstat(path + "/" + name, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { continue }
            files.append((name, Int(status.st_size)))
        }
        return files
    }

    func read(_ name: String) throws(SpoolError) -> [UInt8] {
        let descriptor = Glibc.open(file(name), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { throw SpoolError(errno, "read the spool file \(file(name))") }
        defer { Glibc.close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw SpoolError(errno, "read the spool file \(file(name))") }
        var failure: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: Int(status.st_size)) { buffer, count in
            while count < buffer.count {
                let read = Glibc.read(descriptor, buffer.baseAddress! + count, buffer.count - count)
                if read < 0, errno == EINTR { continue }
                if read < 0 { failure = errno }
                if read <= 0 { break }
                count += read
            }
        }
        if failure != 0 { throw SpoolError(failure, "read the spool file \(file(name))") }
        return bytes
    }

    // MARK: Writing

    func create(_ name: String) throws(SpoolError) {
        let descriptor = Glibc.open(file(name), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw SpoolError(errno, "create the spool file \(file(name))") }
        let old = open.withLock { open in
            defer { open.active = (name, descriptor) }
            return open.active
        }
        if let old { Glibc.close(old.descriptor) }
    }

    func append(_ bytes: [UInt8], to name: String) throws(SpoolError) {
        let failure = Self.write(bytes, to: try active(name))
        if failure != 0 { throw SpoolError(failure, "append to the spool file \(file(name))") }
    }

    /// Writes all bytes; the system's number of the error, or 0.
    private static func write(_ bytes: [UInt8], to descriptor: Int32) -> Int32 {
        bytes.withUnsafeBytes { bytes in
            var written = 0
            while written < bytes.count {
                let count = Glibc.write(descriptor, bytes.baseAddress! + written, bytes.count - written)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { return count == 0 ? EIO : errno }
                written += count
            }
            return 0
        }
    }

    func truncate(_ name: String, to size: Int) throws(SpoolError) {
        guard ftruncate(try active(name), off_t(size)) == 0 else {
            throw SpoolError(errno, "cut the spool file \(file(name)) back")
        }
    }

    func sync(_ name: String) throws(SpoolError) {
        if let active = open.withLock({ $0.active }), active.name == name {
            return try sync(active.descriptor, name)
        }
        // What is synced is the file's content, whoever wrote it and through whichever descriptor.
        let descriptor = Glibc.open(file(name), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { throw SpoolError(errno, "sync the spool file \(file(name))") }
        defer { Glibc.close(descriptor) }
        try sync(descriptor, name)
    }

    private func sync(_ descriptor: Int32, _ name: String) throws(SpoolError) {
        guard fdatasync(descriptor) == 0 else { throw SpoolError(errno, "sync the spool file \(file(name))") }
    }

    func syncFolder() throws(SpoolError) {
        let descriptor = Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw SpoolError(errno, "sync the spool folder \(path)") }
        defer { Glibc.close(descriptor) }
        guard fsync(descriptor) == 0 else { throw SpoolError(errno, "sync the spool folder \(path)") }
    }

    func delete(_ name: String) throws(SpoolError) {
        guard unlink(file(name)) == 0 || errno == ENOENT else {
            throw SpoolError(errno, "delete the spool file \(file(name))")
        }
    }

    func overwrite(_ name: String, _ bytes: [UInt8]) throws(SpoolError) {
        let opened = open.withLock { $0.cursor }
        let descriptor = opened ?? Glibc.open(file(name), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw SpoolError(errno, "open the spool file \(file(name))") }
        open.withLock { $0.cursor = descriptor }
        guard pwrite(descriptor, bytes, bytes.count, 0) == bytes.count else {
            throw SpoolError(errno, "write the spool file \(file(name))")
        }
    }

    func quarantine(_ name: String, _ bytes: [UInt8]) throws(SpoolError) {
        let folder = file(SpoolFormat.quarantineFolder)
        guard mkdir(folder, 0o700) == 0 || errno == EEXIST else { throw SpoolError(errno, "make the folder \(folder)") }
        try makeRoom(in: folder, for: bytes.count)
        let hidden = "\(folder)/.\(name)"
        let descriptor = Glibc.open(hidden, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw SpoolError(errno, "create the file \(hidden)") }
        defer { Glibc.close(descriptor) }
        var failure = Self.write(bytes, to: descriptor)
        if failure == 0, fdatasync(descriptor) != 0 || rename(hidden, "\(folder)/\(name)") != 0 { failure = errno }
        guard failure == 0 else {
            unlink(hidden)
            throw SpoolError(failure, "write the file \(folder)/\(name)")
        }
    }

    /// Files and bytes of the quarantine at most; the oldest go for new ones.
    private static let quarantineLimit = (files: 1000, bytes: 64 << 20)

    private func makeRoom(in folder: String, for bytes: Int) throws(SpoolError) {
        var kept = try list(folder)
        var sum = kept.reduce(bytes) { $0 + $1.size }
        guard kept.count >= Self.quarantineLimit.files || sum > Self.quarantineLimit.bytes else { return }
        func age(_ name: String) -> (Int, Int) {
            var status = stat()
            lstat(folder + "/" + name, &status)
            return (status.st_mtim.tv_sec, status.st_mtim.tv_nsec)
        }
        let oldestFirst = kept.map { (file: $0, age: age($0.name)) }.sorted { $0.age < $1.age }
        for (file, _) in oldestFirst {
            guard kept.count >= Self.quarantineLimit.files || sum > Self.quarantineLimit.bytes else { return }
            guard unlink(folder + "/" + file.name) == 0 || errno == ENOENT else {
                throw SpoolError(errno, "delete the file \(folder)/\(file.name)")
            }
            kept.removeLast()
            sum -= file.size
        }
    }

    private func active(_ name: String) throws(SpoolError) -> Int32 {
        let active = open.withLock { $0.active }
        guard let active, active.name == name else {
            throw SpoolError(code: .notFound, message: "cannot write the spool file \(file(name)): it is not open")
        }
        return active.descriptor
    }
}

extension SpoolError {
    /// An error from the system's number.
    init(_ code: Int32, _ attempt: String) {
        let (kind, hint): (Code, String) =
            switch code {
            case ENOSPC, EDQUOT: (.noSpace, "free space on its disk, or lower the spool's limit")
            case EFBIG: (.noSpace, "raise the limit on file sizes (ulimit -f)")
            case ENOENT, ENOTDIR: (.notFound, "check the path")
            case EACCES, EPERM, EROFS, ELOOP:
                (.notPermitted, "give this user the right to it, or choose another folder")
            default: (.inputOutput, "check the disk")
            }
        self.init(code: kind, message: "cannot \(attempt): \(String(cString: strerror(code))); \(hint)")
    }
}
