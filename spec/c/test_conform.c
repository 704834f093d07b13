#include "support.h"

#include "conform.h"

#include <stdlib.h>
#include <string.h>

/* { id: string, on: boolean, n: integer, when: string (alias then), any: any, list: array of
 *   { x: integer, s: string }, words: array of string, map: map of string } */
enum { ANY, STRING, BOOLEAN, INTEGER, WORDS, ITEM, LIST, MAP, ROOT, TYPES };

static struct df_type types[TYPES] = {
    [ANY] = {DF_TYPE_ANY, 0, 0, 0},          [STRING] = {DF_TYPE_STRING, 0, 0, 0},
    [BOOLEAN] = {DF_TYPE_BOOLEAN, 0, 0, 0},  [INTEGER] = {DF_TYPE_INTEGER, 0, 0, 0},
    [WORDS] = {DF_TYPE_ARRAY, STRING, 0, 0}, [ITEM] = {DF_TYPE_OBJECT, 0, 9, 2},
    [LIST] = {DF_TYPE_ARRAY, ITEM, 0, 0},    [MAP] = {DF_TYPE_MAP, STRING, 0, 0},
    [ROOT] = {DF_TYPE_OBJECT, 0, 0, 9},
};

#define FIELD(name, type, real, guess)                                                             \
    { name, sizeof(name) - 1, type, real, guess, false }

static struct df_field fields[] = {
    FIELD("id", STRING, -1, 0),   FIELD("on", BOOLEAN, -1, 1),  FIELD("n", INTEGER, -1, 2),
    FIELD("when", STRING, -1, 3), FIELD("then", STRING, 3, 4),  FIELD("any", ANY, -1, 5),
    FIELD("list", LIST, -1, 6),   FIELD("words", WORDS, -1, 7), FIELD("map", MAP, -1, 8),
    FIELD("x", INTEGER, -1, 0),   FIELD("s", STRING, -1, 1),
};

static struct df_shape shape = {types, fields, TYPES, TYPES, 11, 11, ROOT, 3};

struct sample {
    enum df_conformity expected;
    const char *text;
};

static const struct sample samples[] = {
    {DF_CONFORMS, "{}"},
    {DF_CONFORMS, " { } "},
    {DF_CONFORMS, "{\"id\":\"a\"}"},
    {DF_CONFORMS, "{ \"id\" : \"a\" ,\n\t\"on\":true\r\n}"},
    {DF_CONFORMS, "{\"on\":false,\"id\":\"\"}"},
    {DF_CONFORMS, "{\"id\":\"\\\"\",\"when\":\"\\\\\"}"},
    {DF_CONFORMS, "{\"id\":\"\\\\\\\"\",\"when\":\"x\"}"},
    {DF_CONFORMS, "{\"id\":\"{\\\"n\\\":1}\"}"},
    {DF_CONFORMS, "{\"list\":[]}"},
    {DF_CONFORMS, "{\"list\":[{},{\"s\":\"a\"}],\"words\":[ \"a\" , \"b\" ]}"},
    {DF_CONFORMS, "{\"new\":\"a\",\"newer\":true}"},
    {DF_CONFORMS, "{\"any\":\"a\",\"idx\":\"a\",\"i\":\"b\",\"\":\"c\"}"},
    {DF_CONFORMS, "{\"id\":\"a\",\"id\":\"b\"}"},
    {DF_CONFORMS_BUT_NUMBERS, "{\"n\":0}"},
    {DF_CONFORMS_BUT_NUMBERS, "{\"n\":-12,\"id\":\"a\"}"},
    {DF_CONFORMS_BUT_NUMBERS, "{\"n\":123456789012345}"},
    {DF_CONFORMS_BUT_NUMBERS, "{\"any\":5}"},
    {DF_CONFORMS_BUT_NUMBERS, "{\"list\":[{\"s\":\"a\"},{\"x\":1}]}"},
    {DF_CONFORMS_NOT, "{\"n\":1234567890123456}"},
    {DF_CONFORMS_NOT, "{\"n\":1.5}"},
    {DF_CONFORMS_NOT, "{\"n\":1e3}"},
    {DF_CONFORMS_NOT, "{\"n\":1E3}"},
    {DF_CONFORMS_NOT, "{\"n\":\"1\"}"},
    {DF_CONFORMS_NOT, "{\"n\":true}"},
    {DF_CONFORMS_NOT, "{\"n\":null}"},
    {DF_CONFORMS_NOT, "{\"id\":1}"},
    {DF_CONFORMS_NOT, "{\"id\":true}"},
    {DF_CONFORMS_NOT, "{\"id\":null}"},
    {DF_CONFORMS_NOT, "{\"id\":{}}"},
    {DF_CONFORMS_NOT, "{\"id\":[]}"},
    {DF_CONFORMS_NOT, "{\"on\":\"true\"}"},
    {DF_CONFORMS_NOT, "{\"on\":1}"},
    {DF_CONFORMS_NOT, "{\"then\":\"a\"}"},
    {DF_CONFORMS_NOT, "{\"new\":1}"},
    {DF_CONFORMS_NOT, "{\"new\":null}"},
    {DF_CONFORMS_NOT, "{\"new\":{}}"},
    {DF_CONFORMS_NOT, "{\"new\":[]}"},
    {DF_CONFORMS_NOT, "{\"any\":{}}"},
    {DF_CONFORMS_NOT, "{\"any\":[]}"},
    {DF_CONFORMS_NOT, "{\"any\":null}"},
    {DF_CONFORMS_NOT, "{\"list\":{}}"},
    {DF_CONFORMS_NOT, "{\"list\":\"\"}"},
    {DF_CONFORMS_NOT, "{\"list\":[null]}"},
    {DF_CONFORMS_NOT, "{\"list\":[\"\"]}"},
    {DF_CONFORMS_NOT, "{\"words\":\"a\"}"},
    {DF_CONFORMS_NOT, "{\"words\":[1]}"},
    {DF_CONFORMS_NOT, "{\"map\":{\"a\":\"b\"}}"},
    {DF_CONFORMS_NOT, "{\"i\\u0064\":\"a\"}"},
    {DF_CONFORMS_NOT, "[]"},
    {DF_CONFORMS_NOT, "\"a\""},
    {DF_CONFORMS_NOT, "null"},
    {DF_CONFORMS_NOT, "5"},
};

static void knows_what_conforms(void **state) {
    (void)state;
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
            enum df_conformity found = df_conform(&shape, samples[i].text);
            if (found != samples[i].expected) {
                fail_msg("%s: %d", samples[i].text, (int)found);
            }
        }
    }
}

/* Not that it is promised anything but well-formed text. */
static void stays_within_any_text(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        size_t count = strlen(samples[i].text);
        for (size_t cut = 0; cut < count; cut++) {
            char *copy = malloc(cut + 1);
            memcpy(copy, samples[i].text, cut);
            copy[cut] = '\0';
            /* A brace or two less cannot make a whole of it, and a blank at the end is none. */
            if (strspn(samples[i].text + cut, " ") != count - cut) {
                assert_int_equal(df_conform(&shape, copy), DF_CONFORMS_NOT);
            }
            free(copy);
        }
    }
}

static void follows_the_order_of_fields(void **state) {
    (void)state;
    assert_int_equal(df_conform(&shape, "{\"words\":[],\"id\":\"a\",\"on\":true}"), DF_CONFORMS);
    assert_int_equal(fields[0].guess, 7);
    assert_int_equal(fields[1].guess, 0);
    assert_int_equal(fields[2].guess, 1);
    assert_int_equal(df_conform(&shape, "{\"id\":\"a\",\"on\":true}"), DF_CONFORMS);
    assert_int_equal(fields[0].guess, 0);
    assert_int_equal(fields[1].guess, 1);
}

static void notes_where_numbers_are(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        fields[i].has_numbers = false;
    }
    const char *text = "{\"id\":\"1\",\"list\":[{\"s\":\"2\"},{\"x\":3,\"s\":\"4\"}],\"on\":true}";
    assert_int_equal(df_conform(&shape, text), DF_CONFORMS_BUT_NUMBERS);
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        int expected = strcmp(fields[i].name, "list") == 0 || strcmp(fields[i].name, "x") == 0;
        assert_int_equal(fields[i].has_numbers, expected);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_what_conforms),
        cmocka_unit_test(stays_within_any_text),
        cmocka_unit_test(follows_the_order_of_fields),
        cmocka_unit_test(notes_where_numbers_are),
    };
    return cmocka_run_group_tests_name("conform", tests, NULL, NULL);
}
