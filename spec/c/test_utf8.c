#include "support.h"

#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>

struct sample {
    const char *bytes;
    size_t count;
    long characters; /* -1: not UTF-8 */
};

#define SAMPLE(text, characters)                                                                   \
    { text, sizeof(text) - 1, characters }

static const struct sample samples[] = {
    SAMPLE("", 0),
    SAMPLE("a", 1),
    SAMPLE("a\0b", 3),
    SAMPLE("\x7F", 1),
    SAMPLE("0123456789abcdef0", 17),
    /* the first and the last of each length */
    SAMPLE("\xC2\x80", 1),
    SAMPLE("\xDF\xBF", 1),
    SAMPLE("\xE0\xA0\x80", 1),
    SAMPLE("\xEF\xBF\xBF", 1),
    SAMPLE("\xF0\x90\x80\x80", 1),
    SAMPLE("\xF4\x8F\xBF\xBF", 1),
    SAMPLE("\xED\x9F\xBF\xEE\x80\x80", 2),  /* around the surrogates */
    SAMPLE("\xE2\x82\xA9 \xED\x95\x9C", 3), /* won sign, Hangul */
    SAMPLE("0123456\xE2\x82\xA9"
           "89abcde",
           15), /* across words of eight */
    /* one past each */
    SAMPLE("\x80", -1),
    SAMPLE("\xBF", -1),
    SAMPLE("\xC0\x80", -1),
    SAMPLE("\xC1\xBF", -1),
    SAMPLE("\xE0\x9F\xBF", -1),
    SAMPLE("\xED\xA0\x80", -1),
    SAMPLE("\xED\xBF\xBF", -1),
    SAMPLE("\xF0\x8F\xBF\xBF", -1),
    SAMPLE("\xF4\x90\x80\x80", -1),
    SAMPLE("\xF5\x80\x80\x80", -1),
    SAMPLE("\xFE", -1),
    SAMPLE("\xFF", -1),
    /* cut short, and broken inside */
    SAMPLE("\xC2", -1),
    SAMPLE("\xE2\x82", -1),
    SAMPLE("\xF0\x90\x80", -1),
    SAMPLE("\xC2"
           "a",
           -1),
    SAMPLE("\xE2\x82"
           "a",
           -1),
    SAMPLE("\xF0\x90\x80"
           "a",
           -1),
    SAMPLE("\xE2"
           "a\xA9",
           -1),
    SAMPLE("01234567\xFF", -1),
    SAMPLE("\xED\x95\x9C\x80", -1),
};

static void knows_utf8(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        const struct sample *sample = &samples[i];
        size_t characters = 12345;
        /* a block of just this size, so that a sanitizer sees a byte read too many */
        char *block = malloc(sample->count + 1);
        char *copy = block + 1;
        memcpy(copy, sample->bytes, sample->count);
        assert_int_equal(df_utf8_check(copy, sample->count, &characters), sample->characters >= 0);
        assert_int_equal(df_utf8_check(copy, sample->count, NULL), sample->characters >= 0);
        if (sample->characters >= 0) {
            assert_int_equal(characters, sample->characters);
        }
        free(block);
    }
}

/* Every code point, in the encoding that the definition gives it. */
static void knows_every_character(void **state) {
    (void)state;
    for (unsigned long code = 0; code <= 0x110000; code++) {
        char bytes[4];
        size_t count;
        if (code < 0x80) {
            count = 1;
            bytes[0] = (char)code;
        } else if (code < 0x800) {
            count = 2;
            bytes[0] = (char)(0xC0 | code >> 6);
        } else if (code < 0x10000) {
            count = 3;
            bytes[0] = (char)(0xE0 | code >> 12);
        } else {
            count = 4;
            bytes[0] = (char)(0xF0 | code >> 18);
        }
        for (size_t i = 1; i < count; i++) {
            bytes[i] = (char)(0x80 | (code >> 6 * (count - 1 - i) & 0x3F));
        }
        int surrogate = code >= 0xD800 && code <= 0xDFFF;
        if (df_utf8_check(bytes, count, NULL) != (!surrogate && code <= 0x10FFFF)) {
            fail_msg("U+%lX is misjudged", code);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_utf8),
        cmocka_unit_test(knows_every_character),
    };
    return cmocka_run_group_tests_name("utf8", tests, NULL, NULL);
}
