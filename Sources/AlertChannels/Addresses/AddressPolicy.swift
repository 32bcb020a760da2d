/// Where a channel may connect to.
///
/// A channel's address comes from a file, and what its name resolves to from whoever owns the name. So each address is looked at
/// before a socket to it is opened, and that very address is then the one connected to: a name that resolves to another one
/// the next time gains nothing. By default only addresses of the public Internet are allowed.
public struct AddressPolicy: Sendable, Hashable {
    /// Allows loopback, private, shared and link-local addresses; not those at which clouds give out credentials.
    public var allowsPrivate: Bool
    /// Allows these too, whatever they are. A metadata address must be listed alone, not as part of a network.
    public var networks: [IPNetwork]

    /// Describes a policy; that without arguments is the strictest.
    public init(allowsPrivate: Bool = false, networks: [IPNetwork] = []) {
        self.allowsPrivate = allowsPrivate
        self.networks = networks
    }

    private enum Kind {
        /// May be allowed as private.
        case local
        /// Only when its network is listed.
        case unusable
        /// Only when the address is listed alone.
        case metadata
    }

    private static func table(_ rows: [(String, Kind, String)]) -> [(network: IPNetwork, kind: Kind, name: String)] {
        rows.compactMap { text, kind, name in IPNetwork(text).map { ($0, kind, name) } }
    }

    /// The first row that fits counts.
    private static let special = table([
        ("169.254.169.254", .metadata, "the metadata address of clouds"),
        ("169.254.170.2", .metadata, "a metadata address of AWS"),
        ("169.254.170.23", .metadata, "a metadata address of AWS"),
        ("100.100.100.200", .metadata, "the metadata address of Alibaba Cloud"),
        ("168.63.129.16", .metadata, "the metadata address of Azure"),
        ("192.0.0.192", .metadata, "the metadata address of Oracle Cloud"),
        ("fd00:ec2::254", .metadata, "the metadata address of AWS"),
        ("fd00:ec2::23", .metadata, "a metadata address of AWS"),
        ("fd20:ce::254", .metadata, "the metadata address of Google Cloud"),
        ("127.0.0.0/8", .local, "a loopback address"), ("::1", .local, "the loopback address"),
        ("10.0.0.0/8", .local, "a private address"), ("172.16.0.0/12", .local, "a private address"),
        ("192.168.0.0/16", .local, "a private address"), ("fc00::/7", .local, "a private address"),
        ("fec0::/10", .local, "a private address"), ("100.64.0.0/10", .local, "an address shared by a provider"),
        ("169.254.0.0/16", .local, "a link-local address"), ("fe80::/10", .local, "a link-local address"),
        ("64:ff9b:1::/48", .local, "a private translated address"),
        ("0.0.0.0/8", .unusable, "an unspecified address"), ("::", .unusable, "the unspecified address"),
        ("224.0.0.0/4", .unusable, "a multicast address"), ("ff00::/8", .unusable, "a multicast address"),
        ("240.0.0.0/4", .unusable, "a reserved address"), ("192.0.0.0/24", .unusable, "a reserved address"),
        ("198.18.0.0/15", .unusable, "an address for benchmarks"),
        ("192.0.2.0/24", .unusable, "an address for documents"),
        ("198.51.100.0/24", .unusable, "an address for documents"),
        ("203.0.113.0/24", .unusable, "an address for documents"),
        ("2001:db8::/32", .unusable, "an address for documents"), ("100::/64", .unusable, "a discarding address"),
    ])

    /// Why an address may not be connected to, and what would allow it; nil where it may.
    func refusal(of address: IPAddress) -> String? {
        let found = Self.special.first { $0.network.contains(address) }
        guard let found else { return nil }
        let inner = address.embedded.map { " (it leads to \($0))" } ?? ""
        let what = "\(address) is \(found.name)\(inner)"
        switch found.kind {
        case .metadata:
            if networks.contains(where: { $0.isSingle && $0.contains(address) }) { return nil }
            return "\(what); list this address alone in allow_networks if that is meant"
        case .local:
            if allowsPrivate || networks.contains(where: { $0.contains(address) }) { return nil }
            return "\(what); set allow_private: true, or list its network in allow_networks"
        case .unusable:
            if networks.contains(where: { $0.contains(address) }) { return nil }
            return "\(what); list its network in allow_networks if that is meant"
        }
    }
}
