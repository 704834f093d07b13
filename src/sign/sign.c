#include "sign/sign.h"

#include "base/alloc.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <stdint.h>
#include <string.h>

enum { DIGEST_SIZE = 32, STAGE_SIZE = 1024 };

bool df_sign_is_key(struct df_text text) {
    for (size_t i = 0; i < text.length; i++) {
        char byte = text.data[i];
        if (byte == '\r' || byte == '\n' || byte == '\0') {
            return false;
        }
    }
    return text.length > 0;
}

size_t df_string_to_sign_size(const struct df_sign_request *request, struct df_text access_key) {
    const size_t separators = 3;
    return request->method.length + request->target.length + request->timestamp.length +
           access_key.length + separators;
}

static char *append(char *out, struct df_text text) {
    memcpy(out, text.data, text.length);
    return out + text.length;
}

void df_string_to_sign(const struct df_sign_request *request, struct df_text access_key,
                       char *out) {
    out = append(out, request->method);
    *out++ = ' ';
    out = append(out, request->target);
    *out++ = '\n';
    out = append(out, request->timestamp);
    *out++ = '\n';
    append(out, access_key);
}

/* A MAC context that has the key, or NULL. */
static EVP_MAC_CTX *new_mac(struct df_text secret_key) {
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    EVP_MAC_CTX *context = mac ? EVP_MAC_CTX_new(mac) : NULL;
    EVP_MAC_free(mac); /* the context holds a reference of its own */
    char digest[] = "SHA256";
    const OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end(),
    };
    if (context && EVP_MAC_init(context, (const unsigned char *)secret_key.data, secret_key.length,
                                parameters) != 1) {
        EVP_MAC_CTX_free(context);
        context = NULL;
    }
    return context;
}

/* A key on its way into libcrypto leaves traces in registers, which the dynamic linker, for one,
 * may later save to the stack. Zeros go the same way and cover them. */
static bool cover_traces(size_t count) {
    char *zeros = df_malloc(count);
    if (!zeros) {
        return false;
    }
    memset(zeros, 0, count);
    EVP_MAC_CTX *mac = new_mac((struct df_text){zeros, count});
    bool covered = mac != NULL;
    EVP_MAC_CTX_free(mac);
    df_free(zeros);
    return covered;
}

const char *df_signer_open(struct df_signer *signer, struct df_text access_key,
                           struct df_text secret_key) {
    if (!df_sign_is_key(access_key)) {
        return "the access key is empty or holds CR, LF or NUL";
    }
    if (!df_sign_is_key(secret_key)) {
        return "the secret key is empty or holds CR, LF or NUL";
    }
    char *copy = df_malloc(access_key.length);
    if (!copy) {
        return "not enough memory";
    }
    memcpy(copy, access_key.data, access_key.length);
    EVP_MAC_CTX *mac = new_mac(secret_key);
    const char *problem = NULL;
    if (!mac) {
        problem = "libcrypto cannot set up HMAC-SHA256";
    } else if (!cover_traces(secret_key.length)) {
        problem = "not enough memory";
    }
    if (problem) {
        EVP_MAC_CTX_free(mac);
        df_free(copy);
        ERR_clear_error();
        return problem;
    }
    signer->mac = mac;
    signer->access_key = copy;
    signer->access_key_count = access_key.length;
    return NULL;
}

void df_signer_close(struct df_signer *signer) {
    EVP_MAC_CTX_free(signer->mac); /* cleanses its copy of the key */
    df_free(signer->access_key);
    memset(signer, 0, sizeof *signer);
}

/* A NULL key starts again with the one that the context has. */
static bool compute(EVP_MAC_CTX *mac, const char *text, size_t size, unsigned char *digest) {
    size_t written = 0;
    return EVP_MAC_init(mac, NULL, 0, NULL) == 1 &&
           EVP_MAC_update(mac, (const unsigned char *)text, size) == 1 &&
           EVP_MAC_final(mac, digest, &written, DIGEST_SIZE) == 1 && written == DIGEST_SIZE;
}

const char *df_signer_sign(struct df_signer *signer, const struct df_sign_request *request,
                           char signature[DF_SIGNATURE_SIZE]) {
    unsigned char digest[DIGEST_SIZE];
    char stage[STAGE_SIZE];
    struct df_text access_key = {signer->access_key, signer->access_key_count};
    size_t size = df_string_to_sign_size(request, access_key);
    char *text = size <= sizeof stage ? stage : df_malloc(size);
    if (!text) {
        return "not enough memory";
    }
    df_string_to_sign(request, access_key, text);
    bool ok = compute(signer->mac, text, size, digest);
    if (text != stage) {
        df_free(text);
    }
    if (!ok) {
        ERR_clear_error(); /* nginx logs whatever it finds in the queue */
        return "libcrypto cannot compute HMAC-SHA256";
    }
    df_base64(digest, sizeof digest, signature);
    signature[DF_SIGNATURE_SIZE - 1] = '\0';
    return NULL;
}

const char *df_sign_self_check(void) {
    static const char expected[] = "/AXjh2OFLyWh751sUQBlG6fmdKS/OgcYmNDfkjGrcSI=";
    const struct df_sign_request request = {
        {"POST", 4}, {"/api/v2/accounts/getDetail", 26}, {"1700000000000", 13}};
    struct df_signer signer = {NULL, NULL, 0};
    const char *problem =
        df_signer_open(&signer, (struct df_text){"AK_TEST", 7}, (struct df_text){"SK_TEST", 7});
    for (int round = 0; round < 2 && !problem; round++) {
        char signature[DF_SIGNATURE_SIZE];
        problem = df_signer_sign(&signer, &request, signature);
        if (!problem && strcmp(signature, expected) != 0) {
            problem = "libcrypto computes a wrong HMAC (OpenSSL 3.0.0 to 3.0.2 do so)";
        }
    }
    df_signer_close(&signer);
    return problem;
}

size_t df_base64_size(size_t count) {
    return (count + 2) / 3 * 4;
}

void df_base64(const void *bytes, size_t count, char *out) {
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const unsigned char *in = bytes;
    for (; count >= 3; count -= 3, in += 3, out += 4) {
        uint32_t bits = (uint32_t)in[0] << 16 | (uint32_t)in[1] << 8 | in[2];
        out[0] = alphabet[bits >> 18];
        out[1] = alphabet[bits >> 12 & 63];
        out[2] = alphabet[bits >> 6 & 63];
        out[3] = alphabet[bits & 63];
    }
    if (count > 0) {
        uint32_t bits = (uint32_t)in[0] << 16 | (count == 2 ? (uint32_t)in[1] << 8 : 0);
        out[0] = alphabet[bits >> 18];
        out[1] = alphabet[bits >> 12 & 63];
        out[2] = count == 2 ? alphabet[bits >> 6 & 63] : '=';
        out[3] = '=';
    }
}
