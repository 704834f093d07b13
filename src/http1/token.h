#ifndef DF_TOKEN_H
#define DF_TOKEN_H

#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>

/* The characters of a method or of a header's name (RFC 9110, "token"), each with its lower case;
 * 0 for all others. */
extern const unsigned char df_http_token[256];

bool df_http_is_token(struct df_text text);

/* The text without the blanks around it. */
struct df_text df_http_trim(struct df_text text);

/* Takes a line of a head apart, "name: value" without its end. False where no name stands before a
 * colon. */
bool df_http_split_field(struct df_text line, struct df_text *name, struct df_text *value);

bool df_http_equal_bytes(const char *text, const char *lower, size_t count);

/* Compares without regard to the case of ASCII letters. `lower` is in lower case. */
static inline bool df_http_equals(struct df_text text, const char *lower, size_t count) {
    return text.length == count && df_http_equal_bytes(text.data, lower, count);
}

#endif
