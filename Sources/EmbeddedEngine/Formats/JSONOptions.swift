import StructuredStreaming

/// The options of Spark's JSON source and sink, read from what a user gave to `option(_:_:)`.
///
/// Names ignore case; names that Spark does not know are ignored as Spark ignores them. Options that Spark knows and
/// this engine does not do are refused unless they ask for what is done anyway.
struct JSONOptions: Sendable {
    /// What happens to records that cannot be read.
    enum ParseMode: String, Sendable {
        /// Fields that cannot be read are null, and the corrupt-record column gets the record's text.
        case permissive = "PERMISSIVE"
        /// The record is left out.
        case dropMalformed = "DROPMALFORMED"
        /// The query fails.
        case failFast = "FAILFAST"
    }

    /// What happens to records that cannot be read.
    var mode = ParseMode.permissive
    /// The column that gets the text of records that cannot be read, when the schema has it.
    var columnNameOfCorruptRecord = "_corrupt_record"
    /// How timestamps are spelled; nil for ISO 8601.
    var timestampFormat: DateTimePattern?
    /// How timestamps without a zone are spelled; nil for ISO 8601.
    var timestampNTZFormat: DateTimePattern?
    /// How dates are spelled; nil for ISO 8601.
    var dateFormat: DateTimePattern?
    /// The zone of timestamps that name none.
    var timeZone = ZoneOffset.utc
    /// `'text'` is a string too.
    var allowSingleQuotes = true
    /// `/* … */` and `// …` are white space.
    var allowComments = false
    /// `{name: 1}` is an object too.
    var allowUnquotedFieldNames = false
    /// `NaN` and `Infinity` are numbers too.
    var allowNonNumericNumbers = true
    /// `007` is a number too.
    var allowNumericLeadingZeros = false
    /// `\x` is `x` for every character.
    var allowBackslashEscapingAnyCharacter = false
    /// Strings may hold control characters.
    var allowUnquotedControlChars = false
    /// Inference: numbers and booleans become strings.
    var primitivesAsString = false
    /// Inference: fractions become decimals where they fit.
    var prefersDecimal = false
    /// Inference: columns without any value are left out.
    var dropFieldIfAllNull = false
    /// Inference: the share of records looked at, above 0 up to 1.
    var samplingRatio = 1.0
    /// Writing: fields that are null are left out.
    var ignoreNullFields = true

    /// Spark's defaults.
    init() {}

    /// Reads options; `sessionTimeZone` is the zone where no option names one.
    ///
    /// Throws ``EngineError/Code/illegalArgument`` for a value an option cannot have and
    /// ``EngineError/Code/unsupported`` for an option that is not done here.
    init(_ options: [String: String], sessionTimeZone: String = "UTC") throws(EngineError) {
        var given: [String: String] = [:]
        for (name, value) in options { given[name.lowercased()] = value }
        try refuseUnsupported(given)
        if let text = given["mode"] {
            // Spark takes a mode it does not know for PERMISSIVE.
            mode = ParseMode(rawValue: text.uppercased()) ?? .permissive
        }
        columnNameOfCorruptRecord = given["columnnameofcorruptrecord"] ?? columnNameOfCorruptRecord
        timestampFormat = try Self.pattern("timestampFormat", given)
        timestampNTZFormat = try Self.pattern("timestampNTZFormat", given)
        dateFormat = try Self.pattern("dateFormat", given)
        let zone = given["timezone"] ?? sessionTimeZone
        guard let offset = ZoneOffset(zone) else {
            throw EngineError(
                .unsupported, "time zone '\(zone)' is not UTC or a fixed offset",
                hint: "set the option timeZone or spark.sql.session.timeZone to UTC or to an offset such as +02:00")
        }
        timeZone = offset
        try readSwitches(given)
        if let text = given["samplingratio"] {
            guard let ratio = Double(text), ratio > 0, ratio <= 1 else {
                throw EngineError(.illegalArgument, "option samplingRatio is '\(text)', not above 0 and at most 1")
            }
            samplingRatio = ratio
        }
    }

    private mutating func readSwitches(_ given: [String: String]) throws(EngineError) {
        let switches: [(String, WritableKeyPath<JSONOptions, Bool>)] = [
            ("allowSingleQuotes", \.allowSingleQuotes), ("allowComments", \.allowComments),
            ("allowUnquotedFieldNames", \.allowUnquotedFieldNames),
            ("allowNonNumericNumbers", \.allowNonNumericNumbers),
            ("allowNumericLeadingZeros", \.allowNumericLeadingZeros),
            ("allowBackslashEscapingAnyCharacter", \.allowBackslashEscapingAnyCharacter),
            ("allowUnquotedControlChars", \.allowUnquotedControlChars), ("primitivesAsString", \.primitivesAsString),
            ("prefersDecimal", \.prefersDecimal), ("dropFieldIfAllNull", \.dropFieldIfAllNull),
            ("ignoreNullFields", \.ignoreNullFields),
        ]
        for (name, path) in switches {
            if let value = try Self.boolean(name, given) { self[keyPath: path] = value }
        }
    }

    private func refuseUnsupported(_ given: [String: String]) throws(EngineError) {
        for name in ["multiLine", "inferTimestamp", "prefersDate", "enableDateTimeParsingFallback"]
        where try Self.boolean(name, given) == true {
            throw EngineError(.unsupported, "the JSON option \(name)=true is not supported", hint: "leave it out")
        }
        for name in ["encoding", "charset"] {
            if let value = given[name], !["UTF-8", "UTF8"].contains(value.uppercased()) {
                throw EngineError(
                    .unsupported, "JSON files in \(value) cannot be read", hint: "convert the files to UTF-8")
            }
        }
        if let value = given["linesep"], value != "\n" {
            throw EngineError(
                .unsupported, "the JSON option lineSep is only supported as a line feed",
                hint: "leave it out: LF and CRLF both end lines")
        }
        if let value = given["locale"], !["en-us", "en"].contains(value.lowercased()) {
            throw EngineError(.unsupported, "the JSON option locale=\(value) is not supported", hint: "leave it out")
        }
        if let value = given["singlevariantcolumn"] {
            throw EngineError(
                .unsupported, "the JSON option singleVariantColumn=\(value) is not supported", hint: "give a schema")
        }
    }

    private static func boolean(_ name: String, _ given: [String: String]) throws(EngineError) -> Bool? {
        guard let text = given[name.lowercased()] else { return nil }
        switch text.lowercased() {
        case "true": return true
        case "false": return false
        default:
            throw EngineError(
                .illegalArgument, "the JSON option \(name) is '\(text)'", hint: "it can be true or false")
        }
    }

    private static func pattern(_ name: String, _ given: [String: String]) throws(EngineError) -> DateTimePattern? {
        guard let text = given[name.lowercased()] else { return nil }
        return try DateTimePattern(text, option: name)
    }
}
