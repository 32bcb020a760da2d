/// The file operations a spool is made of, in one folder; small enough that a test can fail each of them, and a simulator
/// forget what was not synced.
///
/// Names are those of files in the folder. Every failure is a ``SpoolError`` that names the operation, the file and the
/// system's reason. Only the writer changes files; reading may happen on another thread at the same time.
package protocol SpoolDisk: Sendable {
    /// The folder, as messages name it.
    var path: String { get }
    /// The files and their sizes in bytes, in no order.
    func list() throws(SpoolError) -> [(name: String, size: Int)]
    /// A file's whole content.
    func read(_ name: String) throws(SpoolError) -> [UInt8]
    /// Creates a file that must not exist, to be appended to.
    func create(_ name: String) throws(SpoolError)
    /// Appends all the bytes to the file created last, or throws; then some of them may have been written.
    func append(_ bytes: [UInt8], to name: String) throws(SpoolError)
    /// Cuts the file created last back to a length.
    func truncate(_ name: String, to size: Int) throws(SpoolError)
    /// Waits until what was appended to a file, by this process or an earlier one, is on the disk.
    func sync(_ name: String) throws(SpoolError)
    /// Waits until the names in the folder are on the disk.
    func syncFolder() throws(SpoolError)
    /// Deletes a file; it is no error if there is none.
    func delete(_ name: String) throws(SpoolError)
    /// Writes a small file over the one that is there, in place; a crash may leave either, or a mixture.
    func overwrite(_ name: String, _ bytes: [UInt8]) throws(SpoolError)
    /// Puts a file into the quarantine folder below this one, at once with all of its content.
    func quarantine(_ name: String, _ bytes: [UInt8]) throws(SpoolError)
    /// Lets go of the folder, which others may use from then on; nothing is written any more.
    func close()
}

extension SpoolDisk {
    /// Where a quarantined file lies, as messages name it.
    func quarantinePath(_ name: String) -> String { "\(path)/\(SpoolFormat.quarantineFolder)/\(name)" }
}
