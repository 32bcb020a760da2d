import Glibc

/// An address of the Internet Protocol, of either version.
struct IPAddress: Sendable, Hashable, CustomStringConvertible {
    /// 4 or 16 bytes, in the order of the network.
    let bytes: [UInt8]

    /// Takes 4 or 16 bytes; nil for another number.
    init?(bytes: some Collection<UInt8>) {
        guard bytes.count == 4 || bytes.count == 16 else { return nil }
        self.bytes = Array(bytes)
    }

    /// Reads the usual form, `192.0.2.1` or `2001:db8::1`; nil for anything else, such as a name or a number.
    init?(_ text: some StringProtocol) {
        var bytes = [UInt8](repeating: 0, count: 16)
        let text = String(text)
        if inet_pton(AF_INET, text, &bytes) == 1 {
            self.bytes = Array(bytes.prefix(4))
        } else if inet_pton(AF_INET6, text, &bytes) == 1 {
            self.bytes = bytes
        } else {
            return nil
        }
    }

    /// The address of a socket; nil where it is of another family.
    init?(_ address: UnsafePointer<sockaddr>) {
        switch Int32(address.pointee.sa_family) {
        case AF_INET:
            let inner = UnsafeRawPointer(address).assumingMemoryBound(to: sockaddr_in.self).pointee.sin_addr
            bytes = withUnsafeBytes(of: inner) { Array($0) }
        case AF_INET6:
            let inner = UnsafeRawPointer(address).assumingMemoryBound(to: sockaddr_in6.self).pointee.sin6_addr
            bytes = withUnsafeBytes(of: inner) { Array($0) }
        default: return nil
        }
    }

    var isVersion4: Bool { bytes.count == 4 }

    /// The address of version 4 that this one of version 6 stands for, or leads to: mapped, compatible, translated (NAT64) or
    /// tunnelled (6to4, Teredo).
    var embedded: IPAddress? {
        guard !isVersion4 else { return nil }
        func isIn(_ network: StaticString) -> Bool { IPNetwork("\(network)")?.contains(exactly: self) == true }
        if isIn("::ffff:0:0/96") || isIn("::ffff:0:0:0/96") || isIn("64:ff9b::/96") {
            return IPAddress(bytes: bytes[12...])
        }
        // `::` and `::1` are addresses of version 6 in their own right.
        if isIn("::/96"), bytes[12...14].contains(where: { $0 != 0 }) { return IPAddress(bytes: bytes[12...]) }
        if isIn("2002::/16") { return IPAddress(bytes: bytes[2..<6]) }
        if isIn("2001::/32") { return IPAddress(bytes: bytes[12...].map { ~$0 }) }
        return nil
    }

    var description: String {
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        inet_ntop(isVersion4 ? AF_INET : AF_INET6, bytes, &text, socklen_t(text.count))
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

/// Addresses with a common beginning, such as `10.0.0.0/8`.
public struct IPNetwork: Sendable, Hashable, CustomStringConvertible {
    let address: IPAddress
    /// How many bits are common.
    let prefix: Int

    /// Reads `10.0.0.0/8`, `fd00::/8`, or a single address; nil where the text is none of these, or has bits behind its prefix.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, let address = IPAddress(first) else { return nil }
        let bits = address.bytes.count * 8
        self.address = address
        if parts.count == 2 {
            guard let prefix = Int(parts[1]), (0...bits).contains(prefix), parts[1].allSatisfy(\.isNumber) else {
                return nil
            }
            self.prefix = prefix
        } else {
            prefix = bits
        }
        for bit in self.prefix..<bits where address.bytes[bit / 8] & (0x80 >> (bit % 8)) != 0 { return nil }
    }

    /// Whether it is one address and no more.
    var isSingle: Bool { prefix == address.bytes.count * 8 }

    /// Whether an address lies in it, as it is or as what it is embedded in.
    func contains(_ other: IPAddress) -> Bool {
        contains(exactly: other) || other.embedded.map { contains(exactly: $0) } ?? false
    }

    func contains(exactly other: IPAddress) -> Bool {
        guard other.bytes.count == address.bytes.count else { return false }
        let whole = prefix / 8
        guard other.bytes.prefix(whole) == address.bytes.prefix(whole) else { return false }
        guard prefix % 8 != 0 else { return true }
        let mask = UInt8(truncatingIfNeeded: 0xFF00 >> (prefix % 8))
        return other.bytes[whole] & mask == address.bytes[whole] & mask
    }

    /// As it is written.
    public var description: String { isSingle ? "\(address)" : "\(address)/\(prefix)" }
}
