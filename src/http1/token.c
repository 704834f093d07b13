#include "http1/token.h"

#include <string.h>

/* clang-format off */
const unsigned char df_http_token[256] = {
      0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,
      0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,
      0,  33,   0,  35,  36,  37,  38,  39,   0,   0,  42,  43,   0,  45,  46,   0,
     48,  49,  50,  51,  52,  53,  54,  55,  56,  57,   0,   0,   0,   0,   0,   0,
      0,  97,  98,  99, 100, 101, 102, 103, 104, 105, 106, 107, 108, 109, 110, 111,
    112, 113, 114, 115, 116, 117, 118, 119, 120, 121, 122,   0,   0,   0,  94,  95,
     96,  97,  98,  99, 100, 101, 102, 103, 104, 105, 106, 107, 108, 109, 110, 111,
    112, 113, 114, 115, 116, 117, 118, 119, 120, 121, 122,   0, 124,   0, 126,   0
};
/* clang-format on */

bool df_http_is_token(struct df_http_text text) {
    for (size_t i = 0; i < text.count; i++) {
        if (!df_http_token[(unsigned char)text.bytes[i]]) {
            return false;
        }
    }
    return text.count > 0;
}

static bool is_blank(char c) {
    return c == ' ' || c == '\t';
}

struct df_http_text df_http_trim(struct df_http_text text) {
    while (text.count && is_blank(*text.bytes)) {
        text.bytes++;
        text.count--;
    }
    while (text.count && is_blank(text.bytes[text.count - 1])) {
        text.count--;
    }
    return text;
}

bool df_http_split_field(struct df_http_text line, struct df_http_text *name,
                         struct df_http_text *value) {
    const char *colon = memchr(line.bytes, ':', line.count);
    if (!colon) {
        return false;
    }
    size_t count = (size_t)(colon - line.bytes);
    *name = (struct df_http_text){line.bytes, count};
    *value = df_http_trim((struct df_http_text){colon + 1, line.count - count - 1});
    return df_http_is_token(*name);
}

bool df_http_equal_bytes(const char *text, const char *lower, size_t count) {
    for (size_t i = 0; i < count; i++) {
        char c = text[i];
        if ((c >= 'A' && c <= 'Z' ? c | 0x20 : c) != lower[i]) {
            return false;
        }
    }
    return true;
}
