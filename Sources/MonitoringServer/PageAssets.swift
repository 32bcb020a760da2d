import CPageAssets

/// The files of the page, which are part of the program.
enum PageAssets {
    /// A file as it is sent.
    struct Asset: Sendable {
        var bytes: [UInt8]
        var type: String
        /// Tells this content from any other.
        var tag: String

        init(_ name: String, _ bytes: [UInt8]) {
            self.bytes = bytes
            type = PageAssets.types[String(name.split(separator: ".").last ?? "")] ?? "application/octet-stream"
            // FNV-1a: content is told apart, nothing is protected by it.
            var hash: UInt64 = 0xcbf2_9ce4_8422_2325
            for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
            tag = "\"" + String(hash, radix: 16) + "\""
        }
    }

    /// Every file of `Assets`, by name.
    static let all: [String: Asset] = {
        let files = (0..<sg_page_asset_count()).map { sg_page_asset($0) }
        return Dictionary(
            uniqueKeysWithValues: files.map { file in
                let name = String(cString: file.name)
                return (name, Asset(name, file.content))
            })
    }()

    /// The form that asks for the token.
    static var loginPage: Asset? { all["login.html"] }

    private static let types = [
        "html": Reply.html, "css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8",
        "mjs": "text/javascript; charset=utf-8", "json": Reply.json, "svg": "image/svg+xml", "png": "image/png",
        "ico": "image/x-icon", "woff2": "font/woff2", "txt": "text/plain; charset=utf-8",
        "webmanifest": "application/manifest+json",
    ]
}

/// The description of the interface, which is part of the program.
enum OpenAPIDocument {
    static let bytes = sg_openapi_document().content
}

extension sg_asset {
    /// The file's bytes.
    fileprivate var content: [UInt8] { Array(UnsafeBufferPointer(start: bytes, count: count)) }
}
