/// Those who await the report of one record, each known by a number, as a plain value.
struct DeliveryPromises: Sendable {
    typealias Answer = Result<DeliveryReport, KafkaError>
    typealias Fulfil = @Sendable (Answer) -> Void

    private var waiting: [UInt: Fulfil] = [:]
    private var next: UInt = 1

    /// Notes somebody who waits; whoever takes the number out has to answer.
    mutating func add(_ fulfil: @escaping Fulfil) -> UInt {
        defer { next += 1 }
        waiting[next] = fulfil
        return next
    }

    /// Takes one out; nil when it was taken before.
    mutating func take(_ number: UInt) -> Fulfil? {
        waiting.removeValue(forKey: number)
    }

    /// Takes out all who still wait.
    mutating func takeAll() -> [Fulfil] {
        defer { waiting = [:] }
        return Array(waiting.values)
    }
}
