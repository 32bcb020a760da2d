import Foundation
import Glibc
import Kafka
@testable import KafkaTesting
import Testing

/// An end of TLS (stunnel) before a proxy that tells clients the end's port, with certificates made for one test.
final class TLSEnd {
    let folder: CertificateFolder
    let port: Int
    let proxy: FaultProxy
    private let process = Process()

    /// Starts it.
    ///
    /// - Parameters:
    ///   - certificate: The name of the broker's certificate in the folder.
    ///   - asksForCertificate: Whether clients must show one of the folder's authority.
    init(
        _ folder: CertificateFolder, certificate: String, asksForCertificate: Bool = false, to target: String,
        sasl: SASLResponder? = nil
    ) async throws {
        self.folder = folder
        let free = try FaultProxy(to: target)
        port = free.port
        free.close()
        proxy = try FaultProxy(to: target, advertisedPort: port, sasl: sasl)
        let settings = """
            foreground = yes
            pid =
            syslog = no
            output = \(folder.path("stunnel.log"))
            [kafka]
            accept = 127.0.0.1:\(port)
            connect = 127.0.0.1:\(proxy.port)
            cert = \(folder.path("\(certificate).pem"))
            key = \(folder.path("\(certificate).key"))
            \(asksForCertificate ? "verifyChain = yes\nCAfile = \(folder.path("ca.pem"))" : "")
            """
        try settings.write(toFile: folder.path("stunnel.conf"), atomically: true, encoding: .utf8)
        process.executableURL = URL(filePath: "/usr/bin/stunnel4")
        process.arguments = [folder.path("stunnel.conf")]
        process.standardError = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        try #require(
            FileManager.default.isExecutableFile(atPath: "/usr/bin/stunnel4"),
            "stunnel4 is not installed; run scripts/install-dependencies")
        try process.run()
        while true {
            if let connection = LoopbackSocket.connect(UInt16(port)) {
                Glibc.close(connection)
                break
            }
            let told = (try? String(contentsOfFile: folder.path("stunnel.log"), encoding: .utf8)) ?? ""
            try #require(process.isRunning, "stunnel4 has ended: \(told)")
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    var bootstrapServers: String { "localhost:\(port)" }

    func close() {
        kill()
        proxy.close()
    }

    /// At once: the program inherits from a thread of the pool that it hears no polite signal.
    private func kill() {
        if process.isRunning { Foundation.kill(process.processIdentifier, SIGKILL) }
    }

    deinit { kill() }
}

/// Certificates in a folder that goes away with the value: an authority, and brokers' and a client's certificates.
final class CertificateFolder {
    private let files = TemporaryFiles()

    /// - Throws: when openssl is not there or refuses.
    init() throws {
        try files.write("here", "")
        for (authority, name) in [("ca", "Test authority"), ("foreign-ca", "Foreign authority")] {
            try openssl([
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                "-subj", "/CN=\(name)", "-keyout", path("\(authority).key"), "-out", path("\(authority).pem"),
            ])
        }
        let here = "DNS:localhost,DNS:127.0.0.1,IP:127.0.0.1"
        try sign("good", "ca", names: here)
        try sign("expired", "ca", names: here, days: -1)
        try sign("foreign", "foreign-ca", names: here)
        try sign("elsewhere", "ca", names: "DNS:kafka.example.org")
        try sign("client", "ca", names: "DNS:client")
    }

    func path(_ name: String) -> String { files.path(name) }

    /// Locks a key with a password.
    func lock(_ key: String, password: String, as name: String) throws {
        try openssl(["ec", "-in", path(key), "-aes256", "-passout", "pass:\(password)", "-out", path(name)])
    }

    private func sign(_ name: String, _ authority: String, names: String, days: Int = 2) throws {
        try files.write("\(name).ext", "subjectAltName=\(names)\n")
        try openssl([
            "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=\(name)",
            "-keyout", path("\(name).key"), "-out", path("\(name).csr"),
        ])
        try openssl([
            "x509", "-req", "-in", path("\(name).csr"), "-CA", path("\(authority).pem"), "-CAkey",
            path("\(authority).key"), "-CAcreateserial", "-days", "\(days)", "-extfile", path("\(name).ext"), "-out",
            path("\(name).pem"),
        ])
    }

    private func openssl(_ arguments: [String]) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/openssl")
        process.arguments = arguments
        let told = Pipe()
        process.standardError = told
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        let text = String(decoding: told.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "openssl \(arguments): \(text)")
    }
}
