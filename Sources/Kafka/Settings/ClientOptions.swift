/// What a client is made of: options in the order in which librdkafka is told, and where its tokens come from.
struct ClientOptions: Sendable {
    /// A later value replaces an earlier one of the same name.
    var pairs: [(name: String, value: String)]
    /// Brings the tokens of OAUTHBEARER; nil when librdkafka makes or needs none.
    var tokenProvider: OAuthBearerProvider?

    /// The value that counts, under any of the option's names.
    func effective(_ name: String) -> String? {
        pairs.last { (PropertyRules.aliases[$0.name] ?? $0.name) == name }?.value
    }

    private var isEncrypted: Bool { effective("security.protocol")?.lowercased().hasSuffix("ssl") ?? false }

    /// Whether connections are encrypted and the brokers' certificates looked at.
    var verifiesCertificates: Bool {
        let value = (effective("enable.ssl.certificate.verification") ?? "true").lowercased()
        return isEncrypted && !["false", "0", "f", "off", "no"].contains(value)
    }

    /// What makes the connection weaker than it looks, one sentence each.
    var weaknesses: [String] {
        let `protocol` = (effective("security.protocol") ?? "plaintext").lowercased()
        let mechanism = (effective("sasl.mechanisms") ?? "GSSAPI").uppercased()
        var all: [String] = []
        if isEncrypted, !verifiesCertificates {
            all.append(
                "the brokers' certificates are not verified (enable.ssl.certificate.verification=false), so anyone on "
                    + "the way can pose as a broker")
        } else if isEncrypted, effective("ssl.endpoint.identification.algorithm")?.lowercased() == "none" {
            all.append(
                "the brokers' names are not compared with their certificates "
                    + "(ssl.endpoint.identification.algorithm=none), so whoever has any certificate can pose as a broker"
            )
        }
        guard `protocol`.hasPrefix("sasl_") else { return all }
        if `protocol` == "sasl_plaintext", mechanism == "PLAIN" || mechanism == "OAUTHBEARER" {
            let sent = mechanism == "PLAIN" ? "the password" : "the token"
            all.append(
                "\(sent) is sent in clear (\(mechanism) with security.protocol=sasl_plaintext), so anyone on the way can "
                    + "read it")
        }
        guard mechanism == "OAUTHBEARER" else { return all }
        if effective("enable.sasl.oauthbearer.unsecure.jwt")?.lowercased() == "true" {
            all.append("the token has no signature (enable.sasl.oauthbearer.unsecure.jwt=true), so anyone can make one")
        }
        if effective("sasl.oauthbearer.token.endpoint.url")?.lowercased().hasPrefix("http://") == true {
            all.append("the client secret is sent in clear (sasl.oauthbearer.token.endpoint.url begins with http://)")
        }
        return all
    }
}
