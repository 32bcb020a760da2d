import HTTPTypes
import NIOCore
import NIOHTTPTypes

/// Ends connections that hold the server up: a first request that does not come, a request that does not end, a body that is too large,
/// and a reader that does not read. Lives on its connection's event loop.
final class ConnectionGuard: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let limits: ServerLimits
    private var requestDeadline: Scheduled<Void>?
    private var writeDeadline: Scheduled<Void>?
    private var bodyBytes = 0
    private var closesAfterAnswer = false

    init(_ limits: ServerLimits) { self.limits = limits }

    /// So many bytes are written ahead of a reader: the next part of a long answer is made while the one before is on its way.
    private static let writeAhead = ChannelOptions.Types.WriteBufferWaterMark(low: 64 << 10, high: 256 << 10)

    func handlerAdded(context: ChannelHandlerContext) {
        // Only a channel that is closed already refuses, and it writes no more.
        try? context.channel.syncOptions?.setOption(.writeBufferWaterMark, value: Self.writeAhead)
        if context.channel.isActive { expectRequest(context) }
    }

    func channelActive(context: ChannelHandlerContext) {
        expectRequest(context)
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        cancel()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) { cancel() }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head:
            bodyBytes = 0
            expectRequest(context)
        case .body(let part):
            bodyBytes += part.readableBytes
            // What is above the limit is answered; what goes on after that is cut.
            if bodyBytes > limits.maximumBodyBytes + (64 << 10) { return context.close(promise: nil) }
        case .end:
            requestDeadline?.cancel()
            requestDeadline = nil
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(let head) where head.headerFields[.connection] == "close": closesAfterAnswer = true
        case .end where closesAfterAnswer:
            let channel = context.channel
            let written = promise ?? context.eventLoop.makePromise(of: Void.self)
            written.futureResult.whenComplete { _ in channel.close(promise: nil) }
            return context.writeAndFlush(data, promise: written)
        default: break
        }
        context.write(data, promise: promise)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        writeDeadline?.cancel()
        writeDeadline = context.channel.isWritable ? nil : schedule(limits.writeTimeout, context)
        context.fireChannelWritabilityChanged()
    }

    private func expectRequest(_ context: ChannelHandlerContext) {
        requestDeadline?.cancel()
        requestDeadline = schedule(limits.requestTimeout, context)
    }

    private func schedule(_ time: Duration, _ context: ChannelHandlerContext) -> Scheduled<Void> {
        let channel = context.channel
        return context.eventLoop.scheduleTask(in: .nanoseconds(time.nanoseconds)) { channel.close(promise: nil) }
    }

    private func cancel() {
        requestDeadline?.cancel()
        writeDeadline?.cancel()
        (requestDeadline, writeDeadline) = (nil, nil)
    }
}
