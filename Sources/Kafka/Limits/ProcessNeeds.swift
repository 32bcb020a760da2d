import Glibc

/// What some work takes from the system, beside what the process holds already.
package struct ProcessNeeds: Sendable, Hashable {
    /// Open files.
    package var files: Int
    /// Threads, each with a stack of the size that the system gives (ulimit -s).
    package var threads: Int
    /// Memory beside the stacks.
    package var memoryBytes: Int

    package init(files: Int, threads: Int, memoryBytes: Int) {
        self.files = files
        self.threads = threads
        self.memoryBytes = memoryBytes
    }

    /// For a client of a small cluster: two files for the pipe of each thread and one for each connection; a thread for each
    /// broker, those that find brokers, and the one that polls.
    static let client = ProcessNeeds(files: 24, threads: 6, memoryBytes: 8 << 20)

    /// Addresses for the stacks and the memory. A stack takes its addresses when its thread begins, whether it is used or not.
    var addressBytes: Int { memoryBytes + threads * Self.stackBytes }

    /// The stack of a thread that says nothing of its size, with the page that guards it.
    private static var stackBytes: Int {
        var attributes = pthread_attr_t()
        var stack = 0
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_getstacksize(&attributes, &stack)
        return stack + Int(sysconf(Int32(_SC_PAGESIZE)))
    }
}
