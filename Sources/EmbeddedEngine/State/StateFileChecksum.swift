import StreamingMetrics

/// `N.delta.crc`: Spark's checksum of a state file as it lies on disk.
///
///     {"algorithm":"CRC32C","value":534648445,"mainFileSize":112,"timestampMs":…,"creator":{…}}
struct StateFileChecksum: Sendable, Hashable {
    /// The CRC32C, as a signed number.
    var value: Int32
    /// The file's length.
    var mainFileSize: Int64

    /// The checksum of a file's bytes.
    init(of bytes: [UInt8]) {
        value = Int32(bitPattern: bytes.withUnsafeBytes(CRC32C.checksum))
        mainFileSize = Int64(bytes.count)
    }

    /// Reads a checksum file.
    init(reading bytes: [UInt8], path: String) throws {
        do {
            let json = try bytes.withUnsafeBytes { try JSONValue(parsing: $0) }
            guard let algorithm = json["algorithm"]?.string, algorithm == "CRC32C" else {
                throw StateFileFormat.Damage(reason: "the algorithm is not CRC32C")
            }
            guard let value = json["value"]?.int64.flatMap(Int32.init(exactly:)), let size = json["mainFileSize"]?.int64
            else { throw StateFileFormat.Damage(reason: "value and mainFileSize must be whole numbers") }
            (self.value, mainFileSize) = (value, size)
        } catch {
            throw EngineError(
                .stateUnreadable,
                "cannot read the checksum \(path): \((error as? StateFileFormat.Damage)?.reason ?? "\(error)")",
                hint:
                    "without the file \(path) the state is read unchecked; delete it if the state file is known to be good",
                cause: error)
        }
    }

    /// The checksum file's text.
    func text(timestampMs: Int64) -> String {
        JSONValue.object([
            .init("algorithm", "CRC32C"), .init("value", .integer(Int64(value))),
            .init("mainFileSize", .integer(mainFileSize)), .init("timestampMs", .integer(timestampMs)),
            .init("creator", ["executorId": "driver", "taskInfo": "StreamGauge"]),
        ]).jsonText
    }
}
