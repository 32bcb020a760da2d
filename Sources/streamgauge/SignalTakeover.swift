import Dispatch

extension DispatchSourceSignal {
    /// Takes the signal over from the system, and returns when that is done: from then on none is lost. Until then the system does
    /// with a signal what it does by itself, which for most of them is to end the process.
    ///
    /// `activate()` alone comes back earlier, and a signal in between that the process ignores would be gone.
    func takeOver() {
        let isTaken = DispatchSemaphore(value: 0)
        setRegistrationHandler { isTaken.signal() }
        activate()
        isTaken.wait()
    }
}
