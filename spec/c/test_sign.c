#include "support.h"

#include "base/grammar.h"
#include "sign/sign.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef DATAFOREST_SOURCE_DIR
#define DATAFOREST_SOURCE_DIR "."
#endif

enum { VALUE_SIZE = 512 };

static struct df_text text(const char *bytes) {
    return (struct df_text){bytes, strlen(bytes)};
}

/* --- the vectors of spec/vectors/signing.txt --- */

struct vector {
    char method[VALUE_SIZE], target[VALUE_SIZE], timestamp[VALUE_SIZE], access_key[VALUE_SIZE],
        secret_key[VALUE_SIZE], string_to_sign[VALUE_SIZE], signature[VALUE_SIZE];
    int values;
};

static struct df_sign_request request_of(const struct vector *vector) {
    return (struct df_sign_request){text(vector->method), text(vector->target),
                                    text(vector->timestamp)};
}

static void take_value(struct vector *vector, const char *name, const char *value) {
    const struct {
        const char *name;
        char *value;
    } places[] = {
        {"method", vector->method},         {"target", vector->target},
        {"timestamp", vector->timestamp},   {"access_key", vector->access_key},
        {"secret_key", vector->secret_key}, {"string_to_sign", vector->string_to_sign},
        {"signature", vector->signature},
    };
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        if (strcmp(places[i].name, name) == 0) {
            size_t used = strlen(places[i].value);
            snprintf(places[i].value + used, VALUE_SIZE - used, "%s%s", used ? "\n" : "", value);
            vector->values++;
        }
    }
}

/* Calls `check` with each vector, and returns how many there were. */
static int each_vector(void (*check)(const struct vector *)) {
    FILE *file = fopen(DATAFOREST_SOURCE_DIR "/spec/vectors/signing.txt", "r");
    assert_non_null(file);
    char line[VALUE_SIZE];
    struct vector vector = {.values = 0};
    int count = 0;
    int more = 1;
    while (more) {
        more = fgets(line, sizeof line, file) != NULL;
        char *colon = more ? strstr(line, ": ") : NULL;
        line[more ? strcspn(line, "\n") : 0] = '\0';
        if (colon && line[0] != '#') {
            *colon = '\0';
            take_value(&vector, line, colon + 2);
        } else if (line[0] == '\0' && vector.values > 0) {
            assert_int_equal(vector.values, 9);
            check(&vector);
            count++;
            memset(&vector, 0, sizeof vector);
        }
    }
    fclose(file);
    return count;
}

static void check_signature(const struct vector *vector) {
    struct df_signer signer = {NULL, NULL, 0};
    struct df_sign_request request = request_of(vector);
    assert_null(df_signer_open(&signer, text(vector->access_key), text(vector->secret_key)));
    for (int round = 0; round < 3; round++) {
        char signature[DF_SIGNATURE_SIZE];
        assert_null(df_signer_sign(&signer, &request, signature));
        assert_string_equal(signature, vector->signature);
    }
    df_signer_close(&signer);
}

static void check_string(const struct vector *vector) {
    struct df_sign_request request = request_of(vector);
    struct df_text access_key = text(vector->access_key);
    size_t size = df_string_to_sign_size(&request, access_key);
    assert_int_equal(size, strlen(vector->string_to_sign));
    char *string = malloc(size);
    df_string_to_sign(&request, access_key, string);
    assert_memory_equal(string, vector->string_to_sign, size);
    free(string);
}

static void signs_the_vectors(void **state) {
    (void)state;
    assert_int_equal(each_vector(check_signature), 12);
}

static void writes_the_strings_of_the_vectors(void **state) {
    (void)state;
    assert_int_equal(each_vector(check_string), 12);
}

/* --- beyond the vectors --- */

/* The lengths lie around those at which the text is handed to libcrypto in pieces. */
static void signs_targets_of_any_length(void **state) {
    (void)state;
    enum { LONGEST = 1200 };
    static const char key[] = "SK_TEST";
    struct df_signer signer = {NULL, NULL, 0};
    assert_null(df_signer_open(&signer, text("AK_TEST"), text(key)));
    char *target = malloc(LONGEST);
    for (size_t count = 1; count <= LONGEST; count++) {
        target[count - 1] = (char)('a' + count % 26);
        struct df_sign_request request = {{"POST", 4}, {target, count}, {"1700000000000", 13}};
        size_t size = df_string_to_sign_size(&request, text("AK_TEST"));
        char *string = malloc(size);
        unsigned char digest[32];
        char expected[DF_SIGNATURE_SIZE] = "";
        char signature[DF_SIGNATURE_SIZE];
        df_string_to_sign(&request, text("AK_TEST"), string);
        assert_non_null(
            HMAC(EVP_sha256(), key, (int)strlen(key), (unsigned char *)string, size, digest, NULL));
        df_base64(digest, sizeof digest, expected);
        assert_null(df_signer_sign(&signer, &request, signature));
        assert_string_equal(signature, expected);
        free(string);
    }
    free(target);
    df_signer_close(&signer);
}

static void takes_keys_of_any_length(void **state) {
    (void)state;
    char key[300];
    char previous[DF_SIGNATURE_SIZE] = "";
    struct df_sign_request request = {{"GET", 3}, {"/", 1}, {"1", 1}};
    memset(key, 'k', sizeof key);
    for (size_t count = 1; count <= sizeof key; count++) {
        struct df_signer signer = {NULL, NULL, 0};
        char signature[DF_SIGNATURE_SIZE];
        assert_null(df_signer_open(&signer, text("A"), (struct df_text){key, count}));
        assert_null(df_signer_sign(&signer, &request, signature));
        assert_string_not_equal(signature, previous);
        memcpy(previous, signature, sizeof previous);
        df_signer_close(&signer);
    }
}

static void refuses_keys_that_cannot_be(void **state) {
    (void)state;
    static const struct df_text bad[] = {{"", 0},     {"a\rb", 3}, {"a\nb", 3},
                                         {"a\0b", 3}, {"\n", 1},   {"key\0", 4}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct df_signer signer = {NULL, NULL, 0};
        assert_string_equal(df_signer_open(&signer, bad[i], text("SK")),
                            "the access key is empty or holds CR, LF or NUL");
        assert_string_equal(df_signer_open(&signer, text("AK"), bad[i]),
                            "the secret key is empty or holds CR, LF or NUL");
        assert_null(signer.mac);
        assert_null(signer.access_key);
        df_signer_close(&signer);
    }
}

static void knows_words(void **state) {
    (void)state;
    for (int byte = 0; byte < 256; byte++) {
        int fits = byte > ' ' && byte != 0x7F;
        for (size_t count = 1; count <= 19; count++) {
            for (size_t at = 0; at < count; at++) {
                char *bytes = malloc(count);
                memset(bytes, count % 2 ? '!' : '\xFF', count);
                bytes[at] = (char)byte;
                assert_int_equal(df_is_word((struct df_text){bytes, count}), fits);
                free(bytes);
            }
        }
    }
    assert_false(df_is_word(text("")));
    assert_true(df_is_word(text("/")));
}

static void can_be_closed_twice(void **state) {
    (void)state;
    struct df_signer signer = {NULL, NULL, 0};
    df_signer_close(&signer);
    assert_null(df_signer_open(&signer, text("AK"), text("SK")));
    df_signer_close(&signer);
    df_signer_close(&signer);
    assert_null(signer.mac);
}

static void checks_itself(void **state) {
    (void)state;
    assert_null(df_sign_self_check());
}

/* --- base64 --- */

static void encodes_base64(void **state) {
    (void)state;
    static const char *const samples[][2] = {/* RFC 4648, section 10 */
                                             {"", ""},
                                             {"f", "Zg=="},
                                             {"fo", "Zm8="},
                                             {"foo", "Zm9v"},
                                             {"foob", "Zm9vYg=="},
                                             {"fooba", "Zm9vYmE="},
                                             {"foobar", "Zm9vYmFy"},
                                             {"\xFB\xFF\xFE", "+//+"},
                                             {"\xFF", "/w=="}};
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        size_t count = strlen(samples[i][0]);
        size_t size = df_base64_size(count);
        assert_int_equal(size, strlen(samples[i][1]));
        char *out = malloc(size + 1);
        out[size] = '!';
        df_base64(samples[i][0], count, out);
        assert_int_equal(out[size], '!');
        assert_memory_equal(out, samples[i][1], size);
        free(out);
    }
}

/* --- memory --- */

static long crypto_countdown;
static long crypto_live;

static void *crypto_allocate(size_t size, const char *file, int line) {
    (void)file;
    (void)line;
    void *block = crypto_countdown > 0 && --crypto_countdown == 0 ? NULL : malloc(size);
    crypto_live += block != NULL;
    return block;
}

static void *crypto_reallocate(void *block, size_t size, const char *file, int line) {
    (void)file;
    (void)line;
    void *grown = crypto_countdown > 0 && --crypto_countdown == 0 ? NULL : realloc(block, size);
    crypto_live += grown != NULL && block == NULL;
    return grown;
}

static void crypto_release(void *block, const char *file, int line) {
    (void)file;
    (void)line;
    crypto_live -= block != NULL;
    free(block);
}

/* One signer's life; 1 if all went well, 0 for a clean failure. */
static int live_once(void) {
    static char long_target[5000];
    memset(long_target, 'x', sizeof long_target);
    struct df_signer signer = {NULL, NULL, 0};
    struct df_sign_request request = {{"GET", 3}, {long_target, sizeof long_target}, {"1", 1}};
    char signature[DF_SIGNATURE_SIZE];
    const char *problem = df_signer_open(&signer, text("AK"), text("SK"));
    assert_int_equal(problem == NULL, signer.mac != NULL);
    int ok = !problem && !df_signer_sign(&signer, &request, signature);
    df_signer_close(&signer);
    return ok;
}

static void survives_failing_allocations_of_its_own(void **state) {
    (void)state;
    long at = 0;
    int reached = 1;
    while (reached) {
        support_fail_allocation(++at);
        int ok = live_once();
        reached = support_allocation_failed();
        assert_int_equal(ok, !reached);
        assert_int_equal(support_end_allocation(), 0);
    }
    /* The access key's copy, the zeros that follow the secret key, the long text; none else. */
    assert_int_equal(at, 4);
}

static void survives_failing_allocations_of_libcrypto(void **state) {
    (void)state;
    assert_true(live_once()); /* what libcrypto sets up once is in place */
    long failures = 0;
    int reached = 1;
    for (long at = 1; reached && at < 1000; at++) {
        long before = crypto_live;
        crypto_countdown = at;
        int ok = live_once();
        reached = crypto_countdown == 0;
        crypto_countdown = 0;
        if (!reached) {
            assert_true(ok);
        }
        failures += !ok;
        assert_int_equal(crypto_live, before);
    }
    assert_false(reached);
    assert_true(failures > 0);
    assert_true(live_once());
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signs_the_vectors),
        cmocka_unit_test(writes_the_strings_of_the_vectors),
        cmocka_unit_test(signs_targets_of_any_length),
        cmocka_unit_test(takes_keys_of_any_length),
        cmocka_unit_test(refuses_keys_that_cannot_be),
        cmocka_unit_test(knows_words),
        cmocka_unit_test(can_be_closed_twice),
        cmocka_unit_test(checks_itself),
        cmocka_unit_test(encodes_base64),
        cmocka_unit_test(survives_failing_allocations_of_its_own),
        cmocka_unit_test(survives_failing_allocations_of_libcrypto),
    };
    if (CRYPTO_set_mem_functions(crypto_allocate, crypto_reallocate, crypto_release) != 1) {
        return 2;
    }
    return cmocka_run_group_tests_name("sign", tests, NULL, NULL);
}
