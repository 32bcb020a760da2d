@testable import Kafka
import Testing

@Suite struct PropertiesFileTests {
    private func read(_ text: String) throws(KafkaError) -> [PropertiesFile.Entry] {
        try PropertiesFile(Array(text.utf8), path: "c.properties").entries
    }

    private func failure(_ bytes: [UInt8]) throws -> String {
        let error = try #require(throws: KafkaError.self) { try PropertiesFile(bytes, path: "c.properties") }
        #expect(error.code == .invalidConfiguration)
        return error.message
    }

    @Test func `F38 names and values are read with their lines`() throws {
        let entries = try read(
            "\u{FEFF}# a comment\r\n\n  ! another\n bootstrap.servers = a:1,b:2 \r\nsasl.password=p = q#!\t\n")
        #expect(entries.map(\.name) == ["bootstrap.servers", "sasl.password"])
        #expect(entries.map(\.value) == ["a:1,b:2", "p = q#!"])
        #expect(entries.map(\.line) == [4, 5])
    }

    @Test func `F38 an empty file has no settings`() throws {
        #expect(try read("").isEmpty)
        #expect(try read("\n\n# nothing\n").isEmpty)
    }

    @Test(arguments: [
        ("linger.ms=5\nacks", 2, "half-written"), ("linger.ms=5", 1, "half-written"), ("a\n", 1, "no \"=\""),
        ("linger.ms=5\n=7\n", 2, "no name"), ("linger.ms=5\n\nlinger.ms=6\n", 3, "already set in line 1"),
        ("sasl.mechanism=PLAIN\nsasl.mechanisms=PLAIN\n", 2, "already set in line 1"), ("acks=\n", 1, "no value"),
        ("ssl.endpoint.identification.algorithm=\n", 1, "none"), ("a=b\\\n  c\n", 1, "not continued"),
        ("bootstrap.servers=host\\:9092\n", 1, "escape of Java's"), ("a=1\nb=\u{0}\n", 2, "NUL"),
        ("a=1\nb\rc=\n", 2, "the name has a control character"),
        ("\u{1B}[2J=\n", 1, "the name has a control character"),
    ])
    func `F38 a fault is told with the file's name and the line`(text: String, line: Int, reason: String) throws {
        let message = try failure(Array(text.utf8))
        #expect(message.hasPrefix("c.properties:\(line): "))
        #expect(message.contains(reason))
    }

    @Test func `F38 what is not UTF-8 is told with its line`() throws {
        let message = try failure(Array("acks=1\nclient.id=".utf8) + [0xFF, 0xFE, 0x0A])
        #expect(message.hasPrefix("c.properties:2: "))
        #expect(message.contains("UTF-8"))
    }

    @Test func `F38 a file that is too large is refused before it is read`() throws {
        #expect(try failure(Array(repeating: 0x0A, count: PropertiesFile.maximumBytes + 1)).contains("bytes"))
    }

    @Test func `F38 every beginning of a file is read or refused with a line, and shows no value`() throws {
        let text = Array("bootstrap.servers=a:1\nsasl.password=canary-5511\nssl.key.password=x\\y\nclient.id=é\n".utf8)
        for count in 0...text.count {
            do throws(KafkaError) {
                _ = try PropertiesFile(Array(text[..<count]), path: "c.properties")
                #expect(count == 0 || text[count - 1] == 0x0A)
            } catch {
                #expect(error.message.hasPrefix("c.properties:"))
                #expect(!error.message.contains("canary"))
            }
        }
    }
}
