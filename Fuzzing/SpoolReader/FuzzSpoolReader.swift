@testable import MetricsTopic
import Promises
import StreamingMetrics

/// Any bytes give the whole frames among them and what is damaged, or a typed error; nothing is handed out that lies outside of the
/// file or twice in it.
///
/// Checksums would keep a fuzzer from all that lies behind them. So the first byte says whether they are set right before
/// reading: bit 0 for the header's, the others for each seventh frame's.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzSpoolReader(_ data: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    let input = UnsafeRawBufferPointer(start: data, count: count)
    guard let mode = input.first else { return 0 }
    var file = [UInt8](input.dropFirst())
    if mode & 1 != 0 { setHeaderChecksum(&file) }
    setFrameChecksums(&file, mode >> 1)
    do throws(SpoolError) {
        let reader = try SpoolSegmentReader(file, name: "fuzzed.spool", first: nil)
        // As its name would say, and as a wrong name would.
        for first in [reader.block.positions.first ?? 0, UInt64(mode)] { checkNamed(file, first: first) }
        check(reader.block.bytes == file, "the block holds other bytes than the file")
        var taken = checkFrames(reader.block)
        taken += reader.damages.map { $0.offset..<$0.offset + $0.count }
        checkPlaces(taken, in: file.count)
        checkFloor(reader.block, file)
    } catch {
        check(!error.message.isEmpty, "an error says nothing")
    }
    return 0
}

/// What a file gives by its name begins where that says, and the same wherever reading begins.
private func checkNamed(_ file: [UInt8], first: UInt64) {
    guard let whole = try? SpoolSegmentReader(file, name: "fuzzed.spool", first: first).block else {
        return check(false, "a file that was read cannot be read by its name")
    }
    check(whole.positions.allSatisfy { $0 >= first }, "a frame is from before the file's name")
    guard let floor = whole.positions.dropFirst(whole.positions.count / 2).first else { return }
    let rest = try? SpoolSegmentReader(file, name: "fuzzed.spool", first: first, floor: floor).block
    check(rest?.positions == whole.positions.filter { $0 >= floor }, "reading on by the name gives other frames")
}

/// Each frame is found by its position, and its event lies within it. Gives the frames' places.
private func checkFrames(_ block: FrameBlock) -> [Range<Int>] {
    check(block.positions.count == block.starts.count, "frames and positions differ in number")
    check(zip(block.positions, block.positions.dropFirst()).allSatisfy(<), "positions do not rise")
    var places: [Range<Int>] = []
    for (position, start) in zip(block.positions, block.starts) {
        guard let body = block.body(at: position) else {
            check(false, "the frame at position \(position) is not found")
            continue
        }
        check(body.lowerBound == start + SpoolFormat.frameHeaderSize, "a position leads to another frame")
        check(body.upperBound <= block.bytes.count, "a frame lies outside of the file")
        block.bytes.withUnsafeBytes { bytes in
            guard let event = SpooledEvent(body: body, in: bytes) else { return check(false, "a frame has no event") }
            for part in [event.topic, event.name ?? event.topic, event.value] {
                check(body.contains(part), "a part of an event lies outside of its frame")
            }
            _ = try? MetricsCodec.decode(UnsafeRawBufferPointer(rebasing: bytes[event.value]))
        }
        places.append(start..<body.upperBound)
    }
    return places
}

/// Frames and damages lie behind the header, and no two of them share a byte.
private func checkPlaces(_ places: [Range<Int>], in size: Int) {
    let ordered = places.sorted { $0.lowerBound < $1.lowerBound }
    var end = SpoolFormat.fileHeaderSize
    for place in ordered {
        check(place.lowerBound >= end, "two places share bytes")
        end = place.upperBound
    }
    check(end <= max(size, SpoolFormat.fileHeaderSize), "a place lies outside of the file")
}

/// Read again from a position in the middle, the file gives the rest.
private func checkFloor(_ block: FrameBlock, _ file: [UInt8]) {
    guard let floor = block.positions.dropFirst(block.positions.count / 2).first else { return }
    do throws(SpoolError) {
        let rest = try SpoolSegmentReader(file, name: "fuzzed.spool", first: nil, floor: floor)
        check(
            block.positions.filter { $0 >= floor } == rest.block.positions && rest.block.positions.first == floor,
            "reading on from a position gives other frames")
    } catch {
        check(false, "a file that was read cannot be read on: \(error)")
    }
}

private func setHeaderChecksum(_ file: inout [UInt8]) {
    guard file.count >= SpoolFormat.fileHeaderSize else { return }
    store(SpoolFormat.checksum(file[..<12]), &file, at: 12)
}

private func setFrameChecksums(_ file: inout [UInt8], _ which: UInt8) {
    var offset = SpoolFormat.fileHeaderSize
    var number = 0
    while offset + SpoolFormat.frameHeaderSize <= file.count {
        let size = Int(file.withUnsafeBytes { SpoolFormat.load(UInt32.self, $0, at: offset) })
        let end = offset + SpoolFormat.frameHeaderSize + size
        guard end <= file.count else { return }
        if which >> (number % 7) & 1 != 0 { store(SpoolFormat.checksum(file[offset + 8..<end]), &file, at: offset + 4) }
        (offset, number) = (end, number + 1)
    }
}

private func store(_ value: UInt32, _ file: inout [UInt8], at offset: Int) {
    file.withUnsafeMutableBytes { $0.storeBytes(of: value.littleEndian, toByteOffset: offset, as: UInt32.self) }
}

extension Range<Int> {
    fileprivate func contains(_ other: Range<Int>) -> Bool {
        other.lowerBound >= lowerBound && other.upperBound <= upperBound
    }
}
