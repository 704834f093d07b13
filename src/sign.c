#include "sign.h"

#include "alloc.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <stdint.h>
#include <string.h>

enum { DIGEST_SIZE = 32, PARTS = 6, STAGE = 512 };

static const struct df_text space = {" ", 1};
static const struct df_text line_feed = {"\n", 1};

bool df_sign_is_word(struct df_text text) {
    unsigned found = 0; /* without a branch for each byte: this is on the path of every call */
    for (size_t i = 0; i < text.count; i++) {
        unsigned char byte = (unsigned char)text.bytes[i];
        found |= (unsigned)(byte <= ' ') | (unsigned)(byte == 0x7F);
    }
    return text.count > 0 && !found;
}

bool df_sign_is_key(struct df_text text) {
    for (size_t i = 0; i < text.count; i++) {
        char byte = text.bytes[i];
        if (byte == '\r' || byte == '\n' || byte == '\0') {
            return false;
        }
    }
    return text.count > 0;
}

/* The one place that knows how the signed text is laid out; `tail` is LF and the access key. */
static void lay_out(const struct df_sign_request *request, struct df_text tail,
                    struct df_text parts[PARTS]) {
    parts[0] = request->method;
    parts[1] = space;
    parts[2] = request->target;
    parts[3] = line_feed;
    parts[4] = request->timestamp;
    parts[5] = tail;
}

size_t df_string_to_sign_size(const struct df_sign_request *request, struct df_text access_key) {
    struct df_text parts[PARTS];
    size_t size = line_feed.count;
    lay_out(request, access_key, parts);
    for (int i = 0; i < PARTS; i++) {
        size += parts[i].count;
    }
    return size;
}

void df_string_to_sign(const struct df_sign_request *request, struct df_text access_key,
                       char *out) {
    struct df_text parts[PARTS];
    lay_out(request, line_feed, parts);
    for (int i = 0; i < PARTS; i++) {
        memcpy(out, parts[i].bytes, parts[i].count);
        out += parts[i].count;
    }
    memcpy(out, access_key.bytes, access_key.count);
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
    if (context && EVP_MAC_init(context, (const unsigned char *)secret_key.bytes, secret_key.count,
                                parameters) != 1) {
        EVP_MAC_CTX_free(context);
        context = NULL;
    }
    return context;
}

const char *df_signer_open(struct df_signer *signer, struct df_text access_key,
                           struct df_text secret_key) {
    if (!df_sign_is_key(access_key)) {
        return "the access key is empty or holds CR, LF or NUL";
    }
    if (!df_sign_is_key(secret_key)) {
        return "the secret key is empty or holds CR, LF or NUL";
    }
    char *tail = df_malloc(access_key.count + 1);
    if (!tail) {
        return "not enough memory";
    }
    tail[0] = '\n';
    memcpy(tail + 1, access_key.bytes, access_key.count);
    EVP_MAC_CTX *mac = new_mac(secret_key);
    if (!mac) {
        df_free(tail);
        ERR_clear_error();
        return "libcrypto cannot set up HMAC-SHA256";
    }
    signer->mac = mac;
    signer->access_key = tail;
    signer->access_key_count = access_key.count + 1;
    return NULL;
}

void df_signer_close(struct df_signer *signer) {
    EVP_MAC_CTX_free(signer->mac); /* cleanses its copy of the key */
    df_free(signer->access_key);
    memset(signer, 0, sizeof *signer);
}

/* Gathers the parts, so that libcrypto is called once for texts of the usual length. */
static bool feed(EVP_MAC_CTX *mac, const struct df_text parts[PARTS]) {
    unsigned char stage[STAGE];
    size_t staged = 0;
    bool ok = true;
    for (int i = 0; i < PARTS && ok; i++) {
        if (parts[i].count > sizeof stage - staged) {
            ok = EVP_MAC_update(mac, stage, staged) == 1;
            staged = 0;
        }
        if (parts[i].count > sizeof stage) {
            const unsigned char *bytes = (const unsigned char *)parts[i].bytes;
            ok = ok && EVP_MAC_update(mac, bytes, parts[i].count) == 1;
        } else {
            memcpy(stage + staged, parts[i].bytes, parts[i].count);
            staged += parts[i].count;
        }
    }
    return ok && EVP_MAC_update(mac, stage, staged) == 1;
}

bool df_signer_sign(struct df_signer *signer, const struct df_sign_request *request,
                    char signature[DF_SIGNATURE_SIZE]) {
    unsigned char digest[DIGEST_SIZE];
    size_t size = 0;
    struct df_text parts[PARTS];
    struct df_text tail = {signer->access_key, signer->access_key_count};
    lay_out(request, tail, parts);
    /* A NULL key starts again with the one that the context has. */
    if (EVP_MAC_init(signer->mac, NULL, 0, NULL) != 1 || !feed(signer->mac, parts) ||
        EVP_MAC_final(signer->mac, digest, &size, sizeof digest) != 1 || size != sizeof digest) {
        ERR_clear_error(); /* nginx logs whatever it finds in the queue */
        return false;
    }
    df_base64(digest, sizeof digest, signature);
    signature[DF_SIGNATURE_SIZE - 1] = '\0';
    return true;
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
        if (!df_signer_sign(&signer, &request, signature) || strcmp(signature, expected) != 0) {
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
