import Foundation
import Testing

@Suite struct MarkdownLinkTests {
    @Test func `every relative link leads to a file`() throws {
        var documents = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "RELIABILITY.md"].map {
            Repository.File(path: $0)
        }
        for folder in ["Sources", "Tests", "Examples"] {
            documents += try Repository.files(below: folder, ending: ".md")
        }
        for document in documents {
            for link in try links(of: document) {
                let folder = Repository.root.appending(path: document.path).deletingLastPathComponent()
                let target = folder.appending(path: String(link))
                #expect(
                    FileManager.default.fileExists(atPath: target.path),
                    "\(document) links to \(link), which is not there")
            }
        }
    }

    /// The targets of `[text](target)` that are no addresses and no anchors, without their anchors.
    private func links(of document: Repository.File) throws -> [Substring] {
        var links: [Substring] = []
        var isCode = false
        for line in try document.lines() {
            if line.hasPrefix("```") { isCode.toggle() }
            if isCode { continue }
            for piece in line.components(separatedBy: "](").dropFirst() {
                guard let end = piece.firstIndex(of: ")") else { continue }
                let link = String(piece[..<end]).split(separator: "#", omittingEmptySubsequences: false)[0]
                if !link.isEmpty, !link.contains("://"), !link.hasPrefix("mailto:") { links.append(link) }
            }
        }
        return links
    }
}
