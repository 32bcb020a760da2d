// JSON lines into columns: a C interface over simdjson's structural index.
//
// A chunk holds whole lines. The reader appends one row for each line that is one JSON object and that it can read
// exactly, and hands every other line back to its caller, who appends that line's rows itself:
//
//     sg_json_begin(reader, bytes, length);
//     while (sg_json_next(reader, &start, &end) == SG_JSON_LINE) { … sg_json_append_row(reader) … }
//     … sg_json_column(reader, i, &column) …
//     sg_json_clear(reader);
#ifndef STREAMGAUGE_CSIMDJSON_H
#define STREAMGAUGE_CSIMDJSON_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Readable bytes that must follow every chunk.
size_t sg_json_padding(void);

/// The type of a column.
typedef enum {
  SG_JSON_BOOLEAN,
  SG_JSON_BYTE,
  SG_JSON_SHORT,
  SG_JSON_INTEGER,
  SG_JSON_LONG,
  SG_JSON_FLOAT,
  SG_JSON_DOUBLE,
  SG_JSON_STRING,
  SG_JSON_DATE,
  SG_JSON_TIMESTAMP,
  SG_JSON_TIMESTAMP_NTZ,
  /// A field of an inferring reader.
  SG_JSON_INFERRED,
} sg_json_type;

/// What values a field had, of all the records read; see sg_json_create_inferring.
enum {
  SG_JSON_SEEN_NULL = 1,
  SG_JSON_SEEN_EMPTY_TEXT = 2,
  SG_JSON_SEEN_TEXT = 4,
  SG_JSON_SEEN_BOOLEAN = 8,
  /// An integer of 64 bits.
  SG_JSON_SEEN_LONG = 16,
  /// A number with a fraction or an exponent.
  SG_JSON_SEEN_DOUBLE = 32,
};

/// Where a column's values come from.
typedef enum {
  /// The record's field of this name.
  SG_JSON_FIELD,
  /// The same, but only the caller knows how to read its strings: a line that has one is handed back.
  SG_JSON_FIELD_HANDED_BACK,
  /// The caller alone, whatever fields the record has.
  SG_JSON_CALLER,
} sg_json_origin;

/// A wanted column.
typedef struct {
  const char *name;
  size_t name_length;
  sg_json_type type;
  sg_json_origin origin;
} sg_json_field;

/// What a read of the next lines ended with.
typedef enum {
  /// The chunk has been read.
  SG_JSON_DONE,
  /// A line is handed back: bytes start ..< end, without its line end.
  SG_JSON_LINE,
  /// No memory.
  SG_JSON_NO_MEMORY,
} sg_json_status;

/// The values of one column for the rows appended since the last clear. The pointers hold until the next call.
typedef struct {
  /// uint8_t (boolean), int64_t (integers, days, microseconds), double, or int32_t (dictionary codes).
  const void *values;
  /// One bit a row; set where there is a value.
  const uint64_t *validity;
  /// Rows that hold a value.
  size_t valid_count;
  /// Texts only: whether values holds dictionary codes; otherwise offsets and bytes hold the texts.
  int is_dictionary;
  const int32_t *offsets;
  const uint8_t *bytes;
  size_t byte_count;
} sg_json_column_data;

/// The distinct texts of a column, from a code on. The pointers hold until the next call.
typedef struct {
  size_t count;
  /// count + 1 offsets into bytes.
  const int32_t *offsets;
  const uint8_t *bytes;
} sg_json_texts;

typedef struct sg_json_reader sg_json_reader;

/// A reader of the given columns, or null when there is no memory. zone_offset is that of times without a zone, in
/// seconds; without has_fixed_zone lines with such times are handed back.
sg_json_reader *sg_json_create(const sg_json_field *fields, size_t count, int has_fixed_zone, int32_t zone_offset);
void sg_json_destroy(sg_json_reader *reader);

/// Makes the reader keep lines in which a wanted field has a value of the wrong type, instead of handing them back: that
/// field is null, the line counts as corrupt, and the column corrupt_column, unless it is -1, gets the line's text.
void sg_json_keep_wrong_types(sg_json_reader *reader, int32_t corrupt_column);
/// How many lines have been kept so since the reader was made.
size_t sg_json_corrupt_count(const sg_json_reader *reader);

/// A reader that keeps no rows but notes the fields that records have and the kinds of their values; null when there is
/// no memory. It hands back lines with nested values, integers of more than 64 bits and two fields of one name, besides
/// those that every reader hands back.
sg_json_reader *sg_json_create_inferring(void);
/// How many fields have been noted.
size_t sg_json_field_count(const sg_json_reader *reader);
/// A field's name, until the next call, and what values it had; 0 for a field that only lines handed back have.
int sg_json_field_seen(const sg_json_reader *reader, size_t field, const char **name, size_t *name_length);

/// Takes a chunk of whole lines; its last byte must be a line feed, sg_json_padding() readable bytes must follow, and
/// it must stay where it is until it has been read.
void sg_json_begin(sg_json_reader *reader, const uint8_t *bytes, size_t length);
/// Reads on until the chunk's end or a line to hand back.
sg_json_status sg_json_next(sg_json_reader *reader, size_t *start, size_t *end);

/// Rows appended since the last clear.
size_t sg_json_row_count(const sg_json_reader *reader);
/// The values of a column.
void sg_json_column(sg_json_reader *reader, size_t column, sg_json_column_data *data);
/// The texts that a column's dictionary has from code first on.
void sg_json_dictionary(const sg_json_reader *reader, size_t column, size_t first, sg_json_texts *texts);
/// Forgets the rows, keeps memory and dictionaries.
void sg_json_clear(sg_json_reader *reader);

/// Appends a row of nulls; 0 when there is no memory. The setters below fill it, each column at most once.
int sg_json_append_row(sg_json_reader *reader);
void sg_json_set_boolean(sg_json_reader *reader, size_t column, int value);
void sg_json_set_int64(sg_json_reader *reader, size_t column, int64_t value);
void sg_json_set_double(sg_json_reader *reader, size_t column, double value);
/// 0 when there is no memory.
int sg_json_set_text(sg_json_reader *reader, size_t column, const uint8_t *bytes, size_t count);

#ifdef __cplusplus
}
#endif

#endif
