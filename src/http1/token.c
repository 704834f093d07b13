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

bool df_http_is_token(struct df_text text) {
    for (size_t i = 0; i < text.length; i++) {
        if (!df_http_token[(unsigned char)text.data[i]]) {
            return false;
        }
    }
    return text.length > 0;
}

static bool is_blank(char c) {
    return c == ' ' || c == '\t';
}

struct df_text df_http_trim(struct df_text text) {
    while (text.length && is_blank(*text.data)) {
        text.data++;
        text.length--;
    }
    while (text.length && is_blank(text.data[text.length - 1])) {
        text.length--;
    }
    return text;
}

bool df_http_split_field(struct df_text line, struct df_text *name, struct df_text *value) {
    const char *colon = memchr(line.data, ':', line.length);
    if (!colon) {
        return false;
    }
    size_t count = (size_t)(colon - line.data);
    *name = (struct df_text){line.data, count};
    *value = df_http_trim((struct df_text){colon + 1, line.length - count - 1});
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
