import Monitoring
import Testing

@Suite struct AlertTemplateTests {
    private let labels = [MetricLabel("query", "orders"), MetricLabel("id", "1")]

    @Test(arguments: [
        ("plain", 1.0, "plain"), ("{{ $labels.query }} of {{$labels.id}}", 1, "orders of 1"),
        ("{{ .Labels.query | toUpper }} {{ .Value }}", 1.5, "ORDERS 1.5"), ("{{ $labels.none }}!", 1, "!"),
        ("{{ $value | humanize }}", 1234567, "1.235M"), ("{{ humanize $value }}", 0.00123, "1.23m"),
        ("{{ $value | humanize }}", 0, "0"), ("{{ $value | humanize }}", -2500, "-2.5k"),
        ("{{ $value | humanize1024 }}B", 1_610_612_736, "1.5GiB"),
        ("{{ $value | humanizeDuration }}", 3725, "1h 2m 5s"),
        ("{{ $value | humanizeDuration }}", 90_061, "1d 1h 1m 1s"), ("{{ $value | humanizeDuration }}", 0.25, "250ms"),
        ("{{ $value | humanizeDuration }}", 12.5, "12.5s"), ("{{ $value | humanizePercentage }}", 0.123, "12.3%"),
        ("{{ $value | humanizeTimestamp }}", 1_435_065_584, "2015-06-23 13:19:44 +0000 UTC"),
        ("{{ $value | printf \"%.2f rows\" }}", 3.14159, "3.14 rows"), ("{{ printf \"%.0f\" $value }}", 2.6, "3"),
        ("{{ $value }}", 1_000_000, "1e+06"), ("{{ $value }}", 123_456, "123456"),
        ("{{ $value }}", -1_234_567.5, "-1.2345675e+06"),
        ("{{ $value }}", 0.0001, "0.0001"), ("{{ $value }}", 0.00002, "2e-05"), ("{{ $value }}", 120, "120"),
        ("a {{- $labels.id -}} b", 1, "a1b"),
        ("{{ \"text\" | title }}", 1, "Text"), ("{{ $labels.query | printf \"%s!\" }}", 1, "orders!"),
    ])
    func `a text shows labels and values as Prometheus would`(_ text: String, _ value: Double, _ expected: String)
        throws
    {
        #expect(try AlertTemplate(text).expanded(labels: labels, value: value) == expected)
    }

    @Test(arguments: [
        ("{{ $labels.query", "a {{ without its }}"), ("{{ $label.query }}", "expected $labels.NAME"),
        ("{{ $value | humanise }}", "there is no function humanise; did you mean humanize?"),
        ("{{ if $value }}x{{ end }}", "loops, conditions and queries are not understood"),
        ("{{ $value | }}", "expected a function after |"), ("{{ }}", "expected $labels.NAME"),
        ("{{ $value | printf \"%q\" }}", "printf understands one of"), ("{{ $value $value }}", "expected | or }}"),
        ("{{ $labels. }}", "expected a label's name"),
    ])
    func `what is not understood is refused`(_ text: String, _ message: String) throws {
        let error = try #require(throws: AlertTemplate.Malformed.self) { try AlertTemplate(text) }
        #expect(error.message.contains(message), "\(error)")
    }

    @Test(arguments: 0..<4 as Range<UInt64>) func `any text is read or refused`(seed: UInt64) {
        let pieces = [
            "{{", "}}", "$labels.", "query", "$value", "|", "humanize", "printf", "\"%.1f\"", "- ", " -", "\"", "é",
            " ",
        ]
        var numbers = SeededNumbers(seed: seed)
        var read = 0
        for _ in 0..<5000 {
            let text = (0..<Int.random(in: 1...9, using: &numbers)).map { _ in
                pieces.randomElement(using: &numbers) ?? ""
            }
            guard let template = try? AlertTemplate(text.joined()) else { continue }
            read += 1
            #expect(!template.expanded(labels: labels, value: 1).contains("{{"))
        }
        #expect(read > 100)
    }
}
