#ifndef DF_NUMBER_H
#define DF_NUMBER_H

#include "base/text.h"

#include <stdbool.h>
#include <stdint.h>

/* Numbers as JSON writes them, whatever the locale of the process. */

enum { DF_NUMBER_LONGEST = 128, DF_NUMBER_SIZE = 32, DF_DIGITS_SIZE = 24 };

enum df_number_kind {
    DF_NUMBER_WHOLE,   /* a whole number up to 2^53, exact */
    DF_NUMBER_REAL,    /* any other finite number */
    DF_NUMBER_TOO_BIG, /* an integer beyond 2^53, which a double would round, or beyond every double
                        */
    DF_NUMBER_NONE     /* not a number, or one of more than DF_NUMBER_LONGEST characters */
};

/* The length of the number that the text begins with, or 0. `integer` tells whether it has neither
 * a fraction nor an exponent. */
size_t df_number_scan(struct df_text text, bool *integer);

/* The value of a number that df_number_scan has found. */
enum df_number_kind df_number_value(struct df_text number, bool integer, double *value);

/* Both in one, for a text that is a number and nothing else. Leading zeros do no harm. */
enum df_number_kind df_number_parse(struct df_text text, double *value);

/* A whole number up to 2^53, which an integer can stand for. */
bool df_number_is_whole(double value);

/* The shortest of 15 and 17 digits that reads as the same number. */
void df_number_print(double value, char out[DF_NUMBER_SIZE]);

/* Writes the digits of an integer to the end of `digits`. */
struct df_text df_number_digits(uint64_t value, char digits[DF_DIGITS_SIZE]);

#endif
