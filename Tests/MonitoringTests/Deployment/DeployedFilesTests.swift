import AlertRuleFiles
import Foundation
import Monitoring
import Testing

/// What users deploy beside the program says what the program says.
@Suite struct DeployedFilesTests {
    private static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    private func text(_ path: String) throws -> String {
        try String(contentsOf: Self.root.appending(path: path), encoding: .utf8)
    }

    @Test func `Prometheus' rules are the shipped ones`() throws {
        let deployed = try text("deploy/prometheus/streamgauge-rules.yml")
        #expect(
            try deployed == PrometheusRules.text(of: ShippedRules.rules()),
            "write it anew: streamgauge alerts export --prometheus > deploy/prometheus/streamgauge-rules.yml")
    }

    @Test func `the dashboard asks for series that there are, by labels that they have`() throws {
        let panels = try Dashboard(text("deploy/grafana/dashboards/streamgauge.json"))
        #expect(panels.expressions.count > 20)
        for expression in panels.expressions + panels.variables {
            let metrics = expression.matches(of: /\b(?:streamgauge_[a-z_]+|ALERTS)\b/).map { String($0.output) }
            #expect(!metrics.isEmpty, "\(expression)")
            for metric in metrics { #expect(ScrapedSeries.labels(of: metric) != nil, "\(metric) in \(expression)") }
            let known = Set(metrics.flatMap { ScrapedSeries.labels(of: $0) ?? [] })
            let asked = expression.matches(of: /([a-z_]+)\s*=~?"/).map { String($0.output.1) }
            let grouped = expression.matches(of: /by \(([^)]*)\)/).flatMap { $0.output.1.split(separator: ", ") }
            for label in asked + grouped.map(String.init) {
                #expect(known.contains(label), "\(label) in \(expression)")
            }
        }
    }

    @Test func `each panel of the dashboard has a place of its own`() throws {
        let places = try Dashboard(text("deploy/grafana/dashboards/streamgauge.json")).places
        for (index, place) in places.enumerated() {
            #expect(place.maxX <= 24)
            for other in places[..<index] { #expect(place.intersection(other).isEmpty, "\(place) and \(other)") }
        }
    }
}

/// The labels of the series that Prometheus has after a scrape.
private enum ScrapedSeries {
    static func labels(of metric: String) -> [String]? {
        if metric == "ALERTS" { return ["alertname", "alertstate", "query", "id", "severity"] }
        if metric == "streamgauge_queries" { return ["state"] }
        return MetricCatalog.families.first { $0.name == metric }.map { ["query", "id"] + $0.labels }
    }
}

/// Grafana's model of a dashboard, as far as it is looked at.
private struct Dashboard {
    var expressions: [String] = []
    var variables: [String] = []
    var places: [CGRect] = []

    private struct Model: Decodable {
        var panels: [Panel]
        var templating: Templating
        struct Panel: Decodable {
            var targets: [Target]
            var gridPos: Place
        }
        struct Target: Decodable { var expr: String }
        struct Place: Decodable { var x, y, w, h: Double }
        struct Templating: Decodable { var list: [Variable] }
        struct Variable: Decodable { var definition: String? }
    }

    init(_ text: String) throws {
        let model = try JSONDecoder().decode(Model.self, from: Data(text.utf8))
        expressions = model.panels.flatMap { $0.targets.map(\.expr) }
        variables = model.templating.list.compactMap(\.definition)
        places = model.panels.map {
            CGRect(x: $0.gridPos.x, y: $0.gridPos.y, width: $0.gridPos.w, height: $0.gridPos.h)
        }
    }
}
