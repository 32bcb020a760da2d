import StructuredStreaming

extension HashAggregatePlan {
    /// Rows of a result batch at most.
    static let resultRows = 8192

    /// The result rows of groups, given as columns of their keys and of their buffers.
    func result(keys: [ColumnVector], buffers: [ColumnVector], rowCount: Int) throws -> ColumnBatch {
        var fields = keySchema.fields
        for (function, type) in functions { fields.append(StructField(function.rawValue, type)) }
        let columns = keys + aggregateColumns(buffers)
        let input = ColumnBatch(schema: StructType(fields), columns: columns, rowCount: rowCount)
        return try RowPipeline.project(input, outputs, schema)
    }

    /// The result rows of some pairs of a state store.
    func result(of slots: ArraySlice<Int>, in state: borrowing StateTable) throws -> ColumnBatch {
        var keys: [UnsafeRow] = []
        var values: [UnsafeRow] = []
        keys.reserveCapacity(slots.count)
        values.reserveCapacity(slots.count)
        for slot in slots {
            guard let key = state.key(slot).baseAddress, let value = state.value(slot).baseAddress else { continue }
            keys.append(UnsafeRow(base: key, fieldCount: keySchema.fields.count))
            values.append(UnsafeRow(base: value, fieldCount: fields.count))
        }
        return try result(
            keys: keySchema.fields.enumerated().map { ColumnVector(keys, field: $0, type: $1.dataType) },
            buffers: fields.enumerated().map { ColumnVector(values, field: $0, type: $1.type) }, rowCount: slots.count)
    }

    /// The result rows of a table of groups, some thousands at a time.
    func results(of table: GroupTable) throws -> [ColumnBatch] {
        try stride(from: 0, to: table.count, by: Self.resultRows).map { start in
            let groups = start..<min(start + Self.resultRows, table.count)
            let rows = groups.compactMap { group in
                table.key(group).baseAddress.map { UnsafeRow(base: $0, fieldCount: keySchema.fields.count) }
            }
            return try result(
                keys: keySchema.fields.enumerated().map { ColumnVector(rows, field: $0, type: $1.dataType) },
                buffers: table.buffers.map { $0.column(groups) }, rowCount: groups.count)
        }
    }

    /// The aggregates' values from the buffers.
    private func aggregateColumns(_ buffers: [ColumnVector]) -> [ColumnVector] {
        var columns: [ColumnVector] = []
        var at = 0
        for (function, _) in functions {
            switch function {
            case .count, .sum, .min, .max:
                columns.append(buffers[at])
                at += 1
            case .avg:
                columns.append(Self.average(sums: buffers[at], counts: buffers[at + 1]))
                at += 2
            }
        }
        return columns
    }

    private static func average(sums: ColumnVector, counts: ColumnVector) -> ColumnVector {
        guard case .float64(let sums) = sums.storage, case .int64(let counts) = counts.storage else {
            preconditionFailure("the buffers of avg are a double and a long")
        }
        var validity = Bitmap(repeating: true, count: sums.count)
        var values = [Double](repeating: 0, count: sums.count)
        for row in sums.indices {
            if counts[row] > 0 { values[row] = sums[row] / Double(counts[row]) } else { validity[row] = false }
        }
        return ColumnVector(type: .double, storage: .float64(values), validity: validity.allSet ? nil : validity)
    }
}

extension ColumnVector {
    /// One field of many rows in Spark's binary form.
    init(_ rows: [UnsafeRow], field: Int, type: DataType) {
        var validity = Bitmap(repeating: true, count: rows.count)
        for (index, row) in rows.enumerated() where row.isNull(field) { validity[index] = false }
        let storage: Storage
        switch PhysicalType(type) ?? .string {
        case .boolean: storage = .boolean(rows.map { $0.boolean(field) })
        case .int64:
            let width = type.storedBytes
            storage = .int64(width == 8 ? rows.map { $0.long(field) } : rows.map { $0.integer(field, width: width) })
        case .float64:
            storage = .float64(type == .float ? rows.map { Double($0.float(field)) } : rows.map { $0.double(field) })
        case .string:
            var offsets: [Int32] = [0]
            offsets.reserveCapacity(rows.count + 1)
            var bytes: [UInt8] = []
            for row in rows {
                if !row.isNull(field) { bytes.append(contentsOf: row.bytes(field)) }
                offsets.append(Int32(bytes.count))
            }
            storage = .string(.plain(offsets: offsets, bytes: bytes))
        }
        self.init(type: type, storage: storage, validity: validity.allSet ? nil : validity)
    }
}

extension BufferColumn {
    /// The buffers of some groups as a column.
    func column(_ groups: Range<Int>) -> ColumnVector {
        var builder = ColumnBuilder(field.type)
        for group in groups { builder.append(self[group]) }
        return builder.finish()
    }
}
