#include "net/tls.h"

#ifdef DATAFOREST_LIBSSL

#include <openssl/ssl.h>
#include <string.h>

static bool is_openssl(void) {
    const char *name = curl_version_info(CURLVERSION_NOW)->ssl_version;
    return name && strncmp(name, "OpenSSL/3", 9) == 0;
}

static CURLcode read_ahead(CURL *easy, void *context, void *unused) {
    (void)easy;
    (void)unused;
    SSL_CTX_set_read_ahead((SSL_CTX *)context, 1);
    return CURLE_OK;
}

bool df_tls_prepare(CURL *easy) {
    if (!is_openssl() || curl_version_info(CURLVERSION_NOW)->version_num >= 0x080f00) {
        return true;
    }
    return curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, read_ahead) == CURLE_OK;
}

enum df_tls_end df_tls_how_ended(CURL *easy) {
    struct curl_tlssessioninfo *session = NULL;
    if (!is_openssl() || curl_easy_getinfo(easy, CURLINFO_TLS_SSL_PTR, &session) != CURLE_OK ||
        !session || session->backend != CURLSSLBACKEND_OPENSSL || !session->internals) {
        return DF_TLS_END_UNKNOWN;
    }
    const SSL *ssl = session->internals;
    return (SSL_get_shutdown(ssl) & SSL_RECEIVED_SHUTDOWN) ? DF_TLS_END_NOTIFIED : DF_TLS_END_CUT;
}

#else

bool df_tls_prepare(CURL *easy) {
    (void)easy;
    return true;
}

enum df_tls_end df_tls_how_ended(CURL *easy) {
    (void)easy;
    return DF_TLS_END_UNKNOWN;
}

#endif
