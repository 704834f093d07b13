#include "http1/http_head.h"

#include "base/grammar.h"

#include <string.h>

void df_http_head_init(struct df_http_head *head) {
    df_buffer_init(&head->bytes, DF_HTTP_HEAD_CEILING);
    df_http_head_reset(head);
}

void df_http_head_reset(struct df_http_head *head) {
    df_buffer_reset(&head->bytes, DF_HTTP_HEAD_CEILING);
    head->received = 0;
    head->status = 0;
    head->complete = false;
    head->is_framed = false;
    head->field_count = 0;
}

void df_http_head_free(struct df_http_head *head) {
    df_buffer_free(&head->bytes);
}

/* "HTTP/1.1 200 OK": any version, since the library below has judged it. */
static enum df_http_head_result read_status(struct df_http_head *head, const char *line,
                                            size_t count) {
    const char *blank = memchr(line, ' ', count);
    const char *end = line + count;
    if (count < 5 || memcmp(line, "HTTP/", 5) != 0 || !blank || end - blank < 4 ||
        !df_is_digit(blank[1]) || !df_is_digit(blank[2]) || !df_is_digit(blank[3]) ||
        (end - blank > 4 && blank[4] != ' ')) {
        return DF_HTTP_HEAD_MALFORMED;
    }
    head->status = (blank[1] - '0') * 100 + (blank[2] - '0') * 10 + (blank[3] - '0');
    head->field_count = 0;
    head->complete = false;
    head->is_framed = false;
    df_buffer_reset(&head->bytes, DF_HTTP_HEAD_CEILING);
    return head->status >= 100 ? DF_HTTP_HEAD_OK : DF_HTTP_HEAD_MALFORMED;
}

static enum df_http_head_result add(struct df_http_head *head, const char *bytes, size_t count) {
    switch (df_buffer_add(&head->bytes, bytes, count)) {
    case DF_BUFFER_OK:
        return DF_HTTP_HEAD_OK;
    case DF_BUFFER_FULL:
        return DF_HTTP_HEAD_TOO_LARGE;
    default:
        return DF_HTTP_HEAD_NO_MEMORY;
    }
}

static void lower(char *name, size_t count) {
    for (size_t i = 0; i < count; i++) {
        name[i] = (char)df_token[(unsigned char)name[i]];
    }
}

static bool is_repeated(const struct df_http_head *head, const struct df_http_head_field *field) {
    const char *bytes = head->bytes.data;
    for (unsigned i = 0; i < head->field_count; i++) {
        const struct df_http_head_field *other = &head->fields[i];
        if (other->name_count == field->name_count &&
            memcmp(bytes + other->name, bytes + field->name, field->name_count) == 0) {
            return true;
        }
    }
    return false;
}

static enum df_http_head_result read_field(struct df_http_head *head, const char *line,
                                           size_t count) {
    struct df_text name, value;
    struct df_http_head_field field;
    enum df_http_head_result result;
    if (!df_split_field((struct df_text){line, count}, &name, &value)) {
        return DF_HTTP_HEAD_MALFORMED;
    }
    if (head->field_count == DF_HTTP_HEAD_FIELDS) {
        return DF_HTTP_HEAD_TOO_LARGE;
    }
    field.name = (unsigned)head->bytes.length;
    field.name_count = (unsigned)name.length;
    field.value = field.name + field.name_count;
    field.value_count = (unsigned)value.length;
    if ((result = add(head, name.data, name.length)) != DF_HTTP_HEAD_OK ||
        (result = add(head, value.data, value.length)) != DF_HTTP_HEAD_OK) {
        return result;
    }
    lower(head->bytes.data + field.name, field.name_count);
    field.repeated = is_repeated(head, &field);
    head->fields[head->field_count++] = field;
    return DF_HTTP_HEAD_OK;
}

/* A line that begins with a blank goes on with the value above it (an old way to fold). */
static enum df_http_head_result read_folded(struct df_http_head *head, const char *line,
                                            size_t count) {
    enum df_http_head_result result;
    if (head->field_count == 0) {
        return DF_HTTP_HEAD_MALFORMED;
    }
    struct df_http_head_field *field = &head->fields[head->field_count - 1];
    struct df_text more = df_trim((struct df_text){line, count});
    if ((result = add(head, " ", 1)) != DF_HTTP_HEAD_OK) {
        return result;
    }
    field->value_count++;
    result = add(head, more.data, more.length);
    if (result == DF_HTTP_HEAD_OK) {
        field->value_count += (unsigned)more.length;
    }
    return result;
}

static bool is_number(struct df_text text) {
    for (size_t i = 0; i < text.length; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') {
            return false;
        }
    }
    return text.length > 0;
}

static bool is_same(struct df_text a, struct df_text b) {
    return a.length == b.length && memcmp(a.data, b.data, a.length) == 0;
}

/* Reads how the body ends. Where two readers could see two different ends in the same bytes, the
 * head is malformed: libcurl would take the last length, and chunks before any length. */
static enum df_http_head_result read_framing(struct df_http_head *head) {
    struct df_text length = {NULL, 0};
    bool is_chunked = false;
    for (unsigned i = 0; i < head->field_count; i++) {
        const struct df_http_head_field *field = &head->fields[i];
        struct df_text name = {head->bytes.data + field->name, field->name_count};
        struct df_text value = {head->bytes.data + field->value, field->value_count};
        if (df_equals_lower(name, DF_TEXT("content-length"))) {
            if (!is_number(value) || (length.data && !is_same(length, value))) {
                return DF_HTTP_HEAD_MALFORMED;
            }
            length = value;
        } else if (df_equals_lower(name, DF_TEXT("transfer-encoding"))) {
            if (is_chunked || !df_equals_lower(value, DF_TEXT("chunked"))) {
                return DF_HTTP_HEAD_MALFORMED;
            }
            is_chunked = true;
        }
    }
    head->is_framed = length.data || is_chunked;
    return length.data && is_chunked ? DF_HTTP_HEAD_MALFORMED : DF_HTTP_HEAD_OK;
}

enum df_http_head_result df_http_head_line(struct df_http_head *head, const char *line,
                                           size_t count) {
    if (count > DF_HTTP_HEAD_CEILING - head->received) {
        return DF_HTTP_HEAD_TOO_LARGE;
    }
    head->received += count;
    if (count && line[count - 1] == '\n') {
        count--;
    }
    if (count && line[count - 1] == '\r') {
        count--;
    }
    if (memchr(line, '\0', count) || memchr(line, '\r', count)) {
        return DF_HTTP_HEAD_MALFORMED;
    }
    if (head->complete && head->status >= 200) {
        return DF_HTTP_HEAD_OK; /* a trailer */
    }
    if (head->status == 0 || head->complete) {
        return read_status(head, line, count);
    }
    if (count == 0) {
        head->complete = true;
        return read_framing(head);
    }
    return *line == ' ' || *line == '\t' ? read_folded(head, line, count)
                                         : read_field(head, line, count);
}
