import ArgumentParser

/// `NAME=VALUE`.
struct SettingOption: ExpressibleByArgument {
    let name: String
    let value: String

    init?(argument: String) {
        guard let equals = argument.firstIndex(of: "="), equals > argument.startIndex else { return nil }
        name = String(argument[..<equals])
        value = String(argument[argument.index(after: equals)...])
    }
}

extension [SettingOption] {
    /// The settings by name; the last one of a name counts.
    var dictionary: [String: String] { reduce(into: [:]) { $0[$1.name] = $1.value } }
}
