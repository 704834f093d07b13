#ifndef DF_FILE_H
#define DF_FILE_H

#include <stddef.h>

/* Writes a file of mode 0600, whole or not at all: whoever reads `path` sees either what was there
 * before or all of the new bytes, and a failure leaves nothing behind. A link to a file stays, and
 * that file is replaced; what is no regular file (a device, a FIFO) is written through.
 * Without bytes (NULL) it only tries whether that could be done, and changes nothing.
 * Returns 0 or an errno value. */
int df_file_save(const char *path, const void *bytes, size_t length);

/* Reads a whole regular file of `capacity` bytes at most, and never waits: what is no regular file
 * is not read. Returns 0, an errno value (EFBIG for a larger file), or DF_FILE_NOT_REGULAR. */
enum { DF_FILE_NOT_REGULAR = -1 };
int df_file_load(const char *path, void *bytes, size_t capacity, size_t *length);

#endif
