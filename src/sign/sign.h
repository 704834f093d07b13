#ifndef DF_SIGN_H
#define DF_SIGN_H

#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>

enum { DF_SIGNATURE_SIZE = 45 }; /* base64 of 32 bytes, and the NUL */

/* What is signed, in the order in which it is signed. */
struct df_sign_request {
    struct df_text method;
    struct df_text target;    /* path and query as they are sent */
    struct df_text timestamp; /* milliseconds, decimal */
};

/* Holds a ready HMAC context in place of the secret key. All zero is a closed signer. */
struct df_signer {
    void *mac; /* EVP_MAC_CTX */
    char *access_key;
    size_t access_key_count;
};

/* Returns NULL, or what went wrong; then the signer stays closed. The secret key is handed to
 * libcrypto and copied nowhere else. */
const char *df_signer_open(struct df_signer *signer, struct df_text access_key,
                           struct df_text secret_key);
/* Wipes the key material. May be called twice. */
void df_signer_close(struct df_signer *signer);
/* Writes a NUL-terminated signature and returns NULL, or what went wrong. The signer must be open.
 */
const char *df_signer_sign(struct df_signer *signer, const struct df_sign_request *request,
                           char signature[DF_SIGNATURE_SIZE]);

/* Bytes of the string to sign, and the string itself (no NUL at its end). */
size_t df_string_to_sign_size(const struct df_sign_request *request, struct df_text access_key);
void df_string_to_sign(const struct df_sign_request *request, struct df_text access_key, char *out);

/* Whether a key is usable: one or more bytes, without CR, LF and NUL. */
bool df_sign_is_key(struct df_text text);

/* Signs a known request twice with one signer: OpenSSL 3.0.0 to 3.0.2 restarts a MAC wrongly.
 * Returns NULL, or what is wrong. */
const char *df_sign_self_check(void);

/* Standard alphabet with padding. */
size_t df_base64_size(size_t count);
void df_base64(const void *bytes, size_t count, char *out); /* writes no NUL */

#endif
