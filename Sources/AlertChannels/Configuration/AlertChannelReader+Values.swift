import AlertRuleFiles
import Glibc

extension AlertChannelReader {
    // MARK: Numbers

    mutating func bounded(_ value: Value, _ what: String, _ range: ClosedRange<Duration>) -> Duration? {
        guard let duration = document.duration(value, what) else { return nil }
        guard range.contains(duration) else {
            document.report("\(what) must be from \(range.lowerBound) to \(range.upperBound)", at: value)
            return nil
        }
        return duration
    }

    mutating func number(_ value: Value, _ what: String, _ range: ClosedRange<Int>) -> Int? {
        guard let text = document.text(value, what) else { return nil }
        guard let number = Int(text), range.contains(number) else {
            document.report("\(what) must be a number from \(range.lowerBound) to \(range.upperBound)", at: value)
            return nil
        }
        return number
    }

    // MARK: Secrets

    /// A text that must not stand in the file itself.
    mutating func secret(_ value: Value, _ what: String) -> ChannelSecret? {
        guard let found = textOrSecret(value, what) else { return nil }
        guard found.isSecret else {
            document.report(
                "\(what) must not stand in this file: give file:/path, a file with nothing else, or env:NAME", at: value
            )
            return nil
        }
        return found.value
    }

    /// A text, or where it is to be found.
    mutating func textOrSecret(_ value: Value, _ what: String) -> (value: ChannelSecret, isSecret: Bool)? {
        guard let text = document.text(value, what) else { return nil }
        do throws(SecretReferences.Missing) {
            return try secrets.resolve(text)
        } catch {
            document.report("\(what): \(error.message)", at: value)
            return nil
        }
    }

    mutating func login(_ fields: [String: Value], _ value: Value) -> ChannelLogin? {
        let username = fields["username"].flatMap { textOrSecret($0, "username") }
        let password = fields["password"].flatMap { secret($0, "password") }
        if (fields["username"] == nil) != (fields["password"] == nil) {
            document.report(
                "\(fields["username"] == nil ? "password needs username" : "username needs password")",
                at: fields["username"] ?? fields["password"] ?? value)
        }
        guard let username, let password else { return nil }
        return ChannelLogin(username: username.value.text, password: password)
    }

    mutating func headers(_ value: Value) -> [ChannelHeader] {
        guard let entries = document.entries(value, "headers") else { return [] }
        return entries.compactMap { key, place, value -> ChannelHeader? in
            guard HeaderText.isName(key) else {
                document.report("\(SafeText.line(key, limit: 40)) is no name of a header", at: place)
                return nil
            }
            guard !HeaderText.ours.contains(key.lowercased()) else {
                document.report("the header \(key) is set by the channel itself", at: place)
                return nil
            }
            let isSensitive = HeaderText.isSensitive(key)
            let found = isSensitive ? secret(value, key).map { ($0, true) } : textOrSecret(value, key)
            guard let (text, isSecret) = found else { return nil }
            guard HeaderText.isValue(text.text) else {
                document.report(
                    "the header \(key) has a line end, a control character or a letter beyond ASCII", at: value)
                return nil
            }
            return ChannelHeader(name: key, value: text, isSecret: isSecret)
        }
    }

    // MARK: Addresses

    mutating func policy(_ fields: [String: Value]) -> AddressPolicy {
        var policy = AddressPolicy()
        policy.allowsPrivate = fields["allow_private"].flatMap { document.truth($0, "allow_private") } ?? false
        for value in fields["allow_networks"].map({ document.list($0, "allow_networks") }) ?? [] {
            guard let text = document.text(value, "allow_networks") else { continue }
            if let network = IPNetwork(text) {
                policy.networks.append(network)
            } else {
                document.report(
                    "allow_networks has addresses such as 10.0.0.0/8 or 192.0.2.7, without bits behind the prefix, not \(SafeText.line(text, limit: 60))",
                    at: value)
            }
        }
        return policy
    }

    mutating func address(_ value: Value, _ what: String, schemes: [String], _ policy: AddressPolicy) -> WebAddress? {
        guard let text = textOrSecret(value, what) else { return nil }
        do throws(WebAddress.Malformed) {
            let address = try WebAddress(text.value.text, schemes: schemes)
            // What can be seen now need not wait for the first alert; a name is looked up when it is connected to.
            if let literal = address.literal, let reason = policy.refusal(of: literal) {
                document.report("\(what) must not be connected to: \(reason)", at: value)
                return nil
            }
            return address
        } catch {
            document.report("\(what) cannot be used: \(error.message)", at: value)
            return nil
        }
    }

    mutating func certificateFile(_ fields: [String: Value]) -> String? {
        guard let value = fields["ca_file"], let path = document.text(value, "ca_file") else { return nil }
        guard access(path, R_OK) == 0 else {
            document.report(
                "ca_file \(SafeText.line(path, limit: 200)) cannot be read: \(String(cString: strerror(errno)))",
                at: value)
            return nil
        }
        return path
    }
}

/// What can stand in a header of HTTP.
enum HeaderText {
    /// Headers that a channel or libcurl sets.
    static let ours: Set<String> = [
        "content-type", "content-length", "transfer-encoding", "connection", "host", "expect", "idempotency-key",
    ]

    static func isName(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= 100
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                    UInt8(ascii: "A")...UInt8(ascii: "Z"):
                    true
                default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
                }
            }
    }

    static func isValue(_ text: String) -> Bool {
        text.utf8.count <= 8192 && text.utf8.allSatisfy { (0x20...0x7E).contains($0) }
    }

    /// Whether a header of this name usually gives access.
    static func isSensitive(_ name: String) -> Bool {
        let name = name.lowercased()
        return ["authorization", "cookie", "token", "secret", "password", "api-key", "apikey"]
            .contains { name.contains($0) }
    }
}
