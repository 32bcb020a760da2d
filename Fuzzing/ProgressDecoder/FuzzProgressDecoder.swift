import Promises
import StreamingMetrics

/// Any bytes give an event or a typed error; an event, written and read again, is the same, and so is what is written then.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzProgressDecoder(_ data: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    let bytes = UnsafeRawBufferPointer(start: data, count: count)
    let event: StreamingQueryEvent
    do throws(MetricsCodecError) {
        (event, _) = try MetricsCodec.recognize(bytes)
    } catch {
        check(error.byteOffset.map { (0...count).contains($0) } ?? true, "an error points outside of the text")
        check(!error.message.utf8.contains { $0 < 0x20 }, "an error's text is not one line")
        return 0
    }
    var written: [UInt8] = []
    MetricsCodec.encode(event, into: &written)
    do throws(MetricsCodecError) {
        let again = try MetricsCodec.decode(written)
        check(again == event, "an event changed when it was written and read")
        var writtenAgain: [UInt8] = []
        MetricsCodec.encode(again, into: &writtenAgain)
        check(writtenAgain == written, "an event was written in two ways")
    } catch {
        check(false, "a written event cannot be read: \(error)")
    }
    if case .progress(let event) = event { checkTexts(of: event.progress) }
    return 0
}

/// The texts that users take: compact and over several lines.
private func checkTexts(of progress: StreamingQueryProgress) {
    for text in [progress.json, progress.prettyJSON] {
        do throws(MetricsCodecError) {
            check(try StreamingQueryProgress(json: text) == progress, "a progress changed by way of its text")
        } catch {
            check(false, "a progress' text cannot be read: \(error)")
        }
    }
}
