#include "http1/head.h"

#include <string.h>

enum { VERSION_COUNT = 7, STATUS_AT = 9, AFTER_STATUS = 12 }; /* HTTP/1.x 200 */

size_t df_head_end(struct df_text text) {
    const char *end = text.data + text.length;
    const char *at = text.data;
    while (at < end && (at = memchr(at, '\n', (size_t)(end - at)))) {
        at++;
        const char *last = at < end && *at == '\r' ? at + 1 : at;
        if (last < end && *last == '\n') {
            return (size_t)(last + 1 - text.data);
        }
    }
    return 0;
}

/* CR and LF stand side by side only, and of the other control bytes there is none but the tab. */
static bool is_clean(struct df_text text) {
    for (size_t i = 0; i < text.length; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (c >= ' ' && c != 127) {
            continue;
        }
        if (c == '\r' && i + 1 < text.length && text.data[i + 1] == '\n') {
            i++;
        } else if (c != '\t') {
            return false;
        }
    }
    return true;
}

const char *df_head_open(struct df_head *head, struct df_text text) {
    const char *line = text.data;
    if (text.length <= AFTER_STATUS || memcmp(line, "HTTP/1.", VERSION_COUNT) != 0 ||
        (line[VERSION_COUNT] != '0' && line[VERSION_COUNT] != '1') || line[STATUS_AT - 1] != ' ' ||
        line[STATUS_AT] == '0' || !df_is_digit(line[STATUS_AT]) || !df_is_digit(line[STATUS_AT + 1]) ||
        !df_is_digit(line[STATUS_AT + 2]) ||
        (line[AFTER_STATUS] != ' ' && line[AFTER_STATUS] != '\r')) {
        return "the answer is not HTTP/1.1";
    }
    if (!is_clean(text)) {
        return "the answer's head holds control characters";
    }
    const char *line_end = memchr(line, '\n', text.length);
    if (!line_end || memcmp(line + text.length - 4, "\r\n\r\n", 4) != 0) {
        return "the answer's head is malformed";
    }
    head->minor = line[VERSION_COUNT] - '0';
    head->status = (line[STATUS_AT] - '0') * 100 + (line[STATUS_AT + 1] - '0') * 10 +
                   (line[STATUS_AT + 2] - '0');
    head->next = line_end + 1;
    head->end = line + text.length - 2;
    return NULL;
}

enum df_head_line df_head_next(struct df_head *head, struct df_head_field *field) {
    const char *line = head->next;
    if (line >= head->end) {
        return DF_HEAD_NO_MORE;
    }
    const char *end = memchr(line, '\n', (size_t)(head->end - line)); /* there is one: see above */
    head->next = end + 1;
    end--; /* the CR */
    struct df_text whole = {line, (size_t)(end - line)};
    if (!df_split_field(whole, &field->name, &field->value)) {
        return *line == ' ' || *line == '\t' ? DF_HEAD_FOLDED : DF_HEAD_MALFORMED;
    }
    return DF_HEAD_FIELD;
}
