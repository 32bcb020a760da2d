import Foundation
import HTTPTypes
import LiveMonitoring
import NIOCore
import Testing

@testable import MonitoringServer

@Suite struct AccessPolicyTests {
    private static let token = "0123456789abcdef0123"

    private func request(_ host: String?, _ fields: [String: String] = [:]) -> HTTPRequest {
        var headers = HTTPFields()
        for (name, value) in fields { if let name = HTTPField.Name(name) { headers[name] = value } }
        return HTTPRequest(method: .get, scheme: "http", authority: host, path: "/", headerFields: headers)
    }

    private func isAllowed(_ verdict: AccessPolicy.Verdict) -> Bool { verdict == .allowed }

    @Test func `without a token only this machine's names are answered`() {
        let policy = AccessPolicy(token: nil)
        for host in ["127.0.0.1", "127.0.0.1:8080", "localhost:9", "LOCALHOST", "[::1]:8080", "127.9.9.9:1"] {
            #expect(isAllowed(policy.checkOrigin(request(host))), "\(host)")
        }
        let others: [String?] = [
            "evil.example", "evil.example:8080", "127.0.0.1.evil.example", "localhost.evil.example", "10.0.0.1", nil,
            "",
            "127.0.0.1:x", "127.0.0.1:", "[::1", "a b", "127.0.0.1@evil.example", "0x7f.0.0.1", "127.0.0.256",
        ]
        for host in others { #expect(!isAllowed(policy.checkOrigin(request(host))), "\(host ?? "-")") }
    }

    @Test func `requests of other origins are refused, those of this one answered`() {
        let policy = AccessPolicy(token: nil)
        let host = "127.0.0.1:8080"
        #expect(isAllowed(policy.checkOrigin(request(host, ["Origin": "http://127.0.0.1:8080"]))))
        for origin in [
            "http://evil.example", "null", "http://127.0.0.1:8081", "https://127.0.0.1", "http://localhost:8080",
            "http://127.0.0.1:8080/x", "file://", "",
        ] {
            #expect(!isAllowed(policy.checkOrigin(request(host, ["Origin": origin]))), "\(origin)")
        }
        #expect(isAllowed(policy.checkOrigin(request("localhost", ["Origin": "http://localhost:80"]))))
        #expect(!isAllowed(policy.checkOrigin(request(host, ["Sec-Fetch-Site": "cross-site"]))))
        let link = ["Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"]
        for place in ["iframe", "frame", "embed", "object"] {
            let frame = link.merging(["Sec-Fetch-Dest": place]) { $1 }
            #expect(!isAllowed(policy.checkOrigin(request(host, frame))), "\(place)")
        }
        let opened = link.merging(["Sec-Fetch-Dest": "document"]) { $1 }
        #expect(isAllowed(policy.checkOrigin(request(host, opened))))
        #expect(isAllowed(policy.checkOrigin(request(host, link))))
        #expect(isAllowed(policy.checkOrigin(request(host, ["Sec-Fetch-Site": "same-origin"]))))
    }

    @Test func `with a token it is asked for, in a header or as a session`() throws {
        let policy = AccessPolicy(token: try AccessToken(Self.token))
        let host = "monitor.example:8080"
        #expect(isAllowed(policy.checkOrigin(request(host))))
        for header in [
            nil, "Bearer", "Bearer ", "Bearer x\(Self.token)", "Bearer \(Self.token)x", "Basic \(Self.token)",
        ] {
            let fields = header.map { ["Authorization": $0] } ?? [:]
            #expect(policy.checkReader(request(host, fields)) == .unknown, "\(header ?? "-")")
        }
        #expect(isAllowed(policy.checkReader(request(host, ["Authorization": "bearer \(Self.token)"]))))
        #expect(policy.logIn("wrong", from: "a") == nil)
        let session = try #require(policy.logIn(Self.token, from: "a"))
        #expect(session.count == 64)
        #expect(session != policy.logIn(Self.token, from: "a"))
        let cookie = "a=b; \(AccessPolicy.cookieName)=\(session)"
        #expect(isAllowed(policy.checkReader(request(host, ["Cookie": cookie]))))
        #expect(policy.checkReader(request(host, ["Cookie": cookie + "0"])) == .unknown)
        #expect(policy.checkReader(request(host, ["Cookie": "\(AccessPolicy.cookieName)=\(Self.token)"])) == .unknown)
        #expect(AccessPolicy(token: nil).logIn(Self.token, from: "a") == nil)
    }

    @Test func `who guesses is stopped, and nobody else`() throws {
        let policy = AccessPolicy(token: try AccessToken(Self.token))
        for _ in 0..<9 { _ = policy.logIn("wrong", from: "192.0.2.1") }
        #expect(!policy.isGuessing("192.0.2.1", limit: 10))
        _ = policy.logIn("wrong", from: "192.0.2.1")
        #expect(policy.isGuessing("192.0.2.1", limit: 10))
        #expect(!policy.isGuessing("192.0.2.2", limit: 10))
    }

    @Test func `failed logins are forgotten after a minute, and of very many places the quietest`() {
        var failures = FailedLogins()
        let start = ContinuousClock.now
        failures.add("a", at: start)
        failures.add("a", at: start + .seconds(30))
        #expect(failures.count("a", at: start + .seconds(59)) == 2)
        #expect(failures.count("a", at: start + .seconds(61)) == 1)
        #expect(failures.count("a", at: start + .seconds(91)) == 0)
        for number in 0..<1500 { failures.add("host \(number)", at: start + .milliseconds(100_000 + number)) }
        let end = start + .milliseconds(101_500)
        #expect(failures.count("host 0", at: end) == 0 && failures.count("host 1499", at: end) == 1)
        #expect((0..<1500).count { failures.count("host \($0)", at: end) == 1 } == 1000)
    }

    @Test func `one host has all addresses of its IPv6 network`() throws {
        func name(_ address: String) throws -> String {
            PeerContext.name(of: try SocketAddress(ipAddress: address, port: 1))
        }
        #expect(try name("2001:db8:1:2::1") == name("2001:db8:1:2:ffff::9"))
        #expect(try name("2001:db8:1:2::1") != name("2001:db8:1:3::1"))
        #expect(try name("::ffff:192.0.2.1") != name("::ffff:192.0.2.2") && name("192.0.2.1") == "192.0.2.1")
        #expect(PeerContext.name(of: nil) == "")
    }
}

@Suite struct AccessTokenTests {
    private func file(_ text: String, mode: Int) throws -> String {
        let path = FileManager.default.temporaryDirectory.appending(path: "token-\(UUID().uuidString)").path
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
        return path
    }

    @Test func `a file that its owner alone reads is taken, with or without a line's end`() throws {
        for text in ["0123456789abcdef", "0123456789abcdef\n", "0123456789abcdef\r\n"] {
            let path = try file(text, mode: 0o600)
            defer { try? FileManager.default.removeItem(atPath: path) }
            let token = try AccessToken(file: path)
            #expect(token.matches("0123456789abcdef"))
            #expect(!token.matches("0123456789abcdeF") && !token.matches("0123456789abcde") && !token.matches(""))
            #expect(!token.matches("0123456789abcdef0123456789abcdef"))
        }
    }

    @Test func `what others can read, is too short, or is no token is refused with the reason`() throws {
        let cases = [
            ("0123456789abcdef", 0o644, "others than its owner"), ("0123456789abcdef", 0o620, "others than its owner"),
            ("short", 0o600, "5 characters"), ("", 0o600, "0 characters"), ("0123456789 abcdef", 0o600, "ASCII"),
            ("0123456789abcdef\nsecond line", 0o600, "ASCII"),
            (String(repeating: "x", count: 2000), 0o600, "characters"),
        ]
        for (text, mode, reason) in cases {
            let path = try file(text, mode: mode)
            defer { try? FileManager.default.removeItem(atPath: path) }
            #expect { try AccessToken(file: path) } throws: { "\($0)".contains(reason) && "\($0)".contains(path) }
        }
        #expect(throws: MonitoringError.self) { try AccessToken(file: "/no/such/file") }
        #expect(throws: MonitoringError.self) { try AccessToken(file: "/tmp") }
    }

    @Test func `a group may read a file of systemd's credentials, and others may not`() throws {
        let path = try file("0123456789abcdef", mode: 0o440)
        defer { try? FileManager.default.removeItem(atPath: path) }
        let folder = URL(filePath: path).deletingLastPathComponent().path
        #expect(try AccessToken(file: path, credentials: folder).matches("0123456789abcdef"))
        #expect(throws: MonitoringError.self) { try AccessToken(file: path, credentials: folder + "/elsewhere") }
        try FileManager.default.setAttributes([.posixPermissions: 0o444], ofItemAtPath: path)
        #expect(throws: MonitoringError.self) { try AccessToken(file: path, credentials: folder) }
    }

    @Test func `a token shows in no text`() throws {
        let token = try AccessToken("0123456789abcdef")
        var dumped = ""
        dump(token, to: &dumped)
        #expect(!"\(token) \(String(reflecting: token)) \(dumped)".contains("0123456789abcdef"))
    }
}

@Suite struct ListenAddressTests {
    @Test func `addresses are read, and told apart by who can reach them`() throws {
        for (text, host, port, isLoopback) in [
            ("127.0.0.1:8080", "127.0.0.1", 8080, true), ("localhost:0", "localhost", 0, true),
            ("[::1]:80", "::1", 80, true), ("0.0.0.0:8080", "0.0.0.0", 8080, false), ("[::]:1", "::", 1, false),
            ("monitor.example:65535", "monitor.example", 65535, false),
            ("127.0.0.1.example:1", "127.0.0.1.example", 1, false),
        ] {
            let address = try ListenAddress(text)
            #expect(address == ListenAddress(host: host, port: port))
            #expect(address.isLoopback == isLoopback && "\(address)" == text)
        }
        for text in [
            "", "8080", ":8080", "host", "host:", "host:x", "host:65536", "host:-1", "::1:80", "[::1]", "[x]:1",
            "a b:1",
        ] {
            #expect(throws: MonitoringError.self, "\(text)") { try ListenAddress(text) }
        }
    }

    @Test func `others can be listened to only with a token`() throws {
        let open = MonitoringServer.Configuration(address: ListenAddress(host: "0.0.0.0", port: 0))
        #expect { try MonitoringServer(hub: MonitoringHub(), configuration: open) } throws: {
            "\($0)".contains("no token is given")
        }
        var closed = open
        closed.token = try AccessToken("0123456789abcdef")
        _ = try MonitoringServer(hub: MonitoringHub(), configuration: closed)
    }
}
