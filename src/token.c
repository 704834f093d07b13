#include "token.h"

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

bool df_http_equal_bytes(const char *text, const char *lower, size_t count) {
    for (size_t i = 0; i < count; i++) {
        char c = text[i];
        if ((c >= 'A' && c <= 'Z' ? c | 0x20 : c) != lower[i]) {
            return false;
        }
    }
    return true;
}
