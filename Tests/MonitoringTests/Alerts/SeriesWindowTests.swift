import Testing

@testable import Monitoring

/// Windows beside a list of all their values.
@Suite struct SeriesWindowTests {
    private struct Value {
        var time: Int64
        var value: Double
    }

    /// What a window of some length says at the time of its newest value, by looking at every value.
    private static func plainly(
        _ function: AlertExpression.WindowFunction, _ values: [Value], milliseconds: Int64
    ) -> Double? {
        let values = inWindow(values, milliseconds: milliseconds)
        guard let first = values.first, let last = values.last else { return nil }
        let numbers = values.map(\.value)
        var growth = 0.0
        for (before, after) in zip(numbers, numbers.dropFirst()) { growth += after < before ? after : after - before }
        let seconds = Double(last.time - first.time) / 1000
        switch function {
        case .average: return numbers.reduce(0, +) / Double(numbers.count)
        case .maximum: return numbers.max()
        case .minimum: return numbers.min()
        case .last: return last.value
        case .delta: return seconds > 0 ? last.value - first.value : nil
        case .increase: return seconds > 0 ? growth : nil
        case .rate: return seconds > 0 ? growth / seconds : nil
        }
    }

    /// Values stay together by the 32nd of the window in which they came, while the newest of them is in the window.
    private static func inWindow(_ values: [Value], milliseconds: Int64) -> [Value] {
        guard let newest = values.last else { return [] }
        let length = max(1, milliseconds / 32)
        let slices = Dictionary(grouping: values) { $0.time / length }
        let kept = slices.values.filter { ($0.last?.time ?? 0) >= newest.time - milliseconds }
        return kept.flatMap(\.self).sorted { $0.time < $1.time }
    }

    private func check<Slice: WindowSlice>(
        _: Slice.Type, _ functions: [AlertExpression.WindowFunction], seed: UInt64
    ) {
        var random = SeededNumbers(seed: seed)
        let milliseconds: Int64 = [1, 31, 1000, 60_000, 3_600_007].randomElement(using: &random) ?? 1
        var window = SeriesWindow<Slice>()
        var values: [Value] = []
        var time: Int64 = 1_795_428_000_000
        for _ in 0..<400 {
            // Mostly a few in each slice; now and then a gap that empties a part of the window, or all of it.
            let step =
                Double(milliseconds) * [0.005, 0.03, 0.4, 1.5][min(3, Int.random(in: 0..<40, using: &random) / 12)]
            time += max(1, Int64(step * .random(in: 0...1, using: &random)))
            values.append(Value(time: time, value: .random(in: 0..<1000, using: &random)))
            window.add(values[values.count - 1].value, at: time, milliseconds: milliseconds)
            for function in functions {
                let (found, expected) = (
                    window.all?.value(of: function), Self.plainly(function, values, milliseconds: milliseconds)
                )
                let isSame =
                    if let found, let expected {
                        abs(found - expected) <= 1e-9 * max(1, abs(expected))
                    } else {
                        found == expected
                    }
                #expect(
                    isSame,
                    "seed \(seed), \(function), \(milliseconds) ms: \(String(describing: found)), not \(String(describing: expected))"
                )
            }
            #expect(window.count <= 34)
        }
    }

    @Test(arguments: 1...25 as ClosedRange<UInt64>)
    func `a window says what a list of all its values says`(seed: UInt64) {
        check(MeanSlice.self, [.average], seed: seed)
        check(ExtremeSlice.self, [.maximum, .minimum], seed: seed)
        check(GrowthSlice.self, [.last, .delta, .increase, .rate], seed: seed)
    }

    @Test func `a window whose values have all left it is empty`() {
        var window = SeriesWindow<MeanSlice>()
        window.add(1, at: 1000, milliseconds: 500)
        let stays = window.advance(to: 1500, milliseconds: 500)
        let isLeft = window.advance(to: 1501, milliseconds: 500)
        #expect(stays && !isLeft)
        #expect(window.all == nil)
    }
}
