#ifndef DF_ALLOC_H
#define DF_ALLOC_H

#include <stddef.h>

/* Where the core's memory comes from. Tests put a table of their own here to make it fail. */
struct df_allocator {
    void *(*allocate)(size_t size);
    void *(*reallocate)(void *block, size_t size);
    void (*release)(void *block);
};

/* NULL puts the C library's functions back. Not for use while other threads allocate. */
void df_set_allocator(const struct df_allocator *allocator);

void *df_malloc(size_t size);
void *df_realloc(void *block, size_t size);
void df_free(void *block);

#endif
