#include "http1/reader.h"

#include "base/grammar.h"

#include <stdio.h>
#include <string.h>

enum state {
    /* Lines, gathered in `lines`. */
    STATUS_LINE,
    HEADER_LINE,
    TRAILER_LINE,
    /* Bytes. */
    BODY_OF_LENGTH,
    BODY_TO_END,
    CHUNK_SIZE,      /* before its first digit */
    CHUNK_DIGITS,    /* behind it */
    CHUNK_BLANKS,    /* which only a semicolon may follow */
    CHUNK_EXTENSION, /* behind the semicolon */
    CHUNK_LINE_LF,
    CHUNK_DATA,
    CHUNK_DATA_CR,
    CHUNK_DATA_LF,
    /* The end. */
    DONE,
    FAILED
};

/* Whether the next line may go on with the field above it. */
enum fold { MAY_FOLD, MUST_NOT_FOLD, IS_FIRST };

enum {
    FIXED = 13, /* "HTTP/1.1 200 " */
    KEPT_BODY = 64 * 1024,
    SMALL_BODY = 4096,
    FIRST_BODY_SPACE = 64 * 1024, /* until so many bytes came, a length is a mere promise */
    SHOWN = 40                    /* characters of a value in a message */
};

/* ---- errors ---- */

static void fail(struct df_http1_reader *reader, enum df_kind kind, const char *detail) {
    reader->state = FAILED;
    reader->error.kind = kind;
    snprintf(reader->error.detail, sizeof reader->error.detail, "%s", detail);
}

static void fail_protocol(struct df_http1_reader *reader, const char *detail) {
    fail(reader, DF_KIND_PROTOCOL, detail);
}

/* `format` has one %s, for the text, of which only printable ASCII is shown. */
static void fail_with(struct df_http1_reader *reader, const char *format, struct df_text text) {
    char shown[SHOWN + 1];
    size_t length = text.length < SHOWN ? text.length : SHOWN;
    /* cppcheck-suppress knownConditionTrueFalse ; a value may be empty */
    for (size_t i = 0; i < length; i++) {
        shown[i] = text.data[i] >= ' ' && text.data[i] < 127 ? text.data[i] : '?';
    }
    shown[length] = '\0';
    reader->state = FAILED;
    reader->error.kind = DF_KIND_PROTOCOL;
    snprintf(reader->error.detail, sizeof reader->error.detail, format, shown);
}

static void fail_limit(struct df_http1_reader *reader, const char *format, size_t limit) {
    reader->state = FAILED;
    reader->error.kind = DF_KIND_LIMIT;
    snprintf(reader->error.detail, sizeof reader->error.detail, format, limit);
}

static void fail_body_limit(struct df_http1_reader *reader) {
    fail_limit(reader, "its body is larger than %zu bytes (max_response_bytes)", reader->max_body);
}

static const char no_memory[] = "there is not enough memory for it";

/* ---- the life of a reader ---- */

enum df_http1_method df_http1_method_of(struct df_text method) {
    return df_text_equals(method, DF_TEXT("HEAD"))      ? DF_HTTP1_HEAD
           : df_text_equals(method, DF_TEXT("CONNECT")) ? DF_HTTP1_CONNECT
                                                        : DF_HTTP1_OTHER;
}

void df_http1_reader_init(struct df_http1_reader *reader) {
    memset(reader, 0, offsetof(struct df_http1_reader, spans));
    df_buffer_init(&reader->lines, DF_HTTP1_MAX_HEAD);
    df_http1_reader_start(reader, DF_HTTP1_OTHER, 0);
}

void df_http1_reader_free(struct df_http1_reader *reader) {
    df_buffer_free(&reader->lines);
    df_buffer_free(&reader->body);
    df_http1_reader_start(reader, DF_HTTP1_OTHER, 0);
}

void df_http1_reader_start(struct df_http1_reader *reader, enum df_http1_method method,
                           size_t max_body) {
    memset(reader, 0, offsetof(struct df_http1_reader, lines));
    reader->state = STATUS_LINE;
    reader->method = (uint8_t)method;
    reader->keep_alive = true;
    reader->max_body = max_body;
    df_buffer_reset(&reader->lines, DF_HTTP1_MAX_HEAD);
    df_buffer_reset(&reader->body, max_body);
}

void df_http1_reader_shrink(struct df_http1_reader *reader) {
    if (reader->body.capacity > KEPT_BODY) {
        df_buffer_free(&reader->body);
    }
    df_http1_reader_start(reader, DF_HTTP1_OTHER, 0);
}

/* ---- the status line ---- */

/* What is wrong with a byte of "HTTP/1.". */
static const char *not_http(unsigned position, char c) {
    if (position > 4) {
        return "its HTTP version is not 1.x";
    } else if (position > 0) {
        return "it does not begin with \"HTTP/1.\"";
    }
    return c == '\r' || c == '\n'   ? "an empty line before the status line"
           : c == 0x15 || c == 0x16 ? "it begins with TLS and not with HTTP"
                                    : "it does not begin with \"HTTP/1.\"";
}

/* Judges the fixed part, "HTTP/1.x ddd" and what must follow, byte by byte: a peer that speaks
 * something else may never end a line. */
static bool check_fixed(struct df_http1_reader *reader, const char *at, size_t length) {
    static const char version[] = "HTTP/1.";
    while (length-- && reader->fixed < FIXED) {
        unsigned position = reader->fixed;
        char c = *at++;
        if (position < 7) {
            if (c != version[position]) {
                fail_protocol(reader, not_http(position, c));
                return false;
            }
        } else if (position == 7 ? !df_is_digit(c) : position == 8 && c != ' ') {
            fail_protocol(reader, "its HTTP version is not 1.x");
            return false;
        } else if (position == 9 ? c < '1' || c > '9'
                                 : position > 9 && position < 12 && !df_is_digit(c)) {
            fail_protocol(reader, "its status is not a number of 100 to 999");
            return false;
        } else if (position == 12 && c != ' ' && c != '\r') {
            fail_protocol(reader, c == '\n' ? "the status line ends in a bare LF, without CR"
                                            : "its status is not a number of 100 to 999");
            return false;
        }
        reader->fixed++;
    }
    return true;
}

/* `line` has no line end, and at least the fixed part but for its last byte. */
static void read_status(struct df_http1_reader *reader, struct df_text line) {
    const char *digits = line.data + 9;
    int code = (digits[0] - '0') * 100 + (digits[1] - '0') * 10 + (digits[2] - '0');
    reader->code = (uint16_t)code;
    reader->old = line.data[7] == '0';
    reader->keep_alive &= !reader->old;
    reader->state = HEADER_LINE;
    reader->fold = IS_FIRST;
    reader->lines.length = reader->line_start;
    if (code >= 200) {
        reader->status = code;
        if (code == 206 && reader->method != DF_HTTP1_CONNECT) {
            fail_protocol(reader, "its status is 206, a part of what was asked for as a whole");
        }
    } else if (code == 101) {
        fail_protocol(reader, "its status is 101, which changes to another protocol");
    } else if (++reader->informational > DF_HTTP1_MAX_INFORMATIONAL) {
        fail_limit(reader, "more than %zu informational (1xx) responses precede it",
                   DF_HTTP1_MAX_INFORMATIONAL);
    }
}

/* ---- headers that decide where the response ends ---- */

static bool is_informational(const struct df_http1_reader *reader) {
    return reader->code < 200;
}

/* Whether the status or the method says that no body follows (RFC 9112, 6.3, and 205). */
static bool has_no_body(const struct df_http1_reader *reader) {
    return reader->code == 204 || reader->code == 205 || reader->code == 304 ||
           reader->method == DF_HTTP1_HEAD ||
           (reader->method == DF_HTTP1_CONNECT && reader->code < 300);
}

/* 1xx, and the tunnel of a CONNECT: Content-Length and Transfer-Encoding mean nothing. */
static bool ignores_framing(const struct df_http1_reader *reader) {
    return is_informational(reader) || (reader->method == DF_HTTP1_CONNECT && reader->code < 300);
}

static void read_connection(struct df_http1_reader *reader, struct df_text value) {
    struct df_text element;
    while (df_next_element(&value, &element)) {
        if (df_equals_lower(element, DF_TEXT("close"))) {
            reader->keep_alive = false;
        }
    }
}

static struct df_text first_length(const struct df_http1_reader *reader) {
    return (struct df_text){reader->lines.data + reader->length_at, reader->length_size};
}

/* Digits to `left`. False where it is larger than `max`. */
static bool read_decimal(struct df_text digits, size_t max, size_t *number) {
    *number = 0;
    for (size_t i = 0; i < digits.length; i++) {
        size_t digit = (size_t)(digits.data[i] - '0');
        if (*number > max / 10 || digit > max - *number * 10) {
            return false;
        }
        *number = *number * 10 + digit;
    }
    return true;
}

/* A list of lengths is one length where all have the same text. */
static void read_length(struct df_http1_reader *reader, struct df_text value) {
    struct df_text list = value, element;
    if (reader->chunked) {
        fail_protocol(reader, "it has both Transfer-Encoding and Content-Length");
        return;
    }
    while (df_next_element(&list, &element)) {
        if (!df_is_digits(element)) {
            fail_with(reader, "Content-Length is not a number: \"%s\"", value);
            return;
        }
        if (reader->length_size == 0) {
            reader->length_at = (uint16_t)(element.data - reader->lines.data);
            reader->length_size = (uint16_t)element.length;
        } else if (!df_text_equals(first_length(reader), element)) {
            fail_protocol(reader, "it has Content-Lengths that differ");
            return;
        }
    }
    if (!has_no_body(reader) &&
        !read_decimal(first_length(reader), reader->max_body, &reader->left)) {
        fail_body_limit(reader);
    }
}

static void read_transfer_encoding(struct df_http1_reader *reader, struct df_text value) {
    struct df_text list = value, element;
    bool any = false;
    if (reader->old) {
        fail_protocol(reader, "it has Transfer-Encoding, which HTTP/1.0 does not know");
        return;
    }
    while (df_next_element(&list, &element)) {
        if (element.length == 0) {
            continue;
        }
        if (reader->chunked || !df_equals_lower(element, DF_TEXT("chunked"))) {
            fail_with(reader, "Transfer-Encoding is not \"chunked\": \"%s\"", value);
            return;
        }
        reader->chunked = any = true;
    }
    if (!any) {
        fail_protocol(reader, "Transfer-Encoding is empty");
    } else if (reader->length_size) {
        fail_protocol(reader, "it has both Transfer-Encoding and Content-Length");
    }
}

/* The request asks for no coding. A body that is coded all the same is nothing that can be read;
 * where the status is an error's, it says more than the body. */
static void read_coding(struct df_http1_reader *reader, struct df_text value) {
    struct df_text list = value, element;
    while (df_next_element(&list, &element)) {
        if (element.length == 0 || df_equals_lower(element, DF_TEXT("identity"))) {
            continue;
        }
        if (reader->code < 300 && !has_no_body(reader)) {
            fail_with(reader, "Content-Encoding: %s was not asked for", value);
            return;
        }
        reader->discard = true;
    }
}

/* Looks at a field of a head. True where it must stand in one line, because other readers take
 * such a line as it is. */
static bool read_special(struct df_http1_reader *reader, struct df_text name,
                         struct df_text value) {
    static const struct {
        struct df_text name;
        void (*read)(struct df_http1_reader *reader, struct df_text value);
        bool is_framing;
    } special[] = {
        {{"connection", 10}, read_connection, false},
        {{"content-length", 14}, read_length, true},
        {{"content-encoding", 16}, read_coding, true},
        {{"transfer-encoding", 17}, read_transfer_encoding, true},
    };
    for (size_t i = 0; i < sizeof special / sizeof *special; i++) {
        if (df_text_equals(name, special[i].name)) {
            if (!special[i].is_framing || !ignores_framing(reader)) {
                special[i].read(reader, value);
            }
            return true;
        }
    }
    return false;
}

/* ---- header and trailer lines ---- */

static bool is_repeated(struct df_http1_reader *reader, struct df_text name) {
    uint64_t bit = UINT64_C(1) << ((name.length * 7 + (unsigned char)name.data[0] +
                                    3 * (size_t)(unsigned char)name.data[name.length / 2]) &
                                   63);
    bool seen = reader->names_seen & bit;
    reader->names_seen |= bit;
    for (unsigned i = 0; seen && i < reader->header_count; i++) {
        if (df_text_equals(df_http1_reader_header(reader, i).name, name)) {
            return true;
        }
    }
    return false;
}

/* A line that begins with a blank goes on with the value above it. */
static void read_folded(struct df_http1_reader *reader, struct df_text line) {
    struct df_text more = df_trim(line);
    if (reader->state == TRAILER_LINE) {
        fail_protocol(reader, "a trailer is folded");
        return;
    }
    if (reader->fold != MAY_FOLD) {
        fail_protocol(reader, reader->fold == IS_FIRST
                                  ? "a line that begins with a blank before the first header"
                                  : "a header that decides where it ends is folded");
        return;
    }
    if (more.length == 0 || is_informational(reader)) {
        reader->lines.length = reader->line_start;
        return;
    }
    /* The line begins where that value ends. */
    struct df_http1_span *span = &reader->spans[reader->header_count - 1];
    char *end = reader->lines.data + span->value + span->value_length;
    if (span->value_length) {
        *end++ = ' ';
        span->value_length++;
    }
    memmove(end, more.data, more.length);
    span->value_length = (uint16_t)(span->value_length + more.length);
    reader->lines.length = (size_t)(end + more.length - reader->lines.data);
}

/* A name in lower case and its value; false after an error. */
static bool split_field(struct df_http1_reader *reader, struct df_text line, struct df_text *name,
                        struct df_text *value) {
    char *start = reader->lines.data + reader->line_start, *at = start;
    const char *end = line.data + line.length;
    unsigned char lower;
    while (at < end && (lower = df_token[(unsigned char)*at]) != 0) {
        *at++ = (char)lower;
    }
    *name = (struct df_text){start, (size_t)(at - start)};
    if (at == end || *at != ':' || at == start) {
        const char *colon = memchr(start, ':', line.length);
        fail_protocol(reader, !colon           ? "a header line has no colon"
                              : colon == start ? "a header has no name"
                              : at < end && df_is_blank(*at)
                                  ? "a blank in or behind a header's name"
                                  : "a header's name holds a character that it may not hold");
        return false;
    }
    *value = df_trim((struct df_text){at + 1, (size_t)(end - at - 1)});
    return true;
}

static void read_field(struct df_http1_reader *reader, struct df_text line) {
    struct df_text name, value;
    if (df_is_blank(*line.data)) {
        read_folded(reader, line);
        return;
    }
    if (!split_field(reader, line, &name, &value)) {
        return;
    }
    if (++reader->field_total > DF_HTTP1_MAX_FIELDS) {
        fail_limit(reader, "it has more than %zu headers", DF_HTTP1_MAX_FIELDS);
        return;
    }
    if (reader->state == TRAILER_LINE) {
        reader->lines.length = reader->line_start;
        return;
    }
    reader->fold = read_special(reader, name, value) ? MUST_NOT_FOLD : MAY_FOLD;
    if (is_informational(reader)) {
        reader->lines.length = reader->line_start;
        return;
    }
    bool repeated = is_repeated(reader, name);
    struct df_http1_span *span = &reader->spans[reader->header_count++];
    span->name = (uint16_t)reader->line_start;
    span->name_length = (uint16_t)name.length;
    span->value = (uint16_t)(value.data - reader->lines.data);
    span->value_length = (uint16_t)value.length;
    span->repeated = repeated;
    reader->lines.length = (size_t)span->value + value.length;
}

static void finish(struct df_http1_reader *reader, bool reusable) {
    reader->state = DONE;
    reader->reusable = reusable && reader->keep_alive;
}

/* The empty line behind a head. */
static void end_head(struct df_http1_reader *reader) {
    if (is_informational(reader)) {
        reader->state = STATUS_LINE;
        reader->fixed = 0;
        reader->lines.length = 0;
        return;
    }
    bool promised = reader->chunked || reader->length_size;
    if (has_no_body(reader)) {
        bool is_empty = reader->code != 205 || promised;
        size_t length = 0;
        /* Bytes that it was said to have may follow as the next response. */
        if (reader->method == DF_HTTP1_OTHER) {
            is_empty &= !reader->chunked && read_decimal(first_length(reader), 0, &length);
        }
        finish(reader, is_empty);
    } else if (reader->chunked) {
        reader->state = CHUNK_SIZE;
    } else if (promised) {
        reader->state = BODY_OF_LENGTH;
        if (reader->left == 0) {
            finish(reader, true);
        } else {
            /* So that growing stops there; small ones share one size. */
            reader->body.limit = reader->left > SMALL_BODY ? reader->left : SMALL_BODY;
        }
    } else {
        reader->state = BODY_TO_END;
    }
}

static void read_line(struct df_http1_reader *reader) {
    const char *start = reader->lines.data + reader->line_start;
    struct df_text line = {start, reader->lines.length - reader->line_start - 1};
    if (line.length == 0 || line.data[line.length - 1] != '\r') {
        fail_protocol(reader, "a line of its headers ends in a bare LF, without CR");
        return;
    }
    line.length--;
    if (line.length == 0) {
        reader->lines.length = reader->line_start;
        if (reader->state == TRAILER_LINE) {
            finish(reader, true);
        } else {
            end_head(reader);
        }
        return;
    }
    if (df_has_control(line)) {
        fail_protocol(reader, memchr(line.data, '\r', line.length)
                                  ? "a bare CR in its headers"
                                  : "a control character in its headers");
        return;
    }
    if (reader->state == STATUS_LINE) {
        read_status(reader, line);
    } else {
        read_field(reader, line);
    }
}

/* Gathers a line, at most to the limit of all heads. Returns where to go on. */
static const char *gather_line(struct df_http1_reader *reader, const char *at, const char *end) {
    size_t left = DF_HTTP1_MAX_HEAD - reader->head_bytes;
    size_t length = (size_t)(end - at) < left ? (size_t)(end - at) : left;
    if (length == 0) {
        fail_limit(reader, "its headers and trailers are larger than %zu bytes", DF_HTTP1_MAX_HEAD);
        return at;
    }
    const char *newline = memchr(at, '\n', length);
    if (newline) {
        length = (size_t)(newline - at) + 1;
    }
    if (reader->state == STATUS_LINE && !check_fixed(reader, at, length)) {
        return at;
    }
    if (df_buffer_add(&reader->lines, at, length) != DF_BUFFER_OK) {
        fail(reader, DF_KIND_LIMIT, no_memory);
        return at;
    }
    reader->head_bytes += (uint32_t)length;
    if (newline) {
        read_line(reader);
        reader->line_start = reader->lines.length;
    }
    return at + length;
}

/* ---- bodies ---- */

/* Keeps bytes of the body, which are known to be within the limit. False after an error. */
static bool keep(struct df_http1_reader *reader, const char *at, size_t length) {
    reader->received += length;
    if (!reader->discard && df_buffer_add(&reader->body, at, length) != DF_BUFFER_OK) {
        fail(reader, DF_KIND_LIMIT, no_memory);
        return false;
    }
    return true;
}

/* Bytes of a body of known length, or of a chunk. */
static const char *read_counted(struct df_http1_reader *reader, const char *at, const char *end) {
    size_t length = (size_t)(end - at) < reader->left ? (size_t)(end - at) : reader->left;
    if (keep(reader, at, length)) {
        reader->left -= length;
        if (reader->left == 0 && reader->state == CHUNK_DATA) {
            reader->state = CHUNK_DATA_CR;
        } else if (reader->left == 0) {
            finish(reader, true);
        }
    }
    return at + length;
}

static const char *read_body_to_end(struct df_http1_reader *reader, const char *at,
                                    const char *end) {
    size_t length = (size_t)(end - at);
    if (length > reader->max_body - reader->received) {
        fail_body_limit(reader);
    } else {
        keep(reader, at, length);
    }
    return end;
}

/* ---- chunks ---- */

/* Counts a byte of a size line, and whether it is one that says nothing. */
static bool count_line(struct df_http1_reader *reader, size_t length, size_t idle) {
    reader->chunk_line += (uint32_t)length;
    reader->extension_bytes += (uint32_t)idle;
    if (reader->chunk_line > DF_HTTP1_MAX_CHUNK_LINE) {
        fail_limit(reader, "the line of a chunk's size is longer than %zu bytes",
                   DF_HTTP1_MAX_CHUNK_LINE);
    } else if (reader->extension_bytes > DF_HTTP1_MAX_EXTENSIONS) {
        fail_limit(reader, "its chunk extensions are larger than %zu bytes",
                   DF_HTTP1_MAX_EXTENSIONS);
    }
    return reader->state != FAILED;
}

static void end_size_line(struct df_http1_reader *reader) {
    reader->chunk_line = 0;
    if (reader->left) {
        reader->state = CHUNK_DATA;
    } else {
        reader->state = TRAILER_LINE;
        reader->line_start = reader->lines.length;
    }
}

static const char *read_digits(struct df_http1_reader *reader, const char *at, const char *end) {
    if (reader->state == CHUNK_SIZE) {
        reader->left = 0;
    }
    for (; at < end; at++) {
        int digit = df_hex_digit(*at);
        if (digit < 0) {
            if (reader->state == CHUNK_SIZE) {
                fail_protocol(reader, "a chunk has no size");
            } else if (*at == '\r') {
                reader->state = CHUNK_LINE_LF;
            } else if (*at == ';') {
                reader->state = CHUNK_EXTENSION;
            } else if (df_is_blank(*at)) {
                reader->state = CHUNK_BLANKS;
            } else {
                fail_protocol(reader, *at == '\n' ? "a chunk's size line ends in a bare LF"
                                                  : "a chunk's size is not hexadecimal");
            }
            return at + 1;
        }
        reader->state = CHUNK_DIGITS;
        size_t rest = reader->max_body - reader->received;
        if (reader->left > rest / 16 || (size_t)digit > rest - reader->left * 16) {
            fail_body_limit(reader);
            return at;
        }
        reader->left = reader->left * 16 + (size_t)digit;
        if (!count_line(reader, 1, reader->left == 0)) {
            return at;
        }
    }
    return at;
}

static const char *read_blanks(struct df_http1_reader *reader, const char *at) {
    if (*at == ';') {
        reader->state = CHUNK_EXTENSION;
    } else if (!df_is_blank(*at)) {
        fail_protocol(reader, "blanks behind a chunk's size");
    }
    count_line(reader, 1, 1);
    return at + 1;
}

static const char *read_extension(struct df_http1_reader *reader, const char *at, const char *end) {
    const char *start = at;
    while (at < end && !df_is_control(*at)) {
        at++;
    }
    if (!count_line(reader, (size_t)(at - start), (size_t)(at - start)) || at == end) {
        return at;
    }
    if (*at == '\r') {
        reader->state = CHUNK_LINE_LF;
    } else {
        fail_protocol(reader, *at == '\n' ? "a chunk's size line ends in a bare LF"
                                          : "a control character in a chunk's extension");
    }
    return at + 1;
}

/* One byte that can only be this one. */
static const char *read_byte(struct df_http1_reader *reader, const char *at, char wanted,
                             enum state next, const char *otherwise) {
    if (*at == wanted) {
        reader->state = (uint8_t)next;
    } else {
        fail_protocol(reader, otherwise);
    }
    return at + 1;
}

/* ---- feeding ---- */

static const char *read_some(struct df_http1_reader *reader, const char *at, const char *end) {
    switch (reader->state) {
    case STATUS_LINE:
    case HEADER_LINE:
    case TRAILER_LINE:
        return gather_line(reader, at, end);
    case BODY_OF_LENGTH:
    case CHUNK_DATA:
        return read_counted(reader, at, end);
    case BODY_TO_END:
        return read_body_to_end(reader, at, end);
    case CHUNK_SIZE:
    case CHUNK_DIGITS:
        return read_digits(reader, at, end);
    case CHUNK_BLANKS:
        return read_blanks(reader, at);
    case CHUNK_EXTENSION:
        return read_extension(reader, at, end);
    case CHUNK_LINE_LF:
        at = read_byte(reader, at, '\n', CHUNK_LINE_LF, "a bare CR in a chunk's size line");
        if (reader->state != FAILED) {
            end_size_line(reader);
        }
        return at;
    case CHUNK_DATA_CR:
        return read_byte(reader, at, '\r', CHUNK_DATA_LF, "a chunk is not as long as its size");
    default:
        return read_byte(reader, at, '\n', CHUNK_SIZE, "a chunk is not as long as its size");
    }
}

static enum df_http1_result result_of(const struct df_http1_reader *reader) {
    return reader->state == DONE     ? DF_HTTP1_DONE
           : reader->state == FAILED ? DF_HTTP1_ERROR
                                     : DF_HTTP1_MORE;
}

enum df_http1_result df_http1_reader_feed(struct df_http1_reader *reader, const char *data,
                                          size_t length, size_t *consumed) {
    const char *at = data, *end = data + length;
    reader->any_byte |= length > 0;
    while (at < end && reader->state < DONE) {
        at = read_some(reader, at, end);
    }
    if (at < end && reader->state == DONE) {
        reader->surplus = true;
        reader->reusable = false;
    }
    *consumed = (size_t)(at - data);
    return result_of(reader);
}

char *df_http1_reader_space(struct df_http1_reader *reader, size_t *capacity) {
    if (reader->state != BODY_OF_LENGTH || reader->discard) {
        return NULL;
    }
    size_t space = reader->received < FIRST_BODY_SPACE ? FIRST_BODY_SPACE : reader->received;
    space = space < reader->left ? space : reader->left;
    if (df_buffer_reserve(&reader->body, space) != DF_BUFFER_OK) {
        return NULL;
    }
    *capacity = space;
    return reader->body.data + reader->body.length;
}

enum df_http1_result df_http1_reader_filled(struct df_http1_reader *reader, size_t length) {
    if (reader->state == BODY_OF_LENGTH && length <= reader->left) {
        reader->body.length += length;
        reader->received += length;
        reader->left -= length;
        if (reader->left == 0) {
            finish(reader, true);
        }
    }
    return result_of(reader);
}

enum df_http1_result df_http1_reader_end(struct df_http1_reader *reader, enum df_http1_end how) {
    if (reader->state >= DONE) {
        return result_of(reader);
    }
    if (!reader->any_byte) {
        fail(reader, DF_KIND_NETWORK, "without a response");
    } else if (reader->state == BODY_TO_END && how == DF_HTTP1_END_TLS_CUT) {
        fail_protocol(reader,
                      "the TLS connection was cut before close_notify, which ends this body");
    } else if (reader->state == BODY_TO_END && how != DF_HTTP1_END_RESET) {
        reader->end_uncertain = how == DF_HTTP1_END_UNKNOWN;
        finish(reader, false);
    } else {
        fail(reader, DF_KIND_NETWORK, "in the middle of the response");
    }
    return result_of(reader);
}

/* ---- results ---- */

bool df_http1_reader_done(const struct df_http1_reader *reader) {
    return reader->state == DONE;
}

struct df_http1_header df_http1_reader_header(const struct df_http1_reader *reader,
                                              unsigned index) {
    const struct df_http1_span *span = &reader->spans[index];
    const char *lines = reader->lines.data;
    return (struct df_http1_header){
        .name = {lines + span->name, span->name_length},
        .value = {lines + span->value, span->value_length},
        .repeated = span->repeated,
    };
}

struct df_text df_http1_reader_body(const struct df_http1_reader *reader) {
    return (struct df_text){reader->body.length ? reader->body.data : "", reader->body.length};
}

void df_http1_reader_describe(const struct df_http1_reader *reader, const char *peer, char *out,
                              size_t size) {
    const struct df_http1_error *error = &reader->error;
    const char *format = error->kind == DF_KIND_NETWORK ? "the connection to %s ended %s"
                         : error->kind == DF_KIND_LIMIT ? "the response from %s is too large: %s"
                                                        : "malformed response from %s: %s";
    snprintf(out, size, format, peer, error->detail);
}
