import CLinux
import Glibc

/// Starts programs with nothing of this process but what they are given.
enum SpawnedCommand {
    /// Starts a program in a process group of its own.
    ///
    /// - Parameters:
    ///   - arguments: The program's path first.
    ///   - input: Its standard input.
    ///   - output: Its standard output and error.
    static func start(
        _ arguments: [String], environment: [String: String], input: Int32, output: Int32
    ) throws(ChannelError) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        posix_spawn_file_actions_adddup2(&actions, input, 0)
        posix_spawn_file_actions_adddup2(&actions, output, 1)
        posix_spawn_file_actions_adddup2(&actions, output, 2)
        posix_spawn_file_actions_addclosefrom_np(&actions, 3)
        // The thread it is started from has signals blocked, and the program ignores some: neither is to be inherited.
        var none = sigset_t()
        var all = sigset_t()
        sigemptyset(&none)
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        var process = pid_t()
        let variables = environment.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        let status = withTexts(arguments) { argv in
            withTexts(variables) { envp in
                posix_spawn(&process, arguments[0], &actions, &attributes, argv, envp)
            }
        }
        guard status == 0 else {
            throw ChannelError(
                code: .commandFailed, message: "cannot run \(arguments[0]): \(String(cString: strerror(status)))",
                isRetriable: true)
        }
        return process
    }

    /// A list of C texts with nil at its end.
    private static func withTexts<Result>(
        _ texts: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
    ) -> Result {
        let pointers: [UnsafeMutablePointer<CChar>?] = texts.map { strdup($0) } + [nil]
        defer { for pointer in pointers { free(pointer) } }
        return body(pointers)
    }
}

/// The input of a command as a file without a name.
enum CommandInput {
    /// A descriptor that no child inherits; -1 with `errno` where there is none.
    static func make() -> Int32 { memfd_create("streamgauge-notice", 1) }
}
