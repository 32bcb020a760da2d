import Testing

@testable import AlertChannels

/// Row F34 of the reliability table: where a channel may connect to.
@Suite struct AddressPolicyTests {
    private static func refusal(_ text: String, _ policy: AddressPolicy = AddressPolicy()) throws -> String? {
        policy.refusal(of: try #require(IPAddress(text)))
    }

    @Test(arguments: [
        ("127.0.0.1", "loopback"), ("127.255.255.254", "loopback"), ("::1", "loopback"), ("10.0.0.1", "private"),
        ("172.16.0.1", "private"), ("172.31.255.255", "private"), ("192.168.1.1", "private"), ("fc00::1", "private"),
        ("fdff::1", "private"), ("fec0::1", "private"), ("100.64.0.1", "shared"), ("169.254.0.1", "link-local"),
        ("fe80::1", "link-local"), ("febf::1", "link-local"), ("0.0.0.0", "unspecified"), ("0.1.2.3", "unspecified"),
        ("::", "unspecified"), ("224.0.0.1", "multicast"), ("239.255.255.255", "multicast"), ("ff02::1", "multicast"),
        ("240.0.0.1", "reserved"), ("255.255.255.255", "reserved"), ("192.0.0.1", "reserved"),
        ("198.18.0.1", "benchmarks"), ("192.0.2.1", "documents"), ("2001:db8::1", "documents"),
        ("100::1", "discarding"),
        ("169.254.169.254", "metadata"), ("100.100.100.200", "metadata"), ("fd00:ec2::254", "metadata"),
        ("169.254.170.2", "metadata"), ("168.63.129.16", "metadata"), ("192.0.0.192", "metadata"),
    ])
    func `F34 an address that is not of the public Internet is refused by its kind`(address: String, kind: String)
        throws
    {
        let refusal = try #require(try Self.refusal(address))
        #expect(refusal.contains(kind) && refusal.hasPrefix("\(address) is "), "\(refusal)")
        #expect(refusal.contains("allow_"), "it says what would allow it: \(refusal)")
    }

    @Test(arguments: [
        "::ffff:127.0.0.1", "::ffff:7f00:1", "::127.0.0.1", "::ffff:0:127.0.0.1", "64:ff9b::127.0.0.1",
        "64:ff9b::10.0.0.1", "2002:7f00:1::", "2002:0a00:0001::1", "2001:0:1:2:3:4:80ff:fffe", "::ffff:169.254.169.254",
        "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "::ffff:0.0.0.0",
    ])
    func `F34 an address of version 6 that leads to a refused one of version 4 is refused`(address: String) throws {
        #expect(try Self.refusal(address) != nil)
    }

    @Test(arguments: [
        "1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "172.15.255.255", "172.32.0.0", "192.167.255.255",
        "192.169.0.0", "126.255.255.255", "128.0.0.1", "169.253.255.255", "169.255.0.0", "100.63.255.255",
        "100.128.0.0",
        "223.255.255.255", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2002:808:808::1",
    ])
    func `F34 an address of the public Internet is allowed`(address: String) throws {
        #expect(try Self.refusal(address) == nil)
    }

    @Test func `F34 what is private is allowed where the channel says so, and metadata never with it`() throws {
        let policy = AddressPolicy(allowsPrivate: true)
        for address in ["127.0.0.1", "::1", "10.0.0.1", "192.168.0.1", "fd00::1", "169.254.1.1", "::ffff:10.0.0.1"] {
            #expect(try Self.refusal(address, policy) == nil, "\(address)")
        }
        for address in ["169.254.169.254", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "0.0.0.0", "224.0.0.1"] {
            #expect(try Self.refusal(address, policy) != nil, "\(address)")
        }
    }

    @Test func `F34 a listed network is allowed, and a metadata address only when it is listed alone`() throws {
        func policy(_ networks: String...) throws -> AddressPolicy {
            AddressPolicy(networks: try networks.map { try #require(IPNetwork($0)) })
        }
        #expect(try Self.refusal("10.1.2.3", policy("10.1.0.0/16")) == nil)
        #expect(try Self.refusal("::ffff:10.1.2.3", policy("10.1.0.0/16")) == nil)
        #expect(try Self.refusal("10.2.0.0", policy("10.1.0.0/16")) != nil)
        #expect(try Self.refusal("127.0.0.1", policy("127.0.0.1")) == nil)
        #expect(try Self.refusal("127.0.0.2", policy("127.0.0.1")) != nil)
        #expect(try Self.refusal("fd12::7", policy("fd12::/16")) == nil)
        #expect(try Self.refusal("169.254.169.254", policy("169.254.0.0/16", "0.0.0.0/0")) != nil)
        #expect(try Self.refusal("169.254.169.254", policy("169.254.169.254/32")) == nil)
        #expect(try Self.refusal("0.0.0.0", policy("0.0.0.0")) == nil)
    }

    @Test(arguments: [
        "10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/", "10.0.0.0/8/8", "example.com", "10.0.0", "0x7f.1",
        "fe80::1%eth0",
        "1.2.3.4/+8", "",
    ])
    func `a text that is no network is none`(text: String) {
        #expect(IPNetwork(text) == nil)
    }
}
