import Glibc

/// Names the seed when the program itself dies: of a trap, or of a seed that does not end.
enum FailureReport {
    /// The seeds that the jobs run; written by each job for itself, read in a signal handler.
    nonisolated(unsafe) private static var seeds = UnsafeMutableBufferPointer<UInt64>(start: nil, count: 0)
    /// When each began, in seconds of the processor's time of the whole program.
    nonisolated(unsafe) private static var begun = UnsafeMutableBufferPointer<Int>(start: nil, count: 0)
    /// No seed takes as much.
    private static let mostSeconds = 120

    static func install(jobs: Int, steps: Int?) {
        seeds = .allocate(capacity: jobs)
        begun = .allocate(capacity: jobs)
        seeds.initialize(repeating: .max)
        begun.initialize(repeating: 0)
        for number in [SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGABRT, SIGFPE] {
            signal(number) { number in
                FailureReport.tell("VIOLATION: the program died of signal ", Int(number))
                signal(number, SIG_DFL)
                raise(number)
            }
        }
        // Counts the processor's time, so that a busy machine is no reason.
        signal(SIGVTALRM) { _ in
            let now = FailureReport.processorSeconds
            for job in 0..<FailureReport.begun.count where FailureReport.seeds[job] != .max {
                guard now - FailureReport.begun[job] > FailureReport.mostSeconds else { continue }
                FailureReport.tell("VIOLATION: a seed does not end; seconds ", now - FailureReport.begun[job])
                _exit(1)
            }
        }
        var interval = itimerval(it_interval: timeval(tv_sec: 5, tv_usec: 0), it_value: timeval(tv_sec: 5, tv_usec: 0))
        setitimer(__itimer_which_t(ITIMER_VIRTUAL.rawValue), &interval, nil)
    }

    static func note(_ seed: UInt64, job: Int) {
        begun[job] = processorSeconds
        seeds[job] = seed
    }

    private static var processorSeconds: Int {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return time.tv_sec
    }

    /// Writes with nothing but what a signal handler may use.
    private static func tell(_ text: StaticString, _ number: Int) {
        write(text)
        write(UInt64(number))
        write(", in one of the seeds")
        for job in 0..<seeds.count where seeds[job] != .max {
            write(" ")
            write(seeds[job])
        }
        write("; again with: delivery-simulator --verbose SEED\n")
    }

    private static func write(_ text: StaticString) {
        _ = Glibc.write(1, text.utf8Start, text.utf8CodeUnitCount)
    }

    private static func write(_ number: UInt64) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { digits in
            var rest = number
            var place = 20
            repeat {
                place -= 1
                digits[place] = UInt8(ascii: "0") + UInt8(rest % 10)
                rest /= 10
            } while rest > 0
            _ = Glibc.write(1, digits.baseAddress! + place, 20 - place)
        }
    }
}
