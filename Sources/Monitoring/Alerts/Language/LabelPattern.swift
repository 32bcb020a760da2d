/// A regular expression over a whole label value, as Prometheus' matchers use it.
///
/// Text is matched in one pass over its characters whatever the pattern is (Thompson's construction), so no pattern from a rules
/// file can make an evaluation slow. Understood are `.`, `*`, `+`, `?`, `|`, groups, classes such as `[a-z0-9_]` and `[^,]`, the
/// classes `\d \w \s` and `\` before a sign.
struct LabelPattern: Sendable, Hashable {
    /// Why a pattern cannot be read.
    struct Malformed: Error, Sendable, Hashable {
        var message: String
    }

    private enum Step: Sendable, Hashable {
        case any
        case ranges([ClosedRange<UInt32>], isNegated: Bool)
        case split(Int, Int)
        case jump(Int)
        case match
    }

    private static let maximumCharacters = 1000
    private static let maximumDepth = 50

    /// The pattern's text.
    let text: String
    private var steps: [Step] = []

    init(_ text: String) throws(Malformed) {
        self.text = text
        let scalars = Array(text.unicodeScalars)
        guard scalars.count <= Self.maximumCharacters else {
            throw Malformed(message: "a pattern of more than \(Self.maximumCharacters) characters")
        }
        var parser = Parser(scalars: scalars)
        let tree = try parser.alternatives(depth: 0)
        guard parser.index == scalars.count else { throw Malformed(message: "a ) without its (") }
        emit(tree)
        steps.append(.match)
    }

    /// Whether the whole text fits.
    func matches(_ text: String) -> Bool {
        var current = Set<Int>()
        enter(0, &current)
        for scalar in text.unicodeScalars {
            var next = Set<Int>()
            for place in current {
                switch steps[place] {
                case .any: if scalar != "\n" { enter(place + 1, &next) }
                case .ranges(let ranges, let isNegated):
                    if ranges.contains(where: { $0.contains(scalar.value) }) != isNegated { enter(place + 1, &next) }
                case .split, .jump, .match: break
                }
            }
            if next.isEmpty { return false }
            current = next
        }
        return current.contains(steps.count - 1)
    }

    private func enter(_ place: Int, _ set: inout Set<Int>) {
        var waiting = [place]
        while let place = waiting.popLast() {
            guard set.insert(place).inserted else { continue }
            switch steps[place] {
            case .split(let first, let second): waiting += [second, first]
            case .jump(let target): waiting.append(target)
            case .any, .ranges, .match: break
            }
        }
    }

    // MARK: Building

    private indirect enum Tree {
        case empty
        case any
        case ranges([ClosedRange<UInt32>], isNegated: Bool)
        case sequence([Tree])
        case alternatives([Tree])
        case repeated(Tree, isOptional: Bool, isMany: Bool)
    }

    private mutating func emit(_ tree: Tree) {
        switch tree {
        case .empty: break
        case .any: steps.append(.any)
        case .ranges(let ranges, let isNegated): steps.append(.ranges(ranges, isNegated: isNegated))
        case .sequence(let trees): for tree in trees { emit(tree) }
        case .alternatives(let trees):
            var ends: [Int] = []
            for tree in trees.dropLast() {
                let split = steps.count
                steps.append(.match)
                emit(tree)
                ends.append(steps.count)
                steps.append(.match)
                steps[split] = .split(split + 1, steps.count)
            }
            if let last = trees.last { emit(last) }
            for end in ends { steps[end] = .jump(steps.count) }
        case .repeated(let tree, let isOptional, let isMany):
            let start = steps.count
            if isOptional { steps.append(.match) }
            emit(tree)
            if isMany { steps.append(isOptional ? .jump(start) : .split(start, steps.count + 1)) }
            if isOptional { steps[start] = .split(start + 1, steps.count) }
        }
    }

    private struct Parser {
        let scalars: [Unicode.Scalar]
        var index = 0

        var current: Unicode.Scalar? { index < scalars.count ? scalars[index] : nil }

        mutating func alternatives(depth: Int) throws(Malformed) -> Tree {
            guard depth < LabelPattern.maximumDepth else { throw Malformed(message: "groups that are nested too deep") }
            var trees = [try sequence(depth)]
            while current == "|" {
                index += 1
                trees.append(try sequence(depth))
            }
            return trees.count == 1 ? trees[0] : .alternatives(trees)
        }

        private mutating func sequence(_ depth: Int) throws(Malformed) -> Tree {
            var trees: [Tree] = []
            while let scalar = current, scalar != "|", scalar != ")" {
                var tree = try atom(depth)
                if let sign = current, "*+?".unicodeScalars.contains(sign) {
                    index += 1
                    tree = .repeated(tree, isOptional: sign != "+", isMany: sign != "?")
                    if let next = current, "*+?".unicodeScalars.contains(next) {
                        throw Malformed(message: "a \(next) after a \(sign)")
                    }
                }
                trees.append(tree)
            }
            return trees.isEmpty ? .empty : .sequence(trees)
        }

        private mutating func atom(_ depth: Int) throws(Malformed) -> Tree {
            guard let scalar = current else { return .empty }
            index += 1
            switch scalar {
            case ".": return .any
            case "(":
                if current == "?" {
                    guard index + 1 < scalars.count, scalars[index + 1] == ":" else {
                        throw Malformed(message: "a group that begins with (? and not with (?:")
                    }
                    index += 2
                }
                let inner = try alternatives(depth: depth + 1)
                guard current == ")" else { throw Malformed(message: "a ( without its )") }
                index += 1
                return inner
            case "[": return try characterClass()
            case "\\": return .ranges(try escape(), isNegated: false)
            case "*", "+", "?": throw Malformed(message: "a \(scalar) with nothing before it")
            case "{", "}": throw Malformed(message: "a \(scalar); counted repetition is not understood")
            case "^" where index == 1, "$" where index == scalars.count: return .empty
            case "^", "$": throw Malformed(message: "a \(scalar) inside; a pattern is matched against the whole value")
            default: return .ranges([scalar.value...scalar.value], isNegated: false)
            }
        }

        private mutating func escape() throws(Malformed) -> [ClosedRange<UInt32>] {
            guard let scalar = current else { throw Malformed(message: "a \\ at the end") }
            index += 1
            switch scalar {
            case "d": return [0x30...0x39]
            case "w": return [0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A]
            case "s": return [0x09...0x0A, 0x0C...0x0D, 0x20...0x20]
            case "n": return [0x0A...0x0A]
            case "t": return [0x09...0x09]
            default:
                guard !scalar.properties.isAlphabetic, !("0"..."9").contains(scalar) else {
                    throw Malformed(message: "a \\\(scalar), which is not understood")
                }
                return [scalar.value...scalar.value]
            }
        }

        private mutating func characterClass() throws(Malformed) -> Tree {
            var ranges: [ClosedRange<UInt32>] = []
            let isNegated = current == "^"
            if isNegated { index += 1 }
            var isFirst = true
            while let scalar = current, scalar != "]" || isFirst {
                isFirst = false
                index += 1
                if scalar == "\\" {
                    ranges += try escape()
                    continue
                }
                if scalar == "[", current == ":" {
                    throw Malformed(message: "a class by name such as [:alpha:], which is not understood; write a-zA-Z")
                }
                guard current == "-", index + 1 < scalars.count, scalars[index + 1] != "]" else {
                    ranges.append(scalar.value...scalar.value)
                    continue
                }
                let end = scalars[index + 1]
                guard end != "\\", scalar.value <= end.value else {
                    throw Malformed(message: "a class with the range \(scalar)-\(end)")
                }
                ranges.append(scalar.value...end.value)
                index += 2
            }
            guard current == "]" else { throw Malformed(message: "a [ without its ]") }
            index += 1
            return .ranges(ranges, isNegated: isNegated)
        }
    }
}
