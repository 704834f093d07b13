#ifndef DF_TEXT_H
#define DF_TEXT_H

#include <stddef.h>

/* Bytes of somebody else's. There need be no NUL at their end. */
struct df_text {
    const char *data;
    size_t length;
};

/* A string literal as text. */
#define DF_TEXT(literal) ((struct df_text){"" literal, sizeof(literal) - 1})

#endif
