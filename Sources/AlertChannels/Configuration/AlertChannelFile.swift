public import AlertRuleFiles
import Monitoring

/// Reads channels from YAML.
///
/// ```yaml
/// external_url: https://streamgauge.example.com     # where the monitor's pages are seen; stands in notices
/// channels:
///   - name: chat
///     webhook:
///       url: env:CHAT_WEBHOOK                       # file:/path and env:NAME keep secrets out of this file
///       shape: slack                                # or json, which is the default
///   - name: hook
///     webhook:
///       url: https://hooks.example.com/alerts
///       headers: {Authorization: file:/etc/streamgauge/hook-token}
///       template: '{"text": "{{ $labels.title }}"}' # JSON; places stand inside its strings
///     send_resolved: false
///   - name: alertmanager
///     alertmanager: {url: http://10.1.2.3:9093, allow_http: true, allow_networks: [10.0.0.0/8]}
///   - name: mail
///     email:
///       server: smtp://mail.example.com:587         # STARTTLS is required; smtps:// is encrypted from the start
///       username: alerts
///       password: file:/etc/streamgauge/mail-password
///       from: StreamGauge <alerts@example.com>
///       to: [oncall@example.com]
///   - name: pager
///     command: {argv: [/usr/local/bin/page, --team, data]}
///     timeout: 5s
///   - name: topic
///     kafka: {topic: alerts, options: {bootstrap.servers: "localhost:9092"}}
///   - name: heartbeat
///     webhook: {url: https://hc.example.com/ping/1}
///     resend: 1m                                    # says again and again what fires, for who notices when that ends
/// routes:                                           # without any: every alert to every channel, see below
///   - {match: ['alertname="Watchdog"'], channels: [heartbeat, alertmanager]}
///   - {match: ['severity="critical"'], channels: [pager, mail], continue: true}
///   - {channels: [chat]}
/// ```
///
/// An alert that meets no route is for all channels; one with `severity="none"`, which fires all the time so that its silence is noticed, is
/// then only for those that repeat what fires: an Alertmanager, and channels with `resend`.
///
/// A channel may also have `give_up_after` (else a notice's own `best_before` counts) and `queue`, the number of notices that may wait.
public enum AlertChannelFile {
    /// Reads a file's text.
    ///
    /// - Parameters:
    ///   - text: The YAML.
    ///   - file: The name for messages.
    ///   - environment: Where `env:NAME` looks.
    /// - Throws: An `AlertFileError` with every problem that was found. No secret is in it.
    public static func plan(
        from text: String, file: String, environment: [String: String]
    ) throws(AlertFileError) -> AlertChannelPlan {
        var reader = AlertChannelReader(
            document: YAMLDocument(file: file, text: text), secrets: SecretReferences(environment: environment))
        let plan = reader.read(text)
        if let error = reader.document.error { throw error }
        return plan
    }
}

/// Reads one file of channels.
struct AlertChannelReader {
    typealias Value = YAMLDocument.Value

    var document: YAMLDocument
    let secrets: SecretReferences
    /// The names that channels give themselves, those of faulty ones too: a route to one of them is not at fault.
    var names: [String] = []
    /// Whether a channel has no name that can be read: any route may be to it.
    var hasNameless = false

    mutating func read(_ text: String) -> AlertChannelPlan {
        var plan = AlertChannelPlan(channels: [], routes: [])
        guard let root = document.root(of: text),
            let fields = document.fields(root, "a channels file", keys: ["channels", "routes", "external_url"])
        else { return plan }
        guard let channels = fields["channels"] else {
            document.report("a channels file needs the key channels", at: root)
            return plan
        }
        for value in document.list(channels, "channels") {
            if let channel = channel(value) { plan.channels.append(channel) }
        }
        if plan.channels.isEmpty, document.problems.isEmpty {
            document.report("channels has no channel; add one, or leave the file out", at: channels)
        }
        plan.externalURL = fields["external_url"].flatMap { externalURL($0) }
        if let routes = fields["routes"] {
            plan.routes = document.list(routes, "routes").compactMap { route($0) }
        }
        return plan
    }

    private mutating func externalURL(_ value: Value) -> String? {
        guard let text = document.text(value, "external_url") else { return nil }
        do throws(WebAddress.Malformed) {
            let address = try WebAddress(text, schemes: ["https", "http"])
            return address.text.hasSuffix("/") ? String(address.text.dropLast()) : address.text
        } catch {
            document.report("external_url cannot be used: \(error.message)", at: value)
            return nil
        }
    }

    private mutating func route(_ value: Value) -> AlertRoute? {
        guard let fields = document.fields(value, "a route", keys: ["match", "channels", "continue"]) else {
            return nil
        }
        guard let list = fields["channels"] else {
            document.report("a route needs channels; an empty list keeps its alerts back", at: value)
            return nil
        }
        let known = names.map { SafeText.line($0, limit: 40) }.joined(separator: ", ")
        var channels: [String] = []
        for value in document.list(list, "channels") {
            guard let name = document.text(value, "a channel's name") else { continue }
            if !names.contains(name), !hasNameless {
                document.report(
                    "there is no channel \(SafeText.line(name, limit: 40)); there are \(known)",
                    at: value)
            }
            channels.append(name)
        }
        return AlertRoute(
            matchers: fields["match"].map { document.matchers($0, "match") } ?? [], channels: channels,
            continues: fields["continue"].flatMap { document.truth($0, "continue") } ?? false)
    }

    // MARK: Channels

    private static let kinds = ["webhook", "alertmanager", "email", "command", "kafka"]

    private mutating func channel(_ value: Value) -> ChannelSettings? {
        let common = ["name", "timeout", "give_up_after", "send_resolved", "queue", "resend"]
        let known = document.problems.count
        guard let fields = document.fields(value, "a channel", keys: common + Self.kinds) else {
            hasNameless = true
            return nil
        }
        guard let nameValue = fields["name"] else {
            document.report("a channel needs a name", at: value)
            hasNameless = true
            return nil
        }
        guard let name = name(nameValue, of: value) else { return nil }
        let given = Self.kinds.filter { fields[$0] != nil }
        guard given.count == 1, let kindName = given.first, let inner = fields[kindName] else {
            // A misspelt one was told as a key that is not known.
            if given.isEmpty, document.problems.count > known { return nil }
            let found = given.isEmpty ? "none is" : "\(given.joined(separator: " and ")) are"
            document.report(
                "the channel \(name) needs one of \(Self.kinds.joined(separator: ", ")); \(found) there", at: value)
            return nil
        }
        let timeout = fields["timeout"].flatMap { bounded($0, "timeout", .milliseconds(1)...(.seconds(600))) }
        guard let kind = kind(kindName, inner, timeout) else { return nil }
        var policy = DeliveryQueue.Policy()
        policy.giveUpAfter = fields["give_up_after"].flatMap {
            bounded($0, "give_up_after", .seconds(1)...(.seconds(604_800)))
        }
        if let queue = fields["queue"] { policy.capacity = number(queue, "queue", 1...10_000) ?? policy.capacity }
        policy.resend = fields["resend"].flatMap { bounded($0, "resend", .seconds(1)...(.seconds(86_400))) }
        if case .alertmanager(let settings) = kind {
            if let value = fields["resend"] {
                document.report("resend of an alertmanager stands within it", at: value)
            }
            policy.resend = settings.resend
        }
        let sendsResolved = fields["send_resolved"].flatMap { document.truth($0, "send_resolved") } ?? true
        return ChannelSettings(name: name, kind: kind, sendsResolved: sendsResolved, policy: policy)
    }

    private mutating func name(_ value: Value, of channel: Value) -> String? {
        guard let name = document.text(value, "a channel's name") else {
            hasNameless = true
            return nil
        }
        if names.contains(name) {
            document.report("the channel \(SafeText.line(name, limit: 40)) is there twice", at: channel)
        } else {
            names.append(name)
        }
        guard name.utf8.count <= 64,
            name.unicodeScalars.allSatisfy({
                $0.isASCII
                    && ($0.properties.isAlphabetic || $0.properties.numericType != nil
                        || "._-".unicodeScalars.contains($0))
            })
        else {
            document.report("a channel's name has up to 64 letters, digits, . _ and - and nothing else", at: value)
            return nil
        }
        return name
    }

    private mutating func kind(_ name: String, _ value: Value, _ timeout: Duration?) -> ChannelSettings.Kind? {
        switch name {
        case "webhook": webhook(value, timeout).map { .webhook($0) }
        case "alertmanager": alertmanager(value, timeout).map { .alertmanager($0) }
        case "email": email(value, timeout).map { .email($0) }
        case "command": command(value, timeout).map { .command($0) }
        default: topic(value, timeout).map { .topic($0) }
        }
    }
}
