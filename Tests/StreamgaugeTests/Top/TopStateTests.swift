import Foundation
import Testing

@testable import streamgauge

/// What keys do.
@Suite struct TopStateTests {
    private static let ids = (0..<30).map { RecordedFleet.id($0) }

    private struct Hands {
        var state = TopState()
        var room = TopState.Room(ids: TopStateTests.ids, page: 10)

        @discardableResult
        mutating func press(_ keys: Key...) -> TopState.Action {
            var last = TopState.Action.nothing
            for key in keys {
                last = state.take(key, room)
                state.settle(room)
            }
            return last
        }

        mutating func type(_ text: String) { for character in text { press(.character(character)) } }
    }

    @Test func `the cursor moves within the rows, and the rows follow it`() {
        var hands = Hands()
        hands.press(.up)
        #expect(hands.state.cursor == 0)
        hands.press(.down, .character("j"), .character("k"))
        #expect(hands.state.cursor == 1 && hands.state.top == 0)
        hands.press(.pageDown, .pageDown)
        #expect(hands.state.cursor == 19 && hands.state.top == 10)
        hands.press(.end)
        #expect(hands.state.cursor == 29 && hands.state.top == 20)
        hands.press(.down)
        #expect(hands.state.cursor == 29)
        hands.press(.home)
        #expect(hands.state.cursor == 0 && hands.state.top == 0 && hands.state.selected == nil)
    }

    @Test func `the cursor stays on its query when rows change places, and at the top where nobody moved it`() {
        var hands = Hands()
        hands.press(.down, .down)
        hands.room.ids.reverse()
        hands.state.settle(hands.room)
        #expect(hands.state.cursor == 27 && hands.state.top == 18)
        // Its query is gone: the one in its place is taken.
        hands.room.ids.remove(at: 27)
        hands.state.settle(hands.room)
        #expect(hands.state.cursor == 27 && hands.state.selected == hands.room.ids[27])
        hands.press(.home)
        hands.room.ids.reverse()
        hands.state.settle(hands.room)
        #expect(hands.state.cursor == 0)
        hands.room.ids = []
        hands.state.settle(hands.room)
        hands.press(.down, .enter)
        #expect(hands.state.screen == .table && hands.state.cursor == 0 && hands.state.top == 0)
    }

    @Test func `enter opens the query at the cursor, and escape and q lead back`() {
        for back in [Key.escape, .character("q"), .left] {
            var hands = Hands()
            hands.press(.down, .enter)
            #expect(hands.state.screen == .detail(Self.ids[1]))
            #expect(hands.press(back) == .nothing)
            #expect(hands.state.screen == .table && hands.state.cursor == 1)
        }
    }

    @Test func `the help leads back to where it was asked for`() {
        var hands = Hands()
        hands.press(.enter, .character("?"))
        #expect(hands.state.screen == .help)
        hands.press(.character("?"))
        #expect(hands.state.screen == .detail(Self.ids[0]))
        hands.press(.escape, .character("?"), .escape)
        #expect(hands.state.screen == .table)
    }

    @Test func `q ends the table, and Ctrl-C, Ctrl-Z and Ctrl-L mean the same everywhere`() {
        var hands = Hands()
        #expect(hands.press(.character("q")) == .quit)
        for keys in [[], [Key.enter], [.character("?")], [.character("/"), .character("x")]] {
            var hands = Hands()
            for key in keys { hands.press(key) }
            #expect(hands.press(.control("l")) == .repaint)
            #expect(hands.press(.control("z")) == .stop)
            #expect(hands.press(.control("c")) == .quit)
        }
    }

    @Test func `s goes through the columns, S back, and r turns the direction`() {
        var hands = Hands()
        #expect(hands.state.order == .worst && hands.state.isDescending)
        hands.press(.character("s"), .character("s"))
        #expect(hands.state.order == .name && !hands.state.isDescending)
        hands.press(.character("r"))
        #expect(hands.state.isDescending)
        hands.press(.character("S"), .character("S"), .character("S"))
        #expect(hands.state.order == .watermark && hands.state.isDescending)
        for _ in TopOrder.allCases { hands.press(.character("s")) }
        #expect(hands.state.order == .watermark)
    }

    @Test func `letters are the filter's while it is typed`() {
        var hands = Hands()
        hands.press(.character("/"))
        hands.type("qps é")
        #expect(hands.state.filter == "qps é" && hands.state.isTyping && !hands.state.isPaused)
        hands.press(.backspace, .enter)
        #expect(hands.state.filter == "qps " && !hands.state.isTyping)
        hands.press(.escape)
        #expect(hands.state.filter == "")
        hands.press(.character("/"))
        hands.type("abc")
        hands.press(.control("u"))
        #expect(hands.state.filter == "" && hands.state.isTyping)
        hands.type("abc")
        hands.press(.escape)
        #expect(hands.state.filter == "" && !hands.state.isTyping)
        hands.press(.character("/"), .backspace)
        #expect(!hands.state.isTyping)
    }

    @Test func `a page is scrolled no further than its last line`() {
        var hands = Hands()
        hands.press(.enter, .end)
        hands.state.settle(lines: 25, page: 10)
        #expect(hands.state.scroll == 15)
        hands.press(.up, .up)
        #expect(hands.state.scroll == 13)
        hands.press(.pageUp, .pageUp)
        #expect(hands.state.scroll == 0)
        hands.press(.down)
        hands.state.settle(lines: 3, page: 10)
        #expect(hands.state.scroll == 0)
    }

    @Test func `p and the blank let it stand still and go on`() {
        var hands = Hands()
        hands.press(.character("p"))
        #expect(hands.state.isPaused)
        hands.press(.character(" "))
        #expect(!hands.state.isPaused)
    }
}
