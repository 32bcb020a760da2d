/// The signs that a screen is drawn with: those of Unicode, or what ASCII has for them.
struct Glyphs: Sendable, Hashable {
    /// Whether anything else must not be shown.
    let isASCII: Bool
    /// Stands where text was cut.
    let ellipsis: Character
    /// Stands where no value is known.
    let none = "-"
    /// From the lowest to the highest.
    let levels: [Character]
    /// The full and the empty part of a bar.
    let bar: (full: Character, empty: Character)
    /// Beside the column that rows are sorted by.
    let ascending: Character
    let descending: Character
    /// Between an old and a new state.
    let arrow: String

    static let unicode = Glyphs(
        isASCII: false, ellipsis: "…", levels: Array("▁▂▃▄▅▆▇█"), bar: ("█", "░"), ascending: "▲", descending: "▼",
        arrow: "→")
    static let ascii = Glyphs(
        isASCII: true, ellipsis: "~", levels: Array("_.:-=+*#"), bar: ("#", "."), ascending: "^", descending: "v",
        arrow: "->")

    /// Values as a line of small columns, the last so many, from 0 to the greatest; a blank where there is none.
    func sparkline(_ values: [Double?], width: Int) -> String {
        let shown = values.suffix(max(0, width))
        let greatest = shown.compactMap { $0 }.max() ?? 0
        let columns = shown.map { value -> Character in
            guard let value else { return " " }
            guard greatest > 0 else { return levels[0] }
            let level = Int((max(0, value) / greatest * Double(levels.count - 1)).rounded())
            return levels[min(level, levels.count - 1)]
        }
        return String(columns)
    }

    /// A share of 0…1 as a bar of a width; some of it is full where the share is above 0.
    func bar(_ share: Double, width: Int) -> String {
        let share = min(1, max(0, share))
        let full = min(width, max(share > 0 ? 1 : 0, Int((share * Double(width)).rounded())))
        return String(repeating: bar.full, count: full) + String(repeating: bar.empty, count: max(0, width - full))
    }

    static func == (left: Glyphs, right: Glyphs) -> Bool { left.isASCII == right.isASCII }
    func hash(into hasher: inout Hasher) { hasher.combine(isASCII) }
}
