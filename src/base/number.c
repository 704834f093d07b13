#include "base/number.h"

#include "base/grammar.h"

#include <langinfo.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double max_whole = 9007199254740992.0; /* 2^53 */

enum { RADIX_LONGEST = 8 };

static size_t count_digits(struct df_text text, size_t at) {
    size_t start = at;
    while (at < text.length && df_is_digit(text.data[at])) {
        at++;
    }
    return at - start;
}

static size_t scan(struct df_text text, bool zeros_may_lead, bool *integer) {
    size_t at = text.length > 0 && *text.data == '-' ? 1 : 0;
    size_t digits = count_digits(text, at);
    if (digits == 0) {
        return 0;
    }
    if (text.data[at] == '0' && !zeros_may_lead) {
        digits = 1;
    }
    at += digits;
    *integer = true;
    if (at < text.length && text.data[at] == '.') {
        digits = count_digits(text, at + 1);
        if (digits == 0) {
            return 0;
        }
        at += 1 + digits;
        *integer = false;
    }
    if (at < text.length && (text.data[at] == 'e' || text.data[at] == 'E')) {
        at++;
        at += at < text.length && (text.data[at] == '+' || text.data[at] == '-') ? 1 : 0;
        digits = count_digits(text, at);
        if (digits == 0) {
            return 0;
        }
        at += digits;
        *integer = false;
    }
    return at;
}

size_t df_number_scan(struct df_text text, bool *integer) {
    return scan(text, false, integer);
}

bool df_number_is_whole(double value) {
    return value >= -max_whole && value <= max_whole && (double)(int64_t)value == value;
}

/* An integer's digits; 2^53 has 16. */
static enum df_number_kind integer_value(struct df_text digits, bool negative, double *value) {
    while (digits.length > 1 && *digits.data == '0') {
        digits.data++;
        digits.length--;
    }
    uint64_t sum = 0;
    for (size_t i = 0; i < digits.length && i < 17; i++) {
        sum = sum * 10 + (uint64_t)(digits.data[i] - '0');
    }
    if (digits.length > 16 || sum > UINT64_C(9007199254740992)) {
        return DF_NUMBER_TOO_BIG;
    }
    *value = negative && sum > 0 ? -(double)sum : (double)sum;
    return DF_NUMBER_WHOLE;
}

/* strtod wants the decimal point of the locale, which may take several bytes. */
static double decimal_value(struct df_text number) {
    char copy[DF_NUMBER_LONGEST + RADIX_LONGEST + 1];
    const char *radix = nl_langinfo(RADIXCHAR);
    size_t radix_length = strlen(radix);
    char *out = copy;
    for (size_t i = 0; i < number.length; i++) {
        if (number.data[i] == '.' && radix_length <= RADIX_LONGEST) {
            memcpy(out, radix, radix_length);
            out += radix_length;
        } else {
            *out++ = number.data[i];
        }
    }
    *out = '\0';
    return strtod(copy, NULL);
}

enum df_number_kind df_number_value(struct df_text number, bool integer, double *value) {
    bool negative = *number.data == '-';
    if (integer) {
        return integer_value((struct df_text){number.data + negative, number.length - negative},
                             negative, value);
    }
    if (number.length > DF_NUMBER_LONGEST) {
        return DF_NUMBER_NONE;
    }
    *value = decimal_value(number) + 0.0;
    if (!isfinite(*value)) {
        return DF_NUMBER_TOO_BIG;
    }
    /* From 2^53 on, a fraction may have been lost on the way. */
    return df_number_is_whole(*value) && fabs(*value) < max_whole ? DF_NUMBER_WHOLE
                                                                  : DF_NUMBER_REAL;
}

enum df_number_kind df_number_parse(struct df_text text, double *value) {
    bool integer;
    size_t length = scan(text, true, &integer);
    if (length == 0 || length != text.length) {
        return DF_NUMBER_NONE;
    }
    return df_number_value(text, integer, value);
}

void df_number_print(double value, char out[DF_NUMBER_SIZE]) {
    if (isnan(value)) {
        strcpy(out, "nan");
        return;
    }
    if (df_number_is_whole(value)) {
        snprintf(out, DF_NUMBER_SIZE, "%.0f", value + 0.0);
        return;
    }
    snprintf(out, DF_NUMBER_SIZE, "%.15g", value);
    if (strtod(out, NULL) != value) {
        snprintf(out, DF_NUMBER_SIZE, "%.17g", value);
    }
    const char *radix = nl_langinfo(RADIXCHAR);
    char *found = strstr(out, radix);
    if (found && *radix) {
        size_t length = strlen(radix);
        *found = '.';
        memmove(found + 1, found + length, strlen(found + length) + 1);
    }
}

struct df_text df_number_digits(uint64_t value, char digits[DF_DIGITS_SIZE]) {
    char *first = digits + DF_DIGITS_SIZE;
    do {
        *--first = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    return (struct df_text){first, (size_t)(digits + DF_DIGITS_SIZE - first)};
}
