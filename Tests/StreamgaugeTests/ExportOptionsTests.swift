import Foundation
import Testing

@testable import streamgauge

@Suite struct ExportOptionsTests {
    @Test(arguments: [
        ("http://localhost:4318", "http://localhost:4318/v1/metrics"),
        ("http://localhost:4318/", "http://localhost:4318/v1/metrics"),
        ("https://collector.example.com/otlp", "https://collector.example.com/otlp"),
        ("http://localhost:4318?tenant=1", "http://localhost:4318?tenant=1"),
    ])
    func `an endpoint without a path is given that of OTLP's metrics`(_ endpoint: String, _ address: String) {
        #expect(ExportOptions.metricsAddress(endpoint) == address)
    }

    @Test func `headers are not sent in clear to other machines unless that is accepted`() async throws {
        let program = BuiltProgram()
        let run = try await program.run([
            "serve", "--replay", "/dev/null", "--listen", "127.0.0.1:0", "--otlp-endpoint", "http://192.0.2.1:4318",
            "--otlp-header", "authorization=secret-of-ours",
        ])
        #expect(run.status == 1)
        #expect(run.error.contains("the headers for http://192.0.2.1:4318 would be sent in clear"), "\(run.error)")
        #expect(!run.error.contains("secret-of-ours"))
    }

    @Test(arguments: [
        ["--otlp-endpoint", "http://"], ["--otlp-endpoint", "http:///v1/metrics"],
        ["--otlp-endpoint", "collector:4318"], ["--otlp-endpoint", "ftp://x"], ["--otlp-interval", "5"],
        ["--otlp-endpoint", "http://localhost:4318", "--otlp-interval", "0"],
        ["--otlp-endpoint", "http://localhost:4318", "--otlp-header", "a b=c"],
        ["--otlp-endpoint", "http://localhost:4318", "--otlp-header", "a=env:NOT_SET_ANYWHERE"],
    ])
    func `what cannot be sent to is a usage error`(_ options: [String]) async throws {
        let run = try await BuiltProgram().run(["serve", "--replay", "/dev/null", "--listen", "127.0.0.1:0"] + options)
        #expect(run.status == 2, "\(run.error)")
    }
}
