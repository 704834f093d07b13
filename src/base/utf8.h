#ifndef DF_UTF8_H
#define DF_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* Whether the bytes are UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above
 * U+10FFFF. `characters` (may be NULL) receives their number. */
bool df_utf8_check(const char *bytes, size_t count, size_t *characters);

#endif
