import AlertRuleFiles
import Monitoring
import Testing

@testable import AlertChannels

/// The file of channels, right and wrong.
@Suite struct AlertChannelFileTests {
    private static let environment = [
        "HOOK": "https://hooks.example.com/s3cret-path", "TOKEN": "t0ken", "LINES": "a\nb",
    ]

    /// What is wrong in a file, as `line: message`.
    private static func problems(_ text: String) -> [String] {
        do throws(AlertFileError) {
            _ = try AlertChannelFile.plan(from: text, file: "c.yml", environment: environment)
            return []
        } catch {
            return error.problems.map { "\($0.line): \($0.message)" }
        }
    }

    @Test func `every kind of channel is read with its settings`() throws {
        let plan = try Sample.plan(
            """
            external_url: https://gauge.example.com/
            channels:
              - name: chat
                webhook: {url: env:HOOK, shape: slack}
                give_up_after: 5m
                queue: 10
              - name: am
                alertmanager: {url: "http://10.1.2.3:9093", allow_http: true, allow_networks: [10.0.0.0/8], resend: 20s}
              - name: mail
                send_resolved: false
                timeout: 45s
                email: {server: "smtps://mail.example.com:465", from: A <a@example.com>, to: [b@example.com]}
              - name: run
                command: {argv: [/bin/true, x], environment: {KEY: env:TOKEN}}
              - name: topic
                kafka: {topic: alerts, config: client.properties, options: {bootstrap.servers: "b:9092", sasl.password: env:TOKEN}}
            routes:
              - {match: ['severity="critical"', 'query=~"a.*"'], channels: [mail, run], continue: true}
              - {channels: []}
            """, environment: Self.environment)
        #expect(plan.channels.map(\.name) == ["chat", "am", "mail", "run", "topic"])
        #expect(plan.externalURL == "https://gauge.example.com")
        #expect(plan.channels[0].policy.giveUpAfter == .seconds(300) && plan.channels[0].policy.capacity == 10)
        #expect(plan.channels[1].policy.resend == .seconds(20) && plan.channels[0].policy.resend == nil)
        #expect(!plan.channels[2].sendsResolved && plan.channels[3].sendsResolved)
        #expect(plan.routes.map(\.continues) == [true, false] && plan.routes[0].matchers.count == 2)
        guard case .email(let email) = plan.channels[2].kind, case .topic(let topic) = plan.channels[4].kind else {
            Issue.record("\(plan.channels)")
            return
        }
        #expect(email.requiresEncryption && email.timeout == .seconds(45))
        #expect(topic.configurationFile == "client.properties" && topic.options["sasl.password"]?.text == "t0ken")
    }

    @Test func `F39 no description of a plan shows a secret`() throws {
        let plan = try Sample.plan(
            """
            channels:
              - name: chat
                webhook: {url: env:HOOK, headers: {Authorization: env:TOKEN}, username: me, password: env:TOKEN}
              - name: run
                command: {argv: [/bin/true], environment: {KEY: env:TOKEN}}
            """, environment: Self.environment)
        var dumped = ""
        dump(plan, to: &dumped)
        for text in [dumped, "\(plan)", String(reflecting: plan)] {
            #expect(!text.contains("t0ken") && !text.contains("s3cret"), "\(text)")
        }
        #expect(dumped.contains("hooks.example.com"))
    }

    private static func webhook(_ inner: String) -> String { "channels:\n  - name: a\n    webhook: {\(inner)}" }
    private static func email(_ inner: String) -> String {
        "channels:\n  - name: a\n    email: {server: 'smtp://m.example.com', from: a@b.c, to: [a@b.c], \(inner)}"
    }

    @Test(arguments: [
        ("chanels: []", "1: a channels file has no key chanels; did you mean channels?"),
        ("channels: []", "1: channels has no channel"),
        (
            "channels:\n  - {name: a}",
            "2: the channel a needs one of webhook, alertmanager, email, command, kafka; none is there"
        ),
        ("channels:\n  - {name: a, command: {argv: [/bin/true]}, kafka: {topic: t}}", "command and kafka are there"),
        ("channels:\n  - command: {argv: [/bin/true]}", "2: a channel needs a name"),
        ("channels:\n  - {name: 'a b', command: {argv: [/bin/true]}}", "2: a channel's name has up to 64 letters"),
        (
            "channels:\n  - {name: a, command: {argv: [/bin/true]}}\n  - {name: a, command: {argv: [/bin/true]}}",
            "3: the channel a is there twice"
        ),
        ("channels:\n  - {name: a, timeout: 0, command: {argv: [/bin/true]}}", "timeout must be from"),
        ("channels:\n  - {name: a, timeout: soon, command: {argv: [/bin/true]}}", "timeout must be a duration"),
        ("channels:\n  - {name: a, queue: 0, command: {argv: [/bin/true]}}", "queue must be a number from 1 to 10000"),
        (
            "channels:\n  - {name: a, send_resolved: maybe, command: {argv: [/bin/true]}}",
            "send_resolved must be true or false"
        ),
        ("channels:\n  - {name: a, command: {argv: [true]}}", "true cannot be run: it must begin with /"),
        ("channels:\n  - {name: a, command: {argv: [/nowhere]}}", "/nowhere cannot be run: No such file"),
        ("channels:\n  - {name: a, command: {argv: []}}", "argv needs the program's path"),
        ("channels:\n  - {name: a, kafka: {}}", "kafka needs topic"),
        (
            "channels:\n  - {name: a, kafka: {topic: t, options: {sasl.password: plain}}}",
            "sasl.password must not stand in this file"
        ),
        (
            "channels:\n  - {name: a, command: {argv: [/bin/true]}}\nroutes:\n  - {channels: [b]}",
            "4: there is no channel b; there are a"
        ),
        ("channels:\n  - {name: a, comand: {}}\nroutes:\n  - {channels: [a]}", "has no key comand"),
        ("channels:\n  - {name: a, timeout: 0, kafka: {}}\nroutes:\n  - {channels: [a]}", "timeout must be from"),
        ("channels:\n  - {nam: a, kafka: {topic: t}}\nroutes:\n  - {channels: [a]}", "has no key nam"),
        ("channels:\n  - {name: a b, kafka: {topic: t}}\nroutes:\n  - {channels: [a b]}", "a channel's name has up to"),
        ("channels: [[]]\nroutes: [{channels: [a]}]", "a channel must be a mapping"),
        ("channels:\n  - {name: a, comand: {}}\nroutes:\n  - {channels: [b]}", "there is no channel b; there are a"),
        ("channels:\n  - {name: a, comand: {}}\n  - {name: a, kafka: {topic: t}}", "the channel a is there twice"),
        (
            "channels:\n  - {name: a, command: {argv: [/bin/true]}}\nroutes:\n  - {match: ['x=~\"(\"'], channels: [a]}",
            "4: "
        ),
        ("channels:\n  - {name: a, command: {argv: [/bin/true]}}\nroutes:\n  - {match: []}", "a route needs channels"),
        (
            "external_url: ftp://x\nchannels:\n  - {name: a, command: {argv: [/bin/true]}}",
            "1: external_url cannot be used: it must begin with https:// or http://"
        ),
        (webhook("shape: slack"), "3: a webhook needs url"),
        (webhook("url: 'https://x.example', shape: discord"), "shape must be json or slack, not discord"),
        (webhook("url: 'https://x.example', shape: slack, template: '{}'"), "shape and template exclude each other"),
        (webhook("url: 'https://x.example', template: '{\"a\": }'"), "a template must be JSON"),
        (webhook("url: 'https://x.example', template: '{\"a\": \"{{ $label.x }}\"}'"), "template: cannot read"),
        (webhook("url: 'https://x.example', content_type: text/plain"), "content_type says nothing without template"),
        (webhook("url: 'http://x.example'"), "http://x.example is not encrypted"),
        (webhook("url: 'x.example'"), "url cannot be used"), (webhook("url: 'ftp://x.example'"), "url cannot be used"),
        (webhook("url: 'file:///etc/passwd'"), "has more than one line"),
        (webhook("url: 'https://x.example/#a'"), "it has a fragment"),
        (webhook("url: 'gopher://x.example'"), "it must begin with https:// or http://"),
        (webhook("url: \"https://x.example/\\r\\nX: y\""), "control characters"),
        (webhook("url: 'https://x.example', headers: {X-A: \"b\\r\\nX-C: d\"}"), "the header X-A has a line end"),
        (webhook("url: 'https://x.example', headers: {'X A': b}"), "X A is no name of a header"),
        (webhook("url: 'https://x.example', headers: {Host: b}"), "the header Host is set by the channel itself"),
        (
            webhook("url: 'https://x.example', headers: {Authorization: Bearer x}"),
            "Authorization must not stand in this file"
        ),
        (webhook("url: 'https://x.example', username: a, password: b"), "password must not stand in this file"),
        (webhook("url: 'https://x.example', username: a"), "username needs password"),
        (webhook("url: 'https://x.example', password: env:TOKEN"), "password needs username"),
        (webhook("url: env:NOWHERE"), "url: the variable NOWHERE of the environment is not set"),
        (webhook("url: env:LINES"), "the variable LINES has more than one line"),
        (webhook("url: file:/nowhere"), "the file /nowhere cannot be read: No such file"),
        (webhook("url: 'https://x.example', ca_file: /nowhere"), "ca_file /nowhere cannot be read"),
        (webhook("url: 'https://x.example', allow_networks: [10.0.0.1/8]"), "allow_networks has addresses such as"),
        (email("subject: '{{ $labels. }}'"), "subject: cannot read"),
        (email("starttls: false, username: a, password: env:TOKEN"), "a password would be sent in clear"),
        (
            "channels:\n  - name: a\n    email: {server: 'smtp://m.example.com', from: \"a@b.c\\nBcc: x@y.z\", to: [a@b.c]}",
            "from is no mail address"
        ),
        (
            "channels:\n  - name: a\n    email: {server: 'smtp://m.example.com', from: a@b.c, to: []}",
            "to needs an address"
        ),
        ("channels:\n  - name: a\n    email: {from: a@b.c}", "an email needs server and to"),
        ("channels:\n  - name: a\n    alertmanager: {url: 'https://x.example/?a=b'}", "it has a query"),
    ])
    func `what is wrong is told with its line`(text: String, problem: String) {
        let problems = Self.problems(text)
        #expect(problems.contains { $0.hasPrefix(problem) || $0.contains(problem) }, "\(problems)")
    }

    @Test func `a faulty channel is told once, and routes to it are not at fault`() {
        let routes = "routes:\n  - {channels: [a, b]}\n  - {match: ['x=\"y\"'], channels: [a]}\n"
        for channel in [
            "{name: a, comand: {}}", "{name: a}", "{name: a, kafka: {}}", "{nam: a, kafka: {topic: t}}", "[a]",
            "{name: a, command: {argv: [/nowhere]}}",
        ] {
            let text = "channels:\n  - \(channel)\n  - {name: b, command: {argv: [/bin/true]}}\n" + routes
            let problems = Self.problems(text).filter { !$0.contains("a channel needs a name") }
            #expect(problems.count == 1 && problems[0].hasPrefix("2:"), "\(channel): \(problems)")
        }
    }

    /// Row F34: forms of an address that a reader of URLs may take for another host.
    @Test(arguments: [
        "http://127.0.0.1/", "http://127.1/", "http://2130706433/", "http://0x7f000001/", "http://0x7f.0.0.1/",
        "http://0177.0.0.1/",
        "http://017700000001/", "http://[::1]/", "http://[::ffff:127.0.0.1]/", "http://[::ffff:7f00:1]/", "http://0/",
        "http://0.0.0.0/", "http://169.254.169.254/", "http://[::ffff:169.254.169.254]/", "http://2852039166/",
        "http://[fe80::1]/",
        "http://10.0.0.1/", "http://[fd00::1]/", "http://192.168.0.1:8080/", "http://[64:ff9b::7f00:1]/",
        "http://127.0.0.1:80:80/",
        "http://user@10.0.0.1/", "http://example.com@127.0.0.1/", "http://example.com:x@127.0.0.1/",
        "http://127.0.0.1\\@example.com/",
        "http://①②⑦.0.0.1/", "http://127。0。0。1/", "http:127.0.0.1", "http:///127.0.0.1/", "http://[::1",
        "http://127.0.0.1%00.example.com/",
        "http://[::1%25lo]/",
    ])
    func `F34 no form of an address of this machine or network gets into a plan`(url: String) {
        let problems = Self.problems("channels:\n  - name: a\n    webhook: {url: '\(url)', allow_http: true}")
        #expect(problems.count == 1 && problems[0].hasPrefix("3: url"), "\(problems)")
    }

    @Test func `F38 every beginning of a file is read or told with a line, and shows no secret`() throws {
        let text = """
            channels:
              - name: chat
                webhook: {url: env:HOOK, headers: {Authorization: env:TOKEN}}
              - {name: run, command: {argv: [/bin/true], environment: {KEY: env:TOKEN}}}
            routes: [{match: ['a="b"'], channels: [chat]}]
            """
        for end in text.indices {
            for problem in Self.problems(String(text[..<end])) {
                #expect(!problem.contains("t0ken") && !problem.contains("s3cret"))
            }
        }
        #expect(Self.problems(text).isEmpty)
    }

    @Test func `a secret comes from a file, without its line end`() throws {
        let folder = try TestFolder()
        let references = SecretReferences(environment: [:])
        let path = try folder.write("secret", "p w\r\n")
        #expect(try references.resolve("file:\(path)").value.text == "p w")
        #expect(try references.resolve("file:\(path)").isSecret)
        #expect(try references.resolve("plain").isSecret == false)
        for (name, text) in [("empty", "\n"), ("lines", "a\nb\n"), ("large", String(repeating: "x", count: 70_000))] {
            let path = try folder.write(name, text)
            #expect(throws: SecretReferences.Missing.self) { try references.resolve("file:\(path)") }
        }
        #expect(throws: SecretReferences.Missing.self) { try references.resolve("file:\(folder.path)") }
    }
}
