#include "base/buffer.h"

#include "base/alloc.h"

#include <string.h>

enum { FIRST_CAPACITY = 1024 };

void df_buffer_init(struct df_buffer *buffer, size_t limit) {
    buffer->data = NULL;
    buffer->length = 0;
    buffer->capacity = 0;
    buffer->limit = limit;
}

/* Doubles until `needed` fits, so that adding byte by byte stays linear. `needed` <= limit. */
static size_t grown_capacity(const struct df_buffer *buffer, size_t needed) {
    size_t capacity = buffer->capacity ? buffer->capacity : FIRST_CAPACITY;
    while (capacity < needed) {
        capacity = capacity > buffer->limit / 2 ? buffer->limit : capacity * 2;
    }
    return capacity < buffer->limit ? capacity : buffer->limit;
}

enum df_buffer_result df_buffer_reserve(struct df_buffer *buffer, size_t more) {
    if (buffer->length > buffer->limit || more > buffer->limit - buffer->length) {
        return DF_BUFFER_FULL;
    }
    size_t needed = buffer->length + more;
    if (needed > buffer->capacity) {
        size_t capacity = grown_capacity(buffer, needed);
        char *grown = df_realloc(buffer->data, capacity);
        if (!grown) {
            return DF_BUFFER_NO_MEMORY;
        }
        buffer->data = grown;
        buffer->capacity = capacity;
    }
    return DF_BUFFER_OK;
}

enum df_buffer_result df_buffer_add(struct df_buffer *buffer, const void *bytes, size_t length) {
    if (length == 0) {
        return DF_BUFFER_OK;
    }
    enum df_buffer_result result = df_buffer_reserve(buffer, length);
    if (result == DF_BUFFER_OK) {
        memcpy(buffer->data + buffer->length, bytes, length);
        buffer->length += length;
    }
    return result;
}

void df_buffer_reset(struct df_buffer *buffer, size_t limit) {
    buffer->length = 0;
    buffer->limit = limit;
}

void df_buffer_free(struct df_buffer *buffer) {
    df_free(buffer->data);
    df_buffer_init(buffer, buffer->limit);
}
