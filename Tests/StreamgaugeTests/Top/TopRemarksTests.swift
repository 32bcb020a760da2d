import Testing

@testable import streamgauge

@Suite struct TopRemarksTests {
    @Test func `the newest line is shown, and the last lines are told in the end, once`() {
        let remarks = TopRemarks()
        #expect(remarks.last == nil && remarks.take() == [])
        for number in 1...25 { remarks.add("line \(number)") }
        #expect(remarks.last == "line 25")
        let told = remarks.take()
        #expect(told.count == 21)
        #expect(told.first == "and 5 remarks before" && told.last == "line 25")
        #expect(remarks.take() == [])
    }
}
