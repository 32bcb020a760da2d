import Glibc

/// The terminal's raw mode and second screen, and the way back from them, whatever ends the program.
///
/// There is one terminal and one of these. ``leaveAtOnce()`` is what a signal handler may do as well: it only reads the memory below,
/// which was written before the handler was set, and calls `tcsetattr` and `write`.
enum TerminalMode {
    private static let secondScreen = "\u{1b}[?1049h"
    /// A hidden cursor, and no wrapping: a character that is wider than we know must not move all that follows.
    private static let drawingModes = "\u{1b}[?25l\u{1b}[?7l\u{1b}[2J"
    private static let leaveText = StaticString("\u{1b}[0m\u{1b}[?7h\u{1b}[?25h\u{1b}[?1049l")
    private static let crashes = [SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGABRT, SIGFPE]

    // Written by the one task that draws before a handler is set, and read by handlers; the flag alone changes later, in one store.
    private nonisolated(unsafe) static let saved = UnsafeMutablePointer<termios>.allocate(capacity: 1)
    private nonisolated(unsafe) static let isEntered = UnsafeMutablePointer<sig_atomic_t>.allocate(capacity: 1)
    private nonisolated(unsafe) static let previous = UnsafeMutablePointer<sigaction>.allocate(capacity: 65)

    private static var input: Int32 { STDIN_FILENO }
    private static var output: Int32 { STDOUT_FILENO }

    /// Switches to raw mode and the second screen. A process in the background is stopped by the system until it is in front.
    ///
    /// - Throws: ``CommandError`` when the terminal refuses.
    static func enter() throws {
        guard tcgetattr(input, saved) == 0 else { throw refusal("read the terminal's settings") }
        isEntered.pointee = 0
        try resume()
    }

    /// The same after another program has had the terminal: what is to be restored stays what it was.
    static func resume() throws {
        var raw = saved.pointee
        raw.c_iflag &= ~tcflag_t(BRKINT | ICRNL | INLCR | IGNCR | ISTRIP | IXON)
        raw.c_lflag &= ~tcflag_t(ECHO | ICANON | ISIG | IEXTEN)
        withUnsafeMutableBytes(of: &raw.c_cc) { keys in
            keys[Int(VMIN)] = 1
            keys[Int(VTIME)] = 0
        }
        while tcsetattr(input, TCSADRAIN, &raw) != 0 {
            guard errno == EINTR else { throw refusal("set the terminal to raw mode") }
        }
        let isSecond = isEntered.pointee != 0
        isEntered.pointee = 1
        // Who asks for the second screen on the second screen loses the cursor's place on the first.
        try StandardStream.output.write((isSecond ? "" : secondScreen) + drawingModes)
    }

    /// Gives the terminal back as it was; nothing where it is another's now, or was given back.
    static func leave() {
        guard isEntered.pointee != 0 else { return }
        leaveAtOnce()
    }

    /// The same, from anywhere.
    static func leaveAtOnce() {
        guard isEntered.pointee != 0 else { return }
        isEntered.pointee = 0
        // A shell that has the terminal has set it already, and touching it would stop this process.
        guard tcgetpgrp(output) == getpgrp() else { return }
        // A terminal that takes nothing must not keep the program from ending.
        var ready = pollfd(fd: output, events: Int16(POLLOUT), revents: 0)
        if poll(&ready, 1, 100) == 1 { _ = Glibc.write(output, leaveText.utf8Start, leaveText.utf8CodeUnitCount) }
        tcsetattr(input, TCSANOW, saved)
    }

    /// Makes crashes give the terminal back before they end the process as they would have.
    static func restoreOnCrash() {
        for number in crashes {
            var action = sigaction()
            action.__sigaction_handler.sa_sigaction = { number, info, _ in
                TerminalMode.leaveAtOnce()
                sigaction(number, TerminalMode.previous + Int(number), nil)
                // A fault comes again by itself, from where it happened; what a program has sent does not.
                if let info, info.pointee.si_code <= 0 { raise(number) }
            }
            action.sa_flags = Int32(SA_SIGINFO) | Int32(SA_ONSTACK) | Int32(SA_NODEFER)
            sigaction(number, &action, previous + Int(number))
        }
    }

    private static func refusal(_ attempt: String) -> CommandError {
        CommandError(
            "cannot \(attempt): \(String(cString: strerror(errno)))", hint: "pipe the output for plain lines: | cat")
    }
}
