#ifndef DF_FILE_H
#define DF_FILE_H

#include <stddef.h>

/* Writes a file of mode 0600, whole or not at all: whoever reads `path` sees either what was there
 * before or all of the new bytes, and a failure leaves nothing behind.
 * Returns 0 or an errno value. */
int df_file_save(const char *path, const void *bytes, size_t count);

#endif
