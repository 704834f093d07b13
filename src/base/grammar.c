#include "base/grammar.h"

#include <stdint.h>
#include <string.h>

/* clang-format off */
const unsigned char df_token[256] = {
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

#define EACH_BYTE(value) (UINT64_C(0x0101010101010101) * (value))

bool df_is_digits(struct df_text text) {
    for (size_t i = 0; i < text.length; i++) {
        if (!df_is_digit(text.data[i])) {
            return false;
        }
    }
    return text.length > 0;
}

bool df_is_token(struct df_text text) {
    for (size_t i = 0; i < text.length; i++) {
        if (!df_token[(unsigned char)text.data[i]]) {
            return false;
        }
    }
    return text.length > 0;
}

/* Not 0 where one of the eight bytes is below 0x20 or is DEL. */
static inline uint64_t find_control(uint64_t bytes) {
    uint64_t del = bytes ^ EACH_BYTE(0x7f);
    return (((bytes - EACH_BYTE(0x20)) & ~bytes) | ((del - EACH_BYTE(1)) & ~del)) & EACH_BYTE(0x80);
}

static bool has_control(const char *at, const char *end) {
    for (; at < end; at++) {
        if (df_is_control(*at)) {
            return true;
        }
    }
    return false;
}

/* Eight bytes at a time, the last eight perhaps once more: a tab is a false alarm. */
bool df_has_control(struct df_text text) {
    enum { STEP = sizeof(uint64_t) };
    const char *at = text.data, *end = text.data + text.length;
    if (text.length < STEP) {
        return has_control(at, end);
    }
    while (at < end) {
        uint64_t bytes;
        at = end - at < STEP ? end - STEP : at;
        memcpy(&bytes, at, sizeof bytes);
        if (find_control(bytes) && has_control(at, at + STEP)) {
            return true;
        }
        at += STEP;
    }
    return false;
}

bool df_is_word(struct df_text text) {
    for (size_t i = 0; i < text.length; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (c <= ' ' || c == 127) {
            return false;
        }
    }
    return text.length > 0;
}

struct df_text df_trim(struct df_text text) {
    while (text.length && df_is_blank(*text.data)) {
        text.data++;
        text.length--;
    }
    while (text.length && df_is_blank(text.data[text.length - 1])) {
        text.length--;
    }
    return text;
}

bool df_equals_lower(struct df_text text, struct df_text lower) {
    if (text.length != lower.length) {
        return false;
    }
    for (size_t i = 0; i < text.length; i++) {
        char c = text.data[i];
        if ((c >= 'A' && c <= 'Z' ? c | 0x20 : c) != lower.data[i]) {
            return false;
        }
    }
    return true;
}

bool df_next_element(struct df_text *list, struct df_text *element) {
    if (!list->data) {
        return false;
    }
    const char *comma = memchr(list->data, ',', list->length);
    size_t length = comma ? (size_t)(comma - list->data) : list->length;
    *element = df_trim((struct df_text){list->data, length});
    if (comma) {
        *list = (struct df_text){comma + 1, list->length - length - 1};
    } else {
        *list = (struct df_text){NULL, 0};
    }
    return true;
}
