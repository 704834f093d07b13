#include "base/buffer.h"

#include "base/alloc.h"

#include <string.h>

enum { FIRST_ROOM = 1024 };

void df_buffer_init(struct df_buffer *buffer, size_t ceiling) {
    buffer->bytes = NULL;
    buffer->used = 0;
    buffer->room = 0;
    buffer->ceiling = ceiling;
}

/* Doubles until `needed` fits, so that adding byte by byte stays linear. `needed` <= ceiling. */
static size_t grown_room(const struct df_buffer *buffer, size_t needed) {
    size_t room = buffer->room ? buffer->room : FIRST_ROOM;
    while (room < needed) {
        room = room > buffer->ceiling / 2 ? buffer->ceiling : room * 2;
    }
    return room < buffer->ceiling ? room : buffer->ceiling;
}

enum df_buffer_result df_buffer_add(struct df_buffer *buffer, const void *bytes, size_t count) {
    if (count == 0) {
        return DF_BUFFER_OK;
    }
    if (buffer->used > buffer->ceiling || count > buffer->ceiling - buffer->used) {
        return DF_BUFFER_FULL;
    }
    size_t needed = buffer->used + count;
    if (needed > buffer->room) {
        size_t room = grown_room(buffer, needed);
        char *grown = df_realloc(buffer->bytes, room);
        if (!grown) {
            return DF_BUFFER_NO_MEMORY;
        }
        buffer->bytes = grown;
        buffer->room = room;
    }
    memcpy(buffer->bytes + buffer->used, bytes, count);
    buffer->used = needed;
    return DF_BUFFER_OK;
}

void df_buffer_reset(struct df_buffer *buffer, size_t ceiling) {
    buffer->used = 0;
    buffer->ceiling = ceiling;
}

void df_buffer_free(struct df_buffer *buffer) {
    df_free(buffer->bytes);
    df_buffer_init(buffer, buffer->ceiling);
}
