#ifndef DF_TEXT_H
#define DF_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* Bytes of somebody else's. There need be no NUL at their end. */
struct df_text {
    const char *data;
    size_t length;
};

/* A string literal as text. */
#define DF_TEXT(literal) ((struct df_text){"" literal, sizeof(literal) - 1})

static inline bool df_text_equals(struct df_text a, struct df_text b) {
    return a.length == b.length && (a.length == 0 || memcmp(a.data, b.data, a.length) == 0);
}

#endif
