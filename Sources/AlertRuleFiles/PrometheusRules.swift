public import Monitoring

/// Writes rules as Prometheus reads them.
///
/// Expressions, `for`, `keep_firing_for`, labels and annotations go over as they are. `keep_expr` becomes a part of the expression
/// that holds while the alert fires, and `no_data: alert` a second rule. `no_data: keep`, `startup_grace`, inhibitions, silences and
/// `notify` have no place in a rules file of Prometheus: they stand as comments.
public enum PrometheusRules {
    /// The YAML of a rules file.
    public static func text(of rules: AlertRules) -> String {
        var lines: [String] = []
        for inhibition in rules.inhibitions {
            let (source, target) = (list(inhibition.source), list(inhibition.target))
            lines.append(
                "# For Alertmanager, inhibit_rules: source_matchers [\(source)], target_matchers [\(target)], "
                    + "equal [\(inhibition.equal.joined(separator: ", "))]")
        }
        if !rules.silences.isEmpty { lines.append("# Silences are Alertmanager's: \(rules.silences.count) left out") }
        lines.append(rules.groups.isEmpty ? "groups: []" : "groups:")
        for group in rules.groups {
            lines.append("  - name: \(quoted(group.name))")
            if let interval = group.interval { lines.append("    interval: \(duration(interval))") }
            if let limit = group.limit { lines.append("    limit: \(limit)") }
            lines.append(group.rules.isEmpty ? "    rules: []" : "    rules:")
            for rule in group.rules { lines += self.lines(of: rule) }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func list(_ matchers: [LabelMatcher]) -> String { matchers.map(\.text).joined(separator: ", ") }

    private static func lines(of rule: AlertRule) -> [String] {
        var lines: [String] = []
        if let reason = rule.reason { lines += wrapped(reason).map { "      # \($0)" } }
        if rule.noData == .keep {
            lines.append("      # Not in Prometheus: without data the alert stays for \(duration(rule.noDataFor))")
        }
        if rule.startupGrace > .zero {
            lines.append("      # Not in Prometheus: nothing fires for \(duration(rule.startupGrace)) after a start")
        }
        if rule.expression.metrics.contains(PartitionLagSeries.family.name) {
            lines.append("      # For single partitions: `streamgauge serve` tells them with --partition-series")
        }
        lines.append("      - alert: \(quoted(rule.name))")
        lines.append("        expr: \(quoted(expression(of: rule)))")
        if rule.holdFor > .zero { lines.append("        for: \(duration(rule.holdFor))") }
        if rule.keepFiringFor > .zero { lines.append("        keep_firing_for: \(duration(rule.keepFiringFor))") }
        lines += mapping("labels", rule.labels)
        lines += mapping("annotations", rule.annotations)
        if rule.noData == .alert { lines += noDataLines(of: rule) }
        return lines
    }

    private static func expression(of rule: AlertRule) -> String {
        guard let keep = rule.keepExpression else { return rule.expression.prometheusText }
        let labels = keep.labelNames.sorted().joined(separator: ", ")
        let name = LabelMatcher("alertname", equals: rule.name).text
        return "(\(rule.expression.prometheusText)) or ((\(keep.prometheusText)) and on (\(labels)) "
            + "ALERTS{\(name),alertstate=\"firing\"})"
    }

    private static func noDataLines(of rule: AlertRule) -> [String] {
        let selections = rule.expression.selectorTexts.map { "absent(\($0))" }
        let labels = rule.labels.filter { $0.name != "no_data" && $0.value.isConstant }
        return [
            "      - alert: \(quoted(rule.name))",
            "        expr: \(quoted(selections.joined(separator: " and on () ")))",
            "        for: \(duration(rule.noDataFor))",
        ] + mapping("labels", labels + [AlertLabel("no_data", AlertTemplate(plain: "true"))])
            + mapping("annotations", rule.annotations.filter(\.value.isConstant))
    }

    private static func mapping(_ name: String, _ entries: [AlertLabel]) -> [String] {
        guard !entries.isEmpty else { return [] }
        return ["        \(name):"] + entries.map { "          \($0.name): \(quoted($0.value.text))" }
    }

    private static func duration(_ duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        return AlertNumber.durationText(milliseconds: seconds * 1000 + attoseconds / 1_000_000_000_000_000)
    }

    private static func wrapped(_ text: String) -> [String] {
        var lines: [String] = []
        for word in text.split(separator: " ") {
            if let last = lines.last, last.count + word.count < 100 {
                lines[lines.count - 1] = last + " " + word
            } else {
                lines.append(String(word))
            }
        }
        return lines
    }

    /// A text in double quotes, in which YAML has JSON's escapes.
    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": result += "\\\\"
            case "\"": result += "\\\""
            case "\n": result += "\\n"
            case "\t": result += "\\t"
            default:
                if scalar.value < 0x20 || (0x7F...0xA0).contains(scalar.value) || scalar.value == 0x2028
                    || scalar.value == 0x2029
                {
                    let digits = String(scalar.value, radix: 16)
                    result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
                } else {
                    result.unicodeScalars.append(scalar)
                }
            }
        }
        return result + "\""
    }
}
