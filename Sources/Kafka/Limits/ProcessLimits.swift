import Glibc

#if os(Linux)
    import CLinux
#endif

/// The files and the memory that a process may still have.
///
/// librdkafka ends the process when it cannot open the pipes that wake its threads or cannot have memory, and waits for ever
/// for a thread that it could not start; so does the runtime. What is needed is therefore tried out before work begins. What
/// others take between the trial and the use is beyond that.
package enum ProcessLimits {
    /// Tries whether the process may have that much more, and gives it back.
    ///
    /// - Parameter attempt: What it is for, to stand after "cannot".
    /// - Throws: ``KafkaError`` with the code `resourceExhausted` when it may not.
    package static func require(_ needs: ProcessNeeds, for attempt: String) throws(KafkaError) {
        try requireFiles(needs.files, for: attempt)
        try requireAddresses(needs.addressBytes, for: attempt)
    }

    private static func requireFiles(_ count: Int, for attempt: String) throws(KafkaError) {
        var opened: [Int32] = []
        defer { for fd in opened { close(fd) } }
        while opened.count < count {
            let fd = open("/dev/null", O_RDONLY | O_CLOEXEC)
            guard fd >= 0 else {
                let missing = count - opened.count
                var remedy = "\(String(cString: strerror(errno))); close files"
                if errno == EMFILE, let limit = limit(RLIMIT_NOFILE) {
                    remedy = "the limit is \(limit); raise it (ulimit -n \(limit + missing)) or close files"
                }
                throw KafkaError(
                    code: .resourceExhausted,
                    message:
                        "cannot \(attempt): it needs up to \(count) files, and only \(opened.count) more can be opened "
                        + "here: \(remedy)")
            }
            opened.append(fd)
        }
    }

    private static func requireAddresses(_ bytes: Int, for attempt: String) throws(KafkaError) {
        // Writable and private, as stacks and heaps are: the limit on data counts no others. No page of it is touched.
        let trial = mmap(
            nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | Int32(MAP_ANONYMOUS) | Int32(MAP_NORESERVE), -1, 0)
        if let trial, trial != MAP_FAILED {
            munmap(trial, bytes)
            return
        }
        let reason = String(cString: strerror(errno))
        throw KafkaError(
            code: .resourceExhausted,
            message:
                "cannot \(attempt): it needs up to \(kilobytes(bytes)) kB of memory more than the process has, and "
                + (tooLittleMemory(for: bytes) ?? "that is not to be had here: \(reason); end other programs"))
    }

    /// The limit that the bytes would break, in the words and units of the shell; nil when it is none of the process' own.
    private static func tooLittleMemory(for bytes: Int) -> String? {
        let used = usedPages()
        for (resource, option, pages) in [(RLIMIT_AS, "-v", used.all), (RLIMIT_DATA, "-d", used.data)] {
            guard let limit = limit(resource) else { continue }
            let needed = pages * Int(sysconf(Int32(_SC_PAGESIZE))) + bytes
            guard needed > limit else { continue }
            // A mebibyte more, for what is taken between this look and the next.
            return "the limit is \(kilobytes(limit)) kB in all; raise it (ulimit \(option) \(kilobytes(needed) + 1024))"
        }
        return nil
    }

    /// Whether memory is limited at all.
    private static var limitsMemory: Bool { limit(RLIMIT_AS) != nil || limit(RLIMIT_DATA) != nil }

    /// Makes the C library reserve no addresses beyond need when they are limited. To be called before other threads begin.
    ///
    /// It would reserve 64 MiB for each thread that asks for memory, and leave none for the stacks of the next ones.
    package static func keepAddresses() {
        #if os(Linux)
            if limitsMemory { _ = mallopt(M_ARENA_MAX, 1) }
        #endif
    }

    /// Makes the C library share its memory between threads and give large pieces back to the system, for a process that holds much
    /// for long and now and then writes it all down: each thread's own share would hold on to what it needed once.
    package static func shareMemory() {
        #if os(Linux)
            if !limitsMemory { _ = mallopt(M_ARENA_MAX, 2) }
            _ = mallopt(M_MMAP_THRESHOLD, 1 << 20)
            _ = mallopt(M_TRIM_THRESHOLD, 4 << 20)
        #endif
    }

    /// Gives memory that the C library holds and nobody uses back to the system, once in so long, until the task is cancelled.
    ///
    /// By itself the library gives back only what lies at the end of its memory.
    package static func giveBackMemory(every interval: Duration) async {
        while (try? await Task.sleep(for: interval)) != nil {
            #if os(Linux)
                _ = malloc_trim(0)
            #endif
        }
    }

    private static func kilobytes(_ bytes: Int) -> Int { (bytes + 1023) / 1024 }

    /// nil when there is none.
    private static func limit(_ resource: __rlimit_resource) -> Int? {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(resource.rawValue), &limit) == 0, limit.rlim_cur != rlim_t.max else {
            return nil
        }
        return Int(exactly: limit.rlim_cur)
    }

    /// What counts against the limits, in pages; zeros where the system does not tell.
    private static func usedPages() -> (all: Int, data: Int) {
        let file = open("/proc/self/statm", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return (0, 0) }
        defer { close(file) }
        let text = withUnsafeTemporaryAllocation(byteCount: 256, alignment: 1) { buffer in
            String(decoding: buffer.prefix(max(0, read(file, buffer.baseAddress, buffer.count))), as: UTF8.self)
        }
        let fields = text.split { $0 == " " || $0 == "\n" }.map { Int($0) ?? 0 }
        return fields.count > 5 ? (fields[0], fields[5]) : (0, 0)
    }
}
