import ArgumentParser
import FoundationEssentials

/// `--since` or `--until`: a moment, as `2 hours ago` or in ISO 8601.
struct SinceTime: Hashable {
    /// Milliseconds since 1970.
    let milliseconds: Int64

    private static let units: [(names: [String], milliseconds: Int64)] = [
        (["s", "sec", "secs", "second", "seconds"], 1000), (["m", "min", "mins", "minute", "minutes"], 60_000),
        (["h", "hour", "hours"], 3_600_000), (["d", "day", "days"], 86_400_000),
        (["w", "week", "weeks"], 604_800_000),
    ]

    /// Reads a moment.
    ///
    /// - Parameters:
    ///   - text: What the user wrote.
    ///   - nowMs: The present, in milliseconds since 1970.
    ///   - option: For which option.
    /// - Throws: `ValidationError` that says what is wrong with the text.
    init(_ text: String, nowMs: Int64, option: String = "--since") throws {
        let text = Text(text: text, option: option)
        let words = text.text.split(separator: " ").map { $0.lowercased() }
        if words.last == "ago" {
            milliseconds = try Self.ago(words.dropLast().joined(), of: text, nowMs)
        } else if let moment = try Self.iso8601(text) {
            milliseconds = moment
        } else {
            throw Self.refusal(
                text, "it is neither an age, such as \"2 hours ago\", nor a time, such as 2026-11-23T10:21:45Z")
        }
        if milliseconds < 0 { throw Self.refusal(text, "that is before 1970") }
        if milliseconds > nowMs { throw Self.refusal(text, "that is yet to come") }
    }

    /// What the user wrote, and for which option.
    private struct Text {
        var text: String
        var option: String
    }

    private static func refusal(_ text: Text, _ reason: String) -> ValidationError {
        ValidationError("cannot read \"\(text.text)\" as the time for \(text.option): \(reason)")
    }

    /// A number and a unit, with nothing between.
    private static func ago(_ age: String, of text: Text, _ nowMs: Int64) throws -> Int64 {
        let digits = age.prefix { $0.isASCII && $0.isNumber }
        guard !digits.isEmpty else { throw refusal(text, "an age begins with a whole number, such as \"2 hours ago\"") }
        let name = String(age.dropFirst(digits.count))
        guard let unit = units.first(where: { $0.names.contains(name) }) else {
            throw refusal(text, "\"\(name)\" is no unit; use seconds, minutes, hours, days or weeks")
        }
        guard let count = Int64(digits),
            case let (length, overflow) = count.multipliedReportingOverflow(by: unit.milliseconds),
            !overflow
        else { throw refusal(text, "that is before 1970") }
        return nowMs - length
    }

    // MARK: ISO 8601

    /// `2026-11-23`, with `T10:21`, `:45` and `.894` after it, and `Z` or an offset; without one it is UTC. Nil for what does
    /// not begin as a date.
    private static func iso8601(_ text: Text) throws -> Int64? {
        var rest = Substring(text.text)
        guard let year = number(&rest, 4), take("-", &rest), let month = number(&rest, 2), take("-", &rest),
            let day = number(&rest, 2)
        else { return nil }
        guard (1...12).contains(month), (1...daysInMonth(month, year)).contains(day) else {
            throw refusal(text, "there is no such day")
        }
        var milliseconds = days(year, month, day) * 86_400_000
        if take("T", &rest) || take("t", &rest) || take(" ", &rest) {
            guard let hour = number(&rest, 2), take(":", &rest), let minute = number(&rest, 2) else {
                throw refusal(text, "after the date comes a time, such as 10:21 or 10:21:45")
            }
            var (second, fraction): (Int64, Int64) = (0, 0)
            if take(":", &rest) {
                guard let value = number(&rest, 2) else { throw refusal(text, "the seconds have two digits") }
                second = value
                if take(".", &rest) { fraction = try Self.fraction(&rest, text) }
            }
            guard hour < 24, minute < 60, second < 60 else { throw refusal(text, "there is no such time of day") }
            milliseconds += ((hour * 60 + minute) * 60 + second) * 1000 + fraction
            milliseconds -= try offsetMinutes(&rest, text) * 60_000
        }
        guard rest.isEmpty else { throw refusal(text, "\"\(rest)\" at its end is none of it") }
        return milliseconds
    }

    private static func fraction(_ rest: inout Substring, _ text: Text) throws -> Int64 {
        let digits = rest.prefix { $0.isASCII && $0.isNumber }
        guard !digits.isEmpty else { throw refusal(text, "digits are missing after the point") }
        rest = rest.dropFirst(digits.count)
        let padded = digits.prefix(3) + String(repeating: "0", count: max(0, 3 - digits.count))
        return Int64(padded) ?? 0
    }

    private static func offsetMinutes(_ rest: inout Substring, _ text: Text) throws -> Int64 {
        if take("Z", &rest) || take("z", &rest) || rest.isEmpty { return 0 }
        let sign: Int64 = take("-", &rest) ? -1 : 1
        guard sign < 0 || take("+", &rest) else { return 0 }
        guard let hours = number(&rest, 2) else { throw refusal(text, "an offset from UTC is written as +01:00") }
        _ = take(":", &rest)
        let minutes = rest.isEmpty ? 0 : number(&rest, 2)
        guard let minutes, hours <= 18, minutes < 60 else {
            throw refusal(text, "an offset from UTC is written as +01:00")
        }
        return sign * (hours * 60 + minutes)
    }

    private static func number(_ rest: inout Substring, _ count: Int) -> Int64? {
        let digits = rest.prefix(count)
        guard digits.count == count, digits.allSatisfy({ $0.isASCII && $0.isNumber }) else { return nil }
        rest = rest.dropFirst(count)
        return Int64(digits)
    }

    private static func take(_ character: Character, _ rest: inout Substring) -> Bool {
        guard rest.first == character else { return false }
        rest.removeFirst()
        return true
    }

    private static func daysInMonth(_ month: Int64, _ year: Int64) -> Int64 {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// Days from 1970 in the Gregorian calendar: years are counted from March, so that the leap day ends one.
    private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let monthFromMarch = (month + 9) % 12
        let dayOfYear = (153 * monthFromMarch + 2) / 5 + day - 1
        return shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400 + dayOfYear - 719_468
    }
}
