import FoundationEssentials
import GRDB
import LiveMonitoring

/// The JSON of batches, each as what differs from its run's model.
///
/// The texts of a run are nearly the same: of 1.6 KB with a Kafka source's offsets some 250 bytes are left. A text that is not like the
/// run's newest model is the next one:
///
///     models   [ 7: run 3, the whole text ]
///     texts    [ batch 41: model 7, nothing | batch 42: model 7, what differs | … ]
struct TextTable {
    private struct Model {
        var number: Int64
        var text: [UInt8]
    }

    /// Bytes of models that are at hand; beyond that all are asked for again.
    private static let maximumBytes = 8 << 20

    private var models: [Int64: Model] = [:]
    private var byteCount = 0

    /// Where a batch is.
    struct Place {
        var query: Int64
        var run: Int64
        var batch: Int64
        /// When its trigger started, in milliseconds.
        var time: Int64
        /// The newest that the run has told of.
        var newest: Int64
    }

    /// Writes a text, unless the batch has one at this time.
    mutating func write(_ text: [UInt8], _ place: Place, _ database: Database) throws {
        var (number, packed): (Int64?, [UInt8]) = (nil, text)
        if let model = try model(of: place.run, database),
            let bytes = TextPacking.pack(text, like: Self.dictionary(model.text)), bytes.count <= text.count / 2
        {
            (number, packed) = (model.number, bytes)
        } else {
            (number, packed) = (try add(text, place, database), [])
        }
        let statement = try database.cachedStatement(
            sql: "INSERT INTO texts VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING")
        try statement.execute(arguments: [
            place.time.floored(to: HistorySchema.slot), place.query, place.time, place.run, place.batch, number,
            text.count, Data(packed),
        ])
    }

    /// Deletes what is older than a slot.
    ///
    /// - Returns: Whether models are gone, so that what is at hand may be wrong.
    static func delete(before slot: Int64, _ database: Database) throws -> (hasFreed: Bool, areModelsGone: Bool) {
        try database.execute(sql: "DELETE FROM texts WHERE slot < ?", arguments: [slot])
        guard database.changesCount > 0 else { return (false, false) }
        // A model is no more needed once its successor is as old as that, or its run ended before.
        try database.execute(
            sql: """
                DELETE FROM models WHERE slot < :slot AND (
                    EXISTS (SELECT 1 FROM models AS next WHERE next.run = models.run AND next.id > models.id AND next.slot < :slot)
                    OR NOT EXISTS (SELECT 1 FROM runs WHERE id = models.run AND ifnull(last_ms, heard_ms) >= :slot))
                """, arguments: ["slot": slot])
        return (true, database.changesCount > 0)
    }

    /// The text of what a row says; nil where it is not to be had.
    static func text(model: [UInt8]?, count: Int64, packed: [UInt8]) -> [UInt8]? {
        guard let count = Int(exactly: count), (0...HistorySchema.longestText).contains(count) else { return nil }
        guard let model else { return packed.count == count ? packed : nil }
        if packed.isEmpty { return model.count == count ? model : nil }
        return TextPacking.unpack(packed, count: count, like: dictionary(model))
    }

    /// What LZ4 looks back on of a model.
    private static func dictionary(_ model: [UInt8]) -> [UInt8] {
        model.count > TextPacking.longestModel ? Array(model.suffix(TextPacking.longestModel)) : model
    }

    // MARK: Models

    private mutating func model(of run: Int64, _ database: Database) throws -> Model? {
        if let known = models[run] { return known }
        let row = try Row.fetchOne(
            database, sql: "SELECT id, text FROM models WHERE run = ? ORDER BY id DESC LIMIT 1", arguments: [run])
        guard let row else { return nil }
        let model = Model(number: row[0], text: [UInt8](row[1] as Data))
        keep(model, of: run)
        return model
    }

    private mutating func add(_ text: [UInt8], _ place: Place, _ database: Database) throws -> Int64 {
        let statement = try database.cachedStatement(sql: "INSERT INTO models (run, slot, text) VALUES (?, ?, ?)")
        // Texts came in any order: only from here on nothing new is like the model before.
        let slot = max(place.time, place.newest).floored(to: HistorySchema.slot)
        try statement.execute(arguments: [place.run, slot, Data(text)])
        let model = Model(number: database.lastInsertedRowID, text: text)
        keep(model, of: place.run)
        return model.number
    }

    private mutating func keep(_ model: Model, of run: Int64) {
        if byteCount > Self.maximumBytes { (models, byteCount) = ([:], 0) }
        byteCount += model.text.count - (models[run]?.text.count ?? 0)
        models[run] = model
    }
}
