import StreamingMetrics
import Testing

@Suite struct ValueSemanticsTests {
    @Test func `changing a copy of a progress leaves the original as it was`() throws {
        let members =
            #""batchId":1,"numInputRows":5,"durationMs":{"addBatch":7},"sources":[],"sink":{"description":"s"}"#
        let original = try progress(members)
        var copy = original
        #expect(copy == original && copy.hashValue == original.hashValue)
        copy.numInputRows = 6
        copy.durationMs["addBatch"] = 99
        #expect(copy != original)
        #expect(original.numInputRows == 5 && original.durationMs["addBatch"] == 7)
        #expect(copy.numInputRows == 6 && copy.durationMs["addBatch"] == 99)
        #expect(try progress(members) == original)
    }
}
