/// What to do when the file that is to be created exists.
package enum ExistingFilePolicy: Sendable, Hashable {
    /// Fail: the creation of offsets, commits and source logs is what excludes a second writer.
    case failIfExists
    /// Replace it: a batch that is run again replaces its own state files.
    case overwrite
}

/// What is known of a file without reading it.
package struct FileStatus: Sendable, Hashable {
    /// Length in bytes.
    package var size: Int64
    /// Time of the last change, milliseconds since 1970.
    package var modificationTimeMs: Int64
    /// Whether it is a folder.
    package var isDirectory: Bool

    /// Creates a status.
    package init(size: Int64, modificationTimeMs: Int64, isDirectory: Bool) {
        self.size = size
        self.modificationTimeMs = modificationTimeMs
        self.isDirectory = isDirectory
    }
}

/// A file that is to come into being at once with all of its content.
package struct AtomicFile: Sendable {
    /// Where.
    package var path: String
    /// Its whole content.
    package var bytes: [UInt8]

    /// Creates a description; nothing is written.
    package init(path: String, bytes: [UInt8]) {
        self.path = path
        self.bytes = bytes
    }
}

/// The file operations a checkpoint is made of, small enough that a test can stop the world between any two of them.
///
/// Every failure is an ``EngineError`` that names the operation, the path and the system's reason.
package protocol CheckpointFileManager: Sendable {
    /// The names in a folder, in no order; empty if there is no such folder.
    func list(_ directory: String) throws -> [String]
    /// What is at a path; nil if nothing is.
    func status(_ path: String) throws -> FileStatus?
    /// A file's whole content.
    func read(_ path: String) throws -> [UInt8]
    /// Makes a folder and those above it where they are missing.
    func createDirectories(_ path: String) throws
    /// Creates a file that must not exist and hands its content to the system, which starts to write it out.
    func write(_ path: String, _ bytes: [UInt8]) throws
    /// Waits until the content of some files is on the disk.
    func syncFiles(_ paths: [String]) throws
    /// Waits until the names in some folders are on the disk.
    func syncDirectories(_ paths: [String]) throws
    /// Gives a file its final name. With `.failIfExists` throws ``AlreadyExists`` if that name is taken.
    func rename(_ source: String, to target: String, _ policy: ExistingFilePolicy) throws
    /// Deletes a file; it is no error if there is none.
    func delete(_ path: String) throws
}

/// The name for a new file is taken: another writer was first.
package struct AlreadyExists: Error, Sendable, CustomStringConvertible {
    /// The taken path.
    package var path: String

    /// Creates the error.
    package init(path: String) { self.path = path }

    /// What happened.
    package var description: String { "\(path) exists already" }
}

extension CheckpointFileManager {
    /// Whether anything is at a path.
    package func exists(_ path: String) throws -> Bool { try status(path) != nil }

    /// Creates a file that is either there with all of its content or not at all, also after a loss of power.
    package func createAtomic(_ path: String, _ bytes: [UInt8], _ policy: ExistingFilePolicy) throws {
        try createAtomic([AtomicFile(path: path, bytes: bytes)], policy)
    }

    /// Creates several files, each atomically, in their order.
    ///
    /// All contents are handed to the system before any is waited for, and all names are set before any folder is: the
    /// disk then works on all of them at once.
    package func createAtomic(_ newFiles: [AtomicFile], _ policy: ExistingFilePolicy) throws {
        var temporaries: [String] = []
        do {
            for file in newFiles {
                let temporary = CheckpointPath.temporary(for: file.path)
                temporaries.append(temporary)
                try write(temporary, file.bytes)
            }
            try syncFiles(temporaries)
            for (index, file) in newFiles.enumerated() {
                // A checksum that Hadoop left for an older file of this name would refuse the new one.
                if policy == .overwrite { try deleteSidecar(of: file.path) }
                try rename(temporaries[index], to: file.path, policy)
            }
            try syncDirectories(Set(newFiles.map { CheckpointPath.directory(of: $0.path) }).sorted())
        } catch {
            // The first error is the one to report; what cannot be tidied up is a hidden file nobody reads.
            for temporary in temporaries { try? delete(temporary) }
            throw error
        }
    }

    /// Deletes a file and the checksum that Hadoop may have put beside it.
    package func deleteWithSidecar(_ path: String) throws {
        try delete(path)
        try deleteSidecar(of: path)
    }

    private func deleteSidecar(of path: String) throws {
        try delete("\(CheckpointPath.directory(of: path))/.\(CheckpointPath.name(of: path)).crc")
    }
}
