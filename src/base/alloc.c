#include "base/alloc.h"

#include <stdlib.h>

static const struct df_allocator standard = {malloc, realloc, free};
static struct df_allocator current = {malloc, realloc, free};

void df_set_allocator(const struct df_allocator *allocator) {
    current = allocator ? *allocator : standard;
}

void *df_malloc(size_t size) {
    return current.allocate(size);
}

void *df_realloc(void *block, size_t size) {
    return current.reallocate(block, size);
}

void df_free(void *block) {
    current.release(block);
}
