/* Numbers as JSON writes them, whatever the locale. */

#include "support.h"

#include "base/number.h"

#include <locale.h>
#include <math.h>
#include <string.h>

static struct df_text text_of(const char *text) {
    return (struct df_text){text, strlen(text)};
}

static void scans_a_number_at_the_start(void **state) {
    static const struct {
        const char *text;
        size_t length;
        bool integer;
    } samples[] = {{"0", 1, true},      {"-0", 2, true},       {"12,", 2, true},
                   {"01", 1, true},     {"1.5]", 3, false},    {"1e3 ", 3, false},
                   {"1E+30", 5, false}, {"1.5e-7x", 6, false}, {"", 0, true},
                   {"-", 0, true},      {"+1", 0, true},       {".5", 0, true},
                   {"1.", 0, true},     {"1.e3", 0, true},     {"1e", 0, true},
                   {"1e+", 0, true},    {"nan", 0, true},      {"-x", 0, true}};
    (void)state;
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        bool integer = true;
        assert_int_equal(df_number_scan(text_of(samples[i].text), &integer), samples[i].length);
        if (samples[i].length > 0) {
            assert_int_equal(integer, samples[i].integer);
        }
    }
}

static void keeps_integers_up_to_2_53_and_refuses_the_next(void **state) {
    static const struct {
        const char *text;
        enum df_number_kind kind;
        double value;
    } samples[] = {
        {"9007199254740992", DF_NUMBER_WHOLE, 9007199254740992.0},
        {"-9007199254740992", DF_NUMBER_WHOLE, -9007199254740992.0},
        {"0009007199254740992", DF_NUMBER_WHOLE, 9007199254740992.0},
        {"9007199254740993", DF_NUMBER_TOO_BIG, 0},
        {"-9007199254740993", DF_NUMBER_TOO_BIG, 0},
        {"90071992547409920", DF_NUMBER_TOO_BIG, 0},
        {"99999999999999999999999999999999", DF_NUMBER_TOO_BIG, 0},
        {"9007199254740992.0", DF_NUMBER_REAL, 9007199254740992.0},
        {"9007199254740991.0", DF_NUMBER_WHOLE, 9007199254740991.0},
        {"1e3", DF_NUMBER_WHOLE, 1000},
        {"0.25", DF_NUMBER_REAL, 0.25},
        {"1e300", DF_NUMBER_REAL, 1e300},
        {"1e-999", DF_NUMBER_WHOLE, 0},
        {"1e999", DF_NUMBER_TOO_BIG, 0},
        {"-1e999", DF_NUMBER_TOO_BIG, 0},
        {"-0", DF_NUMBER_WHOLE, 0},
        {"-0.0", DF_NUMBER_WHOLE, 0},
        {"", DF_NUMBER_NONE, 0},
        {"1 ", DF_NUMBER_NONE, 0},
        {" 1", DF_NUMBER_NONE, 0},
        {"1,5", DF_NUMBER_NONE, 0},
        {"0x10", DF_NUMBER_NONE, 0},
        {"inf", DF_NUMBER_NONE, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        double value = 0;
        assert_int_equal(df_number_parse(text_of(samples[i].text), &value), samples[i].kind);
        if (samples[i].kind < DF_NUMBER_TOO_BIG) {
            assert_true(value == samples[i].value);
        }
    }
    char digits[DF_NUMBER_LONGEST + 2] = "0.";
    memset(digits + 2, '1', DF_NUMBER_LONGEST - 2);
    digits[DF_NUMBER_LONGEST] = '\0';
    double value;
    assert_int_equal(df_number_parse(text_of(digits), &value), DF_NUMBER_REAL);
    digits[DF_NUMBER_LONGEST] = '1';
    digits[DF_NUMBER_LONGEST + 1] = '\0';
    assert_int_equal(df_number_parse(text_of(digits), &value), DF_NUMBER_NONE);
}

static void prints_and_reads_alike_in_any_locale(void **state) {
    static const char *const locales[] = {"C", "de_DE.UTF-8", "fr_FR.UTF-8", "ps_AF.UTF-8",
                                          "fa_IR.UTF-8"};
    static const double samples[] = {0,
                                     -0.0,
                                     1,
                                     -7,
                                     0.1,
                                     0.25,
                                     1.5e-7,
                                     1e300,
                                     -2.5e-300,
                                     1e15,
                                     1e16,
                                     123456789.125,
                                     9007199254740992.0,
                                     1.0 / 3};
    (void)state;
    for (size_t l = 0; l < sizeof locales / sizeof *locales; l++) {
        if (!setlocale(LC_ALL, locales[l])) {
            continue; /* not on this machine */
        }
        for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
            char text[DF_NUMBER_SIZE];
            double value = 1;
            df_number_print(samples[i], text);
            assert_null(strchr(text, ','));
            assert_true(df_number_parse(text_of(text), &value) <= DF_NUMBER_REAL ||
                        fabs(samples[i]) >= 1e16);
            if (fabs(samples[i]) < 1e16) {
                assert_true(value == samples[i]);
            }
        }
    }
    setlocale(LC_ALL, "C");
    char text[DF_NUMBER_SIZE];
    df_number_print(-0.0, text);
    assert_string_equal(text, "0");
    df_number_print(0.1, text);
    assert_string_equal(text, "0.1");
    df_number_print((double)NAN, text);
    assert_string_equal(text, "nan");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scans_a_number_at_the_start),
        cmocka_unit_test(keeps_integers_up_to_2_53_and_refuses_the_next),
        cmocka_unit_test(prints_and_reads_alike_in_any_locale),
    };
    return cmocka_run_group_tests_name("number", tests, NULL, NULL);
}
