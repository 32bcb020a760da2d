import Glibc
import Hummingbird
import NIOCore

/// A request's context, which knows where the connection comes from.
struct PeerContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// The address that failed logins are counted for; of IPv6 the network of 64 bits, of which one host has all addresses.
    let peer: String

    init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        peer = Self.name(of: source.channel.remoteAddress)
    }

    static func name(of address: SocketAddress?) -> String {
        let text = address?.ipAddress ?? ""
        var bytes = [UInt8](repeating: 0, count: 16)
        guard inet_pton(AF_INET6, text, &bytes) == 1 else { return text }
        // An IPv4 address in the form of IPv6 is told by its last bytes.
        let isMapped = bytes.prefix(10).allSatisfy { $0 == 0 }
        return isMapped ? text : "\(bytes.prefix(8))"
    }
}
