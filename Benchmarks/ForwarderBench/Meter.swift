import Foundation

/// Times calls, and what the process spends meanwhile.
struct Meter {
    let count: Int

    static func now() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    static func cpu() -> Double {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
        return seconds(usage.ru_utime) + seconds(usage.ru_stime)
    }

    func start() -> Run { Run(calls: [UInt64](repeating: 0, count: count), cpu: Self.cpu(), start: Self.now()) }

    /// One measurement.
    struct Run {
        var calls: [UInt64]
        let cpu: Double
        let start: UInt64

        mutating func note(_ index: Int, _ nanoseconds: UInt64) { calls[index] = nanoseconds }

        func finish(_ options: ForwarderBench.Options, delivered: Int) {
            let seconds = Double(Meter.now() - start) / 1e9
            let cpu = Meter.cpu() - cpu
            var usage = rusage()
            getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
            let sorted = calls.sorted()
            func at(_ quantile: Double) -> UInt64 { sorted[Int(Double(sorted.count - 1) * quantile)] }
            print(
                "path=\(options.path) n=\(options.count) secs=\(rounded(seconds)) msg_s=\(Int(Double(options.count) / seconds)) "
                    + "cpu_us=\(rounded(cpu / Double(options.count) * 1e6)) delivered=\(delivered) call_p50_ns=\(at(0.5)) "
                    + "call_p99_ns=\(at(0.99)) call_max_us=\(at(1) / 1000) rss_mb=\(usage.ru_maxrss / 1024)")
        }

        private func rounded(_ value: Double) -> Double { (value * 1000).rounded() / 1000 }
    }
}
