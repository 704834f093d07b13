#include "support.h"

#include "base/buffer.h"

#include <string.h>

static void starts_empty_and_allocates_nothing(void **state) {
    (void)state;
    struct df_buffer buffer;
    support_fail_allocation(1);
    df_buffer_init(&buffer, 100);
    assert_null(buffer.data);
    assert_int_equal(buffer.length, 0);
    assert_int_equal(df_buffer_add(&buffer, "", 0), DF_BUFFER_OK);
    assert_null(buffer.data);
    df_buffer_free(&buffer);
    assert_false(support_allocation_failed());
    assert_int_equal(support_end_allocation(), 0);
}

static void takes_up_to_its_ceiling(void **state) {
    (void)state;
    static char bytes[5000];
    struct df_buffer buffer;
    memset(bytes, 'x', sizeof bytes);
    df_buffer_init(&buffer, sizeof bytes);
    assert_int_equal(df_buffer_add(&buffer, bytes, 1), DF_BUFFER_OK);
    assert_int_equal(df_buffer_add(&buffer, bytes, sizeof bytes - 1), DF_BUFFER_OK);
    assert_int_equal(buffer.length, sizeof bytes);
    assert_true(buffer.capacity <= sizeof bytes);
    assert_memory_equal(buffer.data, bytes, sizeof bytes);
    df_buffer_free(&buffer);
}

static void refuses_one_byte_past_its_ceiling(void **state) {
    (void)state;
    struct df_buffer buffer;
    df_buffer_init(&buffer, 4);
    assert_int_equal(df_buffer_add(&buffer, "abcde", 5), DF_BUFFER_FULL);
    assert_int_equal(df_buffer_add(&buffer, "abcd", 4), DF_BUFFER_OK);
    assert_int_equal(df_buffer_add(&buffer, "e", 1), DF_BUFFER_FULL);
    assert_int_equal(df_buffer_add(&buffer, "e", SIZE_MAX), DF_BUFFER_FULL);
    assert_int_equal(buffer.length, 4);
    assert_memory_equal(buffer.data, "abcd", 4);
    df_buffer_free(&buffer);
}

static void holds_nothing_under_a_ceiling_of_nothing(void **state) {
    (void)state;
    struct df_buffer buffer;
    df_buffer_init(&buffer, 0);
    assert_int_equal(df_buffer_add(&buffer, "", 0), DF_BUFFER_OK);
    assert_int_equal(df_buffer_add(&buffer, "a", 1), DF_BUFFER_FULL);
    df_buffer_free(&buffer);
}

static void grows_byte_by_byte_in_few_steps(void **state) {
    (void)state;
    struct df_buffer buffer;
    int growths = 0;
    df_buffer_init(&buffer, 1 << 20);
    for (int i = 0; i < 1 << 20; i++) {
        size_t room = buffer.capacity;
        char byte = (char)(i * 7);
        assert_int_equal(df_buffer_add(&buffer, &byte, 1), DF_BUFFER_OK);
        growths += buffer.capacity != room;
    }
    for (int i = 0; i < 1 << 20; i += 4093) {
        assert_int_equal(buffer.data[i], (char)(i * 7));
    }
    assert_true(growths <= 11);
    df_buffer_free(&buffer);
}

static void keeps_its_memory_when_reset(void **state) {
    (void)state;
    struct df_buffer buffer;
    df_buffer_init(&buffer, 4000);
    assert_int_equal(df_buffer_add(&buffer, "first", 5), DF_BUFFER_OK);
    char *before = buffer.data;
    df_buffer_reset(&buffer, 3);
    assert_int_equal(buffer.length, 0);
    assert_int_equal(df_buffer_add(&buffer, "more", 4), DF_BUFFER_FULL);
    assert_int_equal(df_buffer_add(&buffer, "few", 3), DF_BUFFER_OK);
    assert_ptr_equal(buffer.data, before);
    df_buffer_free(&buffer);
}

static void can_be_freed_twice_and_used_again(void **state) {
    (void)state;
    struct df_buffer buffer;
    df_buffer_init(&buffer, 10);
    assert_int_equal(df_buffer_add(&buffer, "a", 1), DF_BUFFER_OK);
    df_buffer_free(&buffer);
    df_buffer_free(&buffer);
    assert_int_equal(df_buffer_add(&buffer, "0123456789", 10), DF_BUFFER_OK);
    df_buffer_free(&buffer);
}

static void stays_as_it_was_when_memory_runs_out(void **state) {
    (void)state;
    char bytes[3000] = "start";
    for (long at = 1; at <= 2; at++) {
        struct df_buffer buffer;
        support_fail_allocation(at);
        df_buffer_init(&buffer, 4000);
        enum df_buffer_result first = df_buffer_add(&buffer, bytes, 5);
        enum df_buffer_result second = df_buffer_add(&buffer, bytes, sizeof bytes);
        assert_int_equal(first, at == 1 ? DF_BUFFER_NO_MEMORY : DF_BUFFER_OK);
        assert_int_equal(second, at == 2 ? DF_BUFFER_NO_MEMORY : DF_BUFFER_OK);
        assert_int_equal(buffer.length, at == 1 ? sizeof bytes : 5);
        assert_memory_equal(buffer.data, "start", 5);
        df_buffer_free(&buffer);
        assert_true(support_allocation_failed());
        assert_int_equal(support_end_allocation(), 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(starts_empty_and_allocates_nothing),
        cmocka_unit_test(takes_up_to_its_ceiling),
        cmocka_unit_test(refuses_one_byte_past_its_ceiling),
        cmocka_unit_test(holds_nothing_under_a_ceiling_of_nothing),
        cmocka_unit_test(grows_byte_by_byte_in_few_steps),
        cmocka_unit_test(keeps_its_memory_when_reset),
        cmocka_unit_test(can_be_freed_twice_and_used_again),
        cmocka_unit_test(stays_as_it_was_when_memory_runs_out),
    };
    return cmocka_run_group_tests_name("buffer", tests, NULL, NULL);
}
