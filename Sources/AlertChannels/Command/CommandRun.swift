import CLinux
import Glibc

/// One run of a program: its input is a file in memory, so that nobody waits for it to be read; its output is kept in part; and it ends,
/// with all that it started, when its time is over.
struct CommandRun: Sendable {
    /// Bytes of the output that are kept, the last ones.
    static let maximumOutputBytes = 4096

    var arguments: [String]
    var environment: [String: String]
    var input: [UInt8]
    var timeout: Duration

    private enum Ending {
        case exited(Int32)
        case killed(Int32)
        case timedOut
        case cancelled
    }

    /// Runs it to its end.
    ///
    /// - Throws: ``ChannelError`` unless its exit code is 0.
    func run(_ cancellation: CancellationFlag) throws(ChannelError) {
        let input = try InputFile(self.input)
        var pipe: [Int32] = [-1, -1]
        guard pipe2(&pipe, O_CLOEXEC) == 0 else { throw failure("no pipe could be made: \(Self.reason(errno))") }
        let (reading, writing) = (pipe[0], pipe[1])
        defer { close(reading) }
        let process: pid_t
        do throws(ChannelError) {
            process = try SpawnedCommand.start(
                arguments, environment: environment, input: input.descriptor, output: writing)
        } catch {
            close(writing)
            throw error
        }
        close(writing)
        var output: [UInt8] = []
        let ending = watch(process, reading, &output, cancellation)
        try judge(ending, output)
    }

    private func watch(
        _ process: pid_t, _ reading: Int32, _ output: inout [UInt8], _ cancellation: CancellationFlag
    ) -> Ending {
        let end = ContinuousClock.now + timeout
        _ = fcntl(reading, F_SETFL, O_NONBLOCK)
        while true {
            Self.readOutput(reading, &output, waitMilliseconds: 20)
            var information = siginfo_t()
            // Not reaped yet: while it is there its group's number belongs to nobody else.
            let hasEnded =
                waitid(P_PID, id_t(process), &information, WEXITED | WNOHANG | WNOWAIT) == 0
                && information.si_signo != 0
            let isLate = ContinuousClock.now >= end
            guard hasEnded || isLate || cancellation.isSet else { continue }
            kill(-process, SIGKILL)
            var status: Int32 = 0
            while waitpid(process, &status, 0) < 0, errno == EINTR {}
            Self.readOutput(reading, &output, waitMilliseconds: 0)
            guard hasEnded else { return isLate ? .timedOut : .cancelled }
            // The macros of wait(2): the low seven bits are the signal, the second byte is the exit code.
            return status & 0x7F == 0 ? .exited(status >> 8 & 0xFF) : .killed(status & 0x7F)
        }
    }

    /// Takes what is there, and keeps the end of it.
    private static func readOutput(_ reading: Int32, _ output: inout [UInt8], waitMilliseconds: Int32) {
        var descriptor = pollfd(fd: reading, events: Int16(POLLIN), revents: 0)
        guard poll(&descriptor, 1, waitMilliseconds) > 0 else { return }
        var chunk = [UInt8](repeating: 0, count: 16_384)
        // A bounded number: a program that writes without end must not keep its time limit from being looked at.
        for _ in 0..<16 {
            let count = read(reading, &chunk, chunk.count)
            guard count > 0 else {
                // Its end is closed and it still runs: polling would return at once, again and again.
                if count == 0, waitMilliseconds > 0 { usleep(UInt32(waitMilliseconds) * 1000) }
                return
            }
            output += chunk[..<count]
            if output.count > maximumOutputBytes { output.removeFirst(output.count - maximumOutputBytes) }
        }
    }

    private func judge(_ ending: Ending, _ output: [UInt8]) throws(ChannelError) {
        let text = SafeText.line(String(decoding: output.suffix(300), as: UTF8.self), limit: 300)
        let said = text.isEmpty ? "" : "; it wrote: \(text)"
        switch ending {
        case .exited(0): return
        case .exited(let code): throw failure("it ended with exit code \(code)\(said)")
        case .killed(let signal): throw failure("it was ended by signal \(signal)\(said)")
        case .timedOut:
            throw ChannelError(
                code: .timedOut,
                message: "cannot run \(arguments[0]): it ran longer than \(timeout) and was killed\(said)",
                isRetriable: true)
        case .cancelled:
            throw ChannelError(
                code: .cancelled, message: "cannot run \(arguments[0]): it was broken off", isRetriable: true)
        }
    }

    private func failure(_ reason: String) -> ChannelError {
        ChannelError(code: .commandFailed, message: "cannot run \(arguments[0]): \(reason)", isRetriable: true)
    }

    fileprivate static func reason(_ number: Int32) -> String { String(cString: strerror(number)) }
}

/// A file in memory that a program reads from its beginning.
private struct InputFile: ~Copyable {
    let descriptor: Int32

    init(_ bytes: [UInt8]) throws(ChannelError) {
        descriptor = CommandInput.make()
        var rest = bytes[...]
        while descriptor >= 0, !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            rest = rest.dropFirst(count)
        }
        guard descriptor >= 0, rest.isEmpty, lseek(descriptor, 0, SEEK_SET) == 0 else {
            throw ChannelError(
                code: .commandFailed, message: "cannot keep a command's input in memory: \(CommandRun.reason(errno))",
                isRetriable: true)
        }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }
}
