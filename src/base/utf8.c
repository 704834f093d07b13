#include "base/utf8.h"

#include <stdint.h>
#include <string.h>

/* Length of the well-formed sequence that starts at `at` with a byte of 0x80 or more; 0 if none. */
static size_t sequence_length(const unsigned char *at, const unsigned char *end) {
    unsigned char lead = *at;
    unsigned char low = 0x80;
    unsigned char high = 0xBF;
    size_t length;
    if (lead >= 0xC2 && lead <= 0xDF) {
        length = 2;
    } else if (lead >= 0xE0 && lead <= 0xEF) {
        length = 3;
        if (lead == 0xE0) {
            low = 0xA0; /* shorter would be overlong */
        } else if (lead == 0xED) {
            high = 0x9F; /* above are the surrogates */
        }
    } else if (lead >= 0xF0 && lead <= 0xF4) {
        length = 4;
        if (lead == 0xF0) {
            low = 0x90;
        } else if (lead == 0xF4) {
            high = 0x8F; /* above is beyond U+10FFFF */
        }
    } else {
        return 0;
    }
    if ((size_t)(end - at) < length || at[1] < low || at[1] > high) {
        return 0;
    }
    for (size_t i = 2; i < length; i++) {
        if ((at[i] & 0xC0) != 0x80) {
            return 0;
        }
    }
    return length;
}

/* How many of the bytes come before the first group of eight with one that is not ASCII. */
static size_t ascii_words(const unsigned char *at, size_t count) {
    const uint64_t high = UINT64_C(0x8080808080808080);
    uint64_t words[4];
    size_t passed = 0;
    for (; count - passed >= sizeof words; passed += sizeof words) {
        memcpy(words, at + passed, sizeof words);
        if ((words[0] | words[1] | words[2] | words[3]) & high) {
            break;
        }
    }
    for (; count - passed >= sizeof words[0]; passed += sizeof words[0]) {
        memcpy(words, at + passed, sizeof words[0]);
        if (words[0] & high) {
            break;
        }
    }
    return passed;
}

bool df_utf8_check(const char *bytes, size_t count, size_t *characters) {
    const unsigned char *at = (const unsigned char *)bytes;
    const unsigned char *end = at + count;
    size_t found = 0;
    while (at < end) {
        size_t ascii = ascii_words(at, (size_t)(end - at)); /* most bodies are ASCII throughout */
        at += ascii;
        found += ascii;
        while (at < end && *at < 0x80) {
            at++;
            found++;
        }
        if (at == end) {
            break;
        }
        size_t length = sequence_length(at, end);
        if (length == 0) {
            return false;
        }
        at += length;
        found++;
    }
    if (characters) {
        *characters = found;
    }
    return true;
}
