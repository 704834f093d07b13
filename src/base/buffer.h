#ifndef DF_BUFFER_H
#define DF_BUFFER_H

#include <stddef.h>

/* Bytes that grow up to a limit and not one further. */
struct df_buffer {
    char *data; /* NULL until something was added */
    size_t length;
    size_t capacity;
    size_t limit;
};

enum df_buffer_result {
    DF_BUFFER_OK,
    DF_BUFFER_FULL,     /* would pass the limit; the buffer is as it was */
    DF_BUFFER_NO_MEMORY /* the buffer is as it was */
};

/* Allocates nothing. */
void df_buffer_init(struct df_buffer *buffer, size_t limit);

enum df_buffer_result df_buffer_add(struct df_buffer *buffer, const void *bytes, size_t length);

/* Makes sure that `more` bytes fit behind those that are there: the caller writes them to
 * data + length and adds what was written to length. */
enum df_buffer_result df_buffer_reserve(struct df_buffer *buffer, size_t more);

/* Forgets the contents and keeps the memory, for reuse with another limit. */
void df_buffer_reset(struct df_buffer *buffer, size_t limit);

/* May be called twice; the buffer can be used again afterwards. */
void df_buffer_free(struct df_buffer *buffer);

#endif
