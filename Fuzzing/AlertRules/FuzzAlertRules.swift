import AlertRuleFiles
import Monitoring
import Promises

/// Any text is an expression, a template and a rules file, or is refused at a place in it; what is accepted and written for Prometheus
/// reads back as the same.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzAlertRules(_ data: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    let text = String(decoding: UnsafeBufferPointer(start: data, count: count), as: UTF8.self)
    checkExpression(text)
    checkFile(text)
    if let template = try? AlertTemplate(text) {
        _ = template.expanded(labels: [MetricLabel("query", "orders")], value: 12.5)
    }
    return 0
}

private func checkExpression(_ text: String) {
    do throws(AlertExpressionError) {
        let written = try AlertExpression(text).prometheusText
        do throws(AlertExpressionError) {
            check(try AlertExpression(written).prometheusText == written, "an expression was written in two ways")
        } catch {
            check(false, "a written expression cannot be read: \(error)")
        }
    } catch {
        check(error.line >= 1 && error.column >= 1, "an error has no place")
    }
}

private func checkFile(_ text: String) {
    do throws(AlertFileError) {
        let rules = try AlertRuleFile.rules(from: text, file: "rules")
        guard rules.rules.allSatisfy({ $0.keepExpression == nil && $0.noData != .alert }) else { return }
        let written = PrometheusRules.text(of: rules)
        do throws(AlertFileError) {
            let again = try AlertRuleFile.rules(from: written, file: "written")
            check(PrometheusRules.text(of: again).contains("groups:"), "an export has lost its groups")
            check(again.rules.map(\.name) == rules.rules.map(\.name), "an export has other rules")
        } catch {
            check(false, "an export cannot be read: \(error)")
        }
    } catch {
        check(!error.problems.isEmpty, "a file was refused without a reason")
        check(error.problems.allSatisfy { $0.line >= 1 && $0.column >= 1 }, "a problem has no place")
    }
}
