#ifndef DF_BUFFER_H
#define DF_BUFFER_H

#include <stddef.h>

/* Bytes that grow up to a ceiling and not one further. */
struct df_buffer {
    char *bytes; /* NULL until something was added */
    size_t used;
    size_t room;
    size_t ceiling;
};

enum df_buffer_result {
    DF_BUFFER_OK,
    DF_BUFFER_FULL,     /* would pass the ceiling; the buffer is as it was */
    DF_BUFFER_NO_MEMORY /* the buffer is as it was */
};

/* Allocates nothing. */
void df_buffer_init(struct df_buffer *buffer, size_t ceiling);

enum df_buffer_result df_buffer_add(struct df_buffer *buffer, const void *bytes, size_t count);

/* Forgets the contents and keeps the memory, for reuse with another ceiling. */
void df_buffer_reset(struct df_buffer *buffer, size_t ceiling);

/* May be called twice; the buffer can be used again afterwards. */
void df_buffer_free(struct df_buffer *buffer);

#endif
