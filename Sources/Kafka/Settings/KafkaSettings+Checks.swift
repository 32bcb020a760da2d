extension KafkaSettings {
    /// The largest password or key that is read from a file, in bytes.
    static let maximumSecretBytes = 65_536

    /// The settings of the environment, in the order of their names.
    static func entries(
        of environment: [String: String]
    ) throws(KafkaError) -> [(name: String, value: String, origin: Origin)] {
        let names = PropertyRules.allowed.keys.reduce(into: [:]) { $0[variable(for: $1)] = $1 }
        var entries: [(name: String, value: String, origin: Origin)] = []
        var variableOfName: [String: String] = [:]
        for variable in environment.keys.sorted() where variable.hasPrefix(environmentPrefix) {
            let rest = variable.dropFirst(environmentPrefix.count)
            let name = names[variable] ?? String(rest.map { $0 == "_" ? "." : $0 }).lowercased()
            let canonical = PropertyRules.aliases[name] ?? name
            if let other = variableOfName[canonical] {
                throw refusal(of: name, .environment(variable), "\(other) sets the same; keep one of them")
            }
            variableOfName[canonical] = variable
            entries.append((name, environment[variable] ?? "", .environment(variable)))
        }
        return entries
    }

    /// The environment's name of a property.
    static func variable(for name: String) -> String {
        environmentPrefix + String(name.uppercased().map { $0 == "." ? "_" : $0 })
    }

    /// One setting, checked on its own.
    static func setting(_ name: String, _ value: String, _ origin: Origin) throws(KafkaError) -> Setting {
        if let reason = PropertyRules.refusal(of: name) { throw refusal(of: name, origin, reason) }
        // An empty value is nearly always a variable that a script forgot to set.
        guard !value.isEmpty else { throw refusal(of: name, origin, "it has no value; give one, or leave it out") }
        guard !value.utf8.contains(0) else { throw refusal(of: name, origin, "there is a NUL byte; remove it") }
        var text = value
        var secretPath: String?
        if PropertyRules.isSecret(name), value.hasPrefix("file:") {
            let path = String(value.dropFirst("file:".count))
            let purpose = "the secret \(name) that \(origin) names, from"
            text = try SmallFile(path: path, purpose: purpose, maximumBytes: maximumSecretBytes)
                .secretText(path: path, purpose: purpose)
            secretPath = path
        }
        if let reason = PropertyRules.refusal(ofValue: text, for: name) { throw refusal(of: name, origin, reason) }
        let canonical = PropertyRules.aliases[name] ?? name
        if canonical != PropertyRules.tokenFile {
            do throws(KafkaError) {
                try Handle.check(canonical, text)
            } catch {
                throw KafkaError(code: .invalidConfiguration, message: "\(origin): \(error.message)")
            }
        }
        return Setting(name: canonical, origin: origin, text: text, secretPath: secretPath)
    }

    /// What can be seen only of all settings: those that would do nothing, or could never work.
    func checkTogether() throws(KafkaError) {
        let hasTokenFile = text(PropertyRules.tokenFile) != nil
        let `protocol` = (text("security.protocol") ?? (hasTokenFile ? "sasl_ssl" : "plaintext")).lowercased()
        for setting in settings {
            if setting.name.hasPrefix("sasl."), !`protocol`.hasPrefix("sasl_") {
                throw Self.refusal(
                    of: setting.name, setting.origin,
                    "it has no effect while security.protocol is \(`protocol`); set security.protocol=sasl_ssl")
            }
            if setting.name.hasPrefix("ssl."), !`protocol`.hasSuffix("ssl") {
                let encrypted = `protocol`.hasPrefix("sasl_") ? "sasl_ssl" : "ssl"
                throw Self.refusal(
                    of: setting.name, setting.origin,
                    "it has no effect while security.protocol is \(`protocol`); set security.protocol=\(encrypted)")
            }
        }
        guard `protocol`.hasPrefix("sasl_") else { return }
        let mechanism = text("sasl.mechanisms")
        if hasTokenFile, let mechanism, mechanism != "OAUTHBEARER" {
            throw Self.refusal(
                of: PropertyRules.tokenFile, origin(of: PropertyRules.tokenFile),
                "sasl.mechanisms is \(mechanism); set sasl.mechanisms=OAUTHBEARER, or leave the token out")
        }
        if mechanism == "OAUTHBEARER", !hasTokenFile, text("sasl.oauthbearer.method")?.lowercased() != "oidc",
            text("enable.sasl.oauthbearer.unsecure.jwt") != "true"
        {
            throw Self.refusal(
                of: "sasl.mechanisms", origin(of: "sasl.mechanisms"),
                "OAUTHBEARER needs a token; set \(PropertyRules.tokenFile) to a file that holds one, or "
                    + "sasl.oauthbearer.method=oidc and its options")
        }
        if let mechanism, mechanism == "PLAIN" || mechanism.hasPrefix("SCRAM") {
            for name in ["sasl.username", "sasl.password"] where text(name) == nil {
                throw Self.refusal(
                    of: "sasl.mechanisms", origin(of: "sasl.mechanisms"), "\(mechanism) needs \(name); set it too")
            }
        }
    }

    private func origin(of name: String) -> Origin { settings.first { $0.name == name }?.origin ?? .program }

    static func warning(on setting: Setting, fileIsOpenToOthers: Bool) -> String? {
        let safer = "give it as file:/path, in the environment, or in a file of --kafka-config"
        return switch setting.origin {
        case .flag(let flag):
            "\(setting.name) stands on the command line (\(flag)), where other users of this machine can see it; \(safer)"
        case .file(let path, _) where fileIsOpenToOthers:
            "\(path) holds \(setting.name) and every user of this machine can read it; chmod 600 \(path)"
        default: nil
        }
    }

    private static func refusal(of name: String, _ origin: Origin, _ reason: String) -> KafkaError {
        KafkaError(
            code: .invalidConfiguration, message: "\(origin): cannot set the Kafka option \"\(name)\": \(reason)")
    }
}
