#ifndef DF_TEST_SUPPORT_H
#define DF_TEST_SUPPORT_H

/* cmocka wants these before its own header. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* The core's allocator, failing: the allocation number `at` (from 1) and, of those after it, none.
 * 0 lets all succeed. Every block is counted. */
void support_fail_allocation(long at);
/* Puts the standard allocator back; returns the blocks that were not released. */
long support_end_allocation(void);
/* Whether the allocation that should fail was reached. */
int support_allocation_failed(void);

#endif
