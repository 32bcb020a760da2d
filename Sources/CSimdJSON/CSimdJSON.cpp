#include "CSimdJSON.h"

#include <new>

#include "RecordReader.hpp"

struct sg_json_reader {
  sg::RecordReader records;
  /// A caller's text, with the readable bytes after it that the string table wants.
  std::vector<uint8_t> text = {};
};

size_t sg_json_padding(void) { return simdjson::SIMDJSON_PADDING; }

sg_json_reader *sg_json_create(const sg_json_field *fields, size_t count, int has_fixed_zone, int32_t zone_offset) {
  try {
    return new sg_json_reader{sg::RecordReader(fields, count, has_fixed_zone != 0, zone_offset)};
  } catch (const std::bad_alloc &) {
    return nullptr;
  }
}

void sg_json_keep_wrong_types(sg_json_reader *reader, int32_t corrupt_column) {
  reader->records.keepWrongTypes(corrupt_column);
}

size_t sg_json_corrupt_count(const sg_json_reader *reader) { return reader->records.corruptCount(); }

sg_json_reader *sg_json_create_inferring(void) {
  sg_json_reader *reader = sg_json_create(nullptr, 0, 0, 0);
  if (reader) reader->records.rows.isInferring = true;
  return reader;
}

size_t sg_json_field_count(const sg_json_reader *reader) { return reader->records.rows.columns.size(); }

int sg_json_field_seen(const sg_json_reader *reader, size_t field, const char **name, size_t *name_length) {
  const sg::Column &column = reader->records.rows.columns[field];
  *name = column.name.data();
  *name_length = column.name.size();
  return column.seen;
}

void sg_json_destroy(sg_json_reader *reader) { delete reader; }

void sg_json_begin(sg_json_reader *reader, const uint8_t *bytes, size_t length) { reader->records.begin(bytes, length); }

sg_json_status sg_json_next(sg_json_reader *reader, size_t *start, size_t *end) {
  try {
    return reader->records.next(*start, *end);
  } catch (const std::bad_alloc &) {
    return SG_JSON_NO_MEMORY;
  }
}

size_t sg_json_row_count(const sg_json_reader *reader) { return reader->records.rows.rows(); }

void sg_json_column(sg_json_reader *reader, size_t column, sg_json_column_data *data) {
  sg::Column &c = reader->records.rows.columns[column];
  *data = {};
  data->validity = c.validity.data();
  data->valid_count = c.validCount;
  if (c.type == SG_JSON_BOOLEAN) {
    data->values = c.booleans.data();
  } else if (c.type == SG_JSON_FLOAT || c.type == SG_JSON_DOUBLE) {
    data->values = c.doubles.data();
  } else if (!c.isText()) {
    data->values = c.integers.data();
  } else if (c.isDictionary) {
    data->is_dictionary = 1;
    data->values = c.codes.data();
  } else {
    data->offsets = c.offsets.data();
    data->bytes = c.bytes.data();
    data->byte_count = c.byteCount;
  }
}

void sg_json_dictionary(const sg_json_reader *reader, size_t column, size_t first, sg_json_texts *texts) {
  const sg::StringTable &table = reader->records.rows.columns[column].table;
  *texts = {table.count() - first, table.offsets() + first, table.bytes()};
}

void sg_json_clear(sg_json_reader *reader) { reader->records.rows.clear(); }

int sg_json_append_row(sg_json_reader *reader) {
  try {
    reader->records.rows.beginRow();
    reader->records.rows.endRow();
    return 1;
  } catch (const std::bad_alloc &) {
    return 0;
  }
}

void sg_json_set_boolean(sg_json_reader *reader, size_t column, int value) {
  sg::Columns &rows = reader->records.rows;
  rows.columns[column].booleans[rows.rows() - 1] = value != 0;
  rows.columns[column].setValid(rows.rows() - 1);
}

void sg_json_set_int64(sg_json_reader *reader, size_t column, int64_t value) {
  sg::Columns &rows = reader->records.rows;
  rows.columns[column].integers[rows.rows() - 1] = value;
  rows.columns[column].setValid(rows.rows() - 1);
}

void sg_json_set_double(sg_json_reader *reader, size_t column, double value) {
  sg::Columns &rows = reader->records.rows;
  rows.columns[column].doubles[rows.rows() - 1] = value;
  rows.columns[column].setValid(rows.rows() - 1);
}

int sg_json_set_text(sg_json_reader *reader, size_t column, const uint8_t *bytes, size_t count) {
  sg::Columns &rows = reader->records.rows;
  try {
    reader->text.assign(bytes, bytes + count);
    reader->text.resize(count + simdjson::SIMDJSON_PADDING);
    rows.columns[column].setText(rows.rows() - 1, reader->text.data(), count);
    return 1;
  } catch (const std::bad_alloc &) {
    return 0;
  }
}
