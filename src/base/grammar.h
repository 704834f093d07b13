#ifndef DF_GRAMMAR_H
#define DF_GRAMMAR_H

#include "base/text.h"

#include <stdbool.h>

/* The characters of HTTP, ASCII and free of any locale. */

/* Each character of a token (RFC 9110, 5.6.2: a method, a header's name) in lower case; 0 for all
 * others. */
extern const unsigned char df_token[256];

static inline bool df_is_digit(char c) {
    return c >= '0' && c <= '9';
}

/* What a hexadecimal digit stands for; -1 for all others. */
static inline int df_hex_digit(char c) {
    if (df_is_digit(c)) {
        return c - '0';
    }
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static inline bool df_is_blank(char c) {
    return c == ' ' || c == '\t';
}

/* A control character other than the tab, or DEL. */
static inline bool df_is_control(char c) {
    return ((unsigned char)c < ' ' && c != '\t') || c == 127;
}

/* One or more digits. */
bool df_is_digits(struct df_text text);
/* One or more characters of a token. */
bool df_is_token(struct df_text text);
/* One or more bytes, of which none is a blank or a control character. */
bool df_is_word(struct df_text text);
bool df_has_control(struct df_text text);

/* The text without the blanks around it. */
struct df_text df_trim(struct df_text text);

/* Compares without regard to the case of ASCII letters. `lower` is in lower case. */
bool df_equals_lower(struct df_text text, struct df_text lower);

/* Takes the next element of a comma-separated list off its front, without the blanks around it; an
 * element may be empty. False at the end of the list. `list->data` is NULL from then on. */
bool df_next_element(struct df_text *list, struct df_text *element);

#endif
