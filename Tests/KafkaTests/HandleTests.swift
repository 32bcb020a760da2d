import Testing

@testable import Kafka

@Suite struct HandleTests {
    private func handle(_ role: Handle.Role, _ context: CallbackContext) throws -> Handle {
        try Handle(
            role,
            options: ClientOptions(
                pairs: [("bootstrap.servers", "127.0.0.1:1")] + (role == .consumer ? [("group.id", "g")] : [])),
            context: context)
    }

    @Test(arguments: [Handle.Role.producer, .consumer, .admin])
    func `destroying ends the callbacks, then releases their context`(_ role: Handle.Role) throws {
        let afterDestroy = Monitor((destroyed: false, late: 0))
        weak var released: CallbackContext?
        do {
            let context = CallbackContext(
                onLog: { _ in afterDestroy.withLock { $0.late += $0.destroyed ? 1 : 0 } }, onError: { _ in })
            released = context
            let handle = try handle(role, context)
            handle.destroy()
            afterDestroy.withLock { $0.destroyed = true }
        }
        #expect(released == nil)
        #expect(afterDestroy.withLock { $0.late } == 0)
    }

    @Test func `a call under way holds up the destruction, a later one is refused`() async throws {
        let handle = try handle(.producer, CallbackContext(onLog: { _ in }, onError: { _ in }))
        let steps = Monitor<[String]>([])
        try DedicatedThread.start(name: "caller") {
            try? handle.withClient(otherwise: KafkaError.closed("call")) { (_) throws(KafkaError) in
                steps.withLock { $0.append("in") }
                steps.broadcast()
                _ = steps.wait(timeout: .seconds(10)) { $0.contains("closing") ? true : nil }
                // Whatever the scheduler does, the destruction cannot overtake this line.
                steps.withLock { $0.append("out") }
            }
        }
        _ = steps.wait(timeout: .seconds(10)) { $0.contains("in") ? true : nil }
        try DedicatedThread.start(name: "destroyer") {
            steps.withLock { $0.append("closing") }
            steps.broadcast()
            handle.destroy()
            steps.withLock { $0.append("destroyed") }
            steps.broadcast()
        }
        #expect(steps.wait(timeout: .seconds(10)) { $0.last == "destroyed" ? true : nil } == true)
        #expect(steps.withLock { $0 } == ["in", "closing", "out", "destroyed"])
        #expect(throws: KafkaError.self) {
            try handle.withClient(otherwise: KafkaError.closed("call")) { (_) throws(KafkaError) in }
        }
    }

    @Test func `errors of an admin client are taken from its queue although nobody polls`() throws {
        let taken = Monitor<KafkaError.Code?>(nil)
        let context = CallbackContext(
            onLog: { _ in },
            onError: { error in
                taken.withLock { $0 = error.code }
                taken.broadcast()
            })
        let handle = try handle(.admin, context)
        #expect(taken.wait(timeout: .seconds(20)) { $0 } == .brokerUnreachable)
        handle.destroy()
    }

    @Test func `a client that could not be made releases its context`() {
        weak var released: CallbackContext?
        do {
            let context = CallbackContext(onLog: { _ in }, onError: { _ in })
            released = context
            #expect(throws: KafkaError.self) {
                try Handle(
                    .producer, options: ClientOptions(pairs: [("enable.idempotence", "true"), ("acks", "0")]),
                    context: context)
            }
        }
        #expect(released == nil)
    }
}
