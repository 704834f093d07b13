#include "support.h"

#include "base/alloc.h"

#include <stdlib.h>

static long countdown;
static long live;
static int failed;

static int must_fail(void) {
    if (countdown > 0 && --countdown == 0) {
        failed = 1;
        return 1;
    }
    return 0;
}

static void *allocate(size_t size) {
    void *block = must_fail() ? NULL : malloc(size);
    live += block != NULL;
    return block;
}

static void *reallocate(void *block, size_t size) {
    void *grown = must_fail() ? NULL : realloc(block, size);
    live += grown != NULL && block == NULL;
    return grown;
}

static void release(void *block) {
    live -= block != NULL;
    free(block);
}

void support_fail_allocation(long at) {
    static const struct df_allocator failing = {allocate, reallocate, release};
    countdown = at;
    live = 0;
    failed = 0;
    df_set_allocator(&failing);
}

long support_end_allocation(void) {
    df_set_allocator(NULL);
    return live;
}

int support_allocation_failed(void) {
    return failed;
}
