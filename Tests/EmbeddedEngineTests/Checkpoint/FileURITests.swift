import Testing

@testable import EmbeddedEngine

@Suite struct FileURITests {
    @Test(arguments: [
        ("/srv/data/part-00000.json", "file:///srv/data/part-00000.json"),
        ("/in 10%é/x y+z#1%20.json", "file:///in%2010%25é/x%20y+z%231%2520.json"),
        ("/a\"<>?[\\]^`{|}", "file:///a%22%3C%3E%3F%5B%5C%5D%5E%60%7B%7C%7D"),
        ("/:@&=+$,;!*'()~_-.", "file:///:@&=+$,;!*'()~_-."),
        ("/tab\t\u{7F}\u{A0}\u{2003}日本😀", "file:///tab%09%7F%C2%A0%E2%80%83日本😀"),
    ])
    func `paths become Java's URIs and back`(_ path: String, _ uri: String) throws {
        #expect(FileURI.uri(of: path) == uri)
        #expect(try FileURI.path(of: uri) == path)
    }

    @Test func `other spellings are read too`() throws {
        #expect(try FileURI.path(of: "file:/a/b") == "/a/b")
        #expect(try FileURI.path(of: "file://localhost/a") == "/a")
        #expect(try FileURI.path(of: "/plain%20path") == "/plain%20path")
        #expect(try FileURI.path(of: "file:///%C3%A9") == "/é")
    }

    @Test func `random paths survive the round trip`() throws {
        var generator = SeededGenerator(seed: 7)
        for _ in 0..<2000 {
            let path = "/" + String((0..<12).map { _ in Character(Unicode.Scalar.random(using: &generator)) })
            #expect(try FileURI.path(of: FileURI.uri(of: path)) == path)
        }
    }
}

/// A generator of the same numbers for the same seed (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

extension Unicode.Scalar {
    fileprivate static func random(using generator: inout SeededGenerator) -> Unicode.Scalar {
        while true {
            let limit: UInt32 = Bool.random(using: &generator) ? 0x80 : 0x11_0000
            if let scalar = Unicode.Scalar(UInt32.random(in: 1..<limit, using: &generator)), scalar != "/" {
                return scalar
            }
        }
    }
}
