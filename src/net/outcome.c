#include "net/outcome.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* What went wrong, by libcurl's codes. What is not here is `network`. */
static const struct {
    CURLcode code;
    enum df_kind kind;
    const char *what;
} outcomes[] = {
    {CURLE_URL_MALFORMAT, DF_KIND_ARGUMENT, "libcurl cannot read the URL of"},
    {CURLE_BAD_FUNCTION_ARGUMENT, DF_KIND_ARGUMENT, "libcurl refuses the request to"},
    {CURLE_UNKNOWN_OPTION, DF_KIND_ARGUMENT, "libcurl lacks an option for the request to"},
    {CURLE_NOT_BUILT_IN, DF_KIND_ARGUMENT, "libcurl lacks what it takes for the request to"},
    {CURLE_COULDNT_RESOLVE_HOST, DF_KIND_NETWORK, "cannot find the address of"},
    {CURLE_COULDNT_RESOLVE_PROXY, DF_KIND_NETWORK, "cannot find the address of the proxy for"},
    {CURLE_COULDNT_CONNECT, DF_KIND_NETWORK, "cannot connect to"},
    {CURLE_PROXY, DF_KIND_NETWORK, "the proxy gave no connection to"},
    {CURLE_GOT_NOTHING, DF_KIND_NETWORK, "no answer from"},
    {CURLE_SEND_ERROR, DF_KIND_NETWORK, "the connection broke while sending to"},
    {CURLE_RECV_ERROR, DF_KIND_NETWORK, "the connection broke while waiting for"},
    {CURLE_PARTIAL_FILE, DF_KIND_PROTOCOL, "the answer breaks off, from"},
    {CURLE_WEIRD_SERVER_REPLY, DF_KIND_PROTOCOL, "the answer is not HTTP, from"},
    {CURLE_UNSUPPORTED_PROTOCOL, DF_KIND_PROTOCOL, "the answer is not HTTP/1.x, from"},
    {CURLE_BAD_CONTENT_ENCODING, DF_KIND_PROTOCOL, "the answer's encoding is broken, from"},
    {CURLE_HTTP2, DF_KIND_PROTOCOL, "HTTP/2 failed with"},
    {CURLE_HTTP2_STREAM, DF_KIND_PROTOCOL, "HTTP/2 failed with"},
    {CURLE_FILESIZE_EXCEEDED, DF_KIND_LIMIT, "the answer is larger than max_response_bytes, from"},
    {CURLE_OUT_OF_MEMORY, DF_KIND_LIMIT, "not enough memory for the call to"},
    {CURLE_SSL_CONNECT_ERROR, DF_KIND_TLS, "no TLS with"},
    {CURLE_PEER_FAILED_VERIFICATION, DF_KIND_TLS, "no TLS with"},
    {CURLE_SSL_CACERT_BADFILE, DF_KIND_TLS, "the CA certificates cannot be read, for"},
    {CURLE_SSL_CERTPROBLEM, DF_KIND_TLS, "no TLS with"},
    {CURLE_SSL_CIPHER, DF_KIND_TLS, "no TLS with"},
    {CURLE_SSL_ENGINE_NOTFOUND, DF_KIND_TLS, "no TLS with"},
    {CURLE_SSL_ENGINE_SETFAILED, DF_KIND_TLS, "no TLS with"},
    {CURLE_SSL_ENGINE_INITFAILED, DF_KIND_TLS, "no TLS with"},
    {CURLE_SSL_CRL_BADFILE, DF_KIND_TLS, "no TLS with"},
    {CURLE_SSL_ISSUER_ERROR, DF_KIND_TLS, "no TLS with"},
    {CURLE_SSL_PINNEDPUBKEYNOTMATCH, DF_KIND_TLS, "no TLS with"},
    {CURLE_SSL_INVALIDCERTSTATUS, DF_KIND_TLS, "no TLS with"},
    {CURLE_SSL_CLIENTCERT, DF_KIND_TLS, "no TLS with"},
    {CURLE_USE_SSL_FAILED, DF_KIND_TLS, "no TLS with"},
    {CURLE_SSL_SHUTDOWN_FAILED, DF_KIND_TLS, "no TLS with"},
};

static curl_off_t time_of(const struct df_http_transfer *transfer, CURLINFO info) {
    curl_off_t microseconds = 0;
    curl_easy_getinfo(transfer->easy, info, &microseconds);
    return microseconds;
}

static long number_of(const struct df_http_transfer *transfer, CURLINFO info) {
    long value = 0;
    curl_easy_getinfo(transfer->easy, info, &value);
    return value;
}

bool df_http_may_have_sent(const struct df_http_transfer *transfer) {
    /* Set once the whole head is out, and by an earlier try on a kept connection. */
    if (time_of(transfer, CURLINFO_PRETRANSFER_TIME_T) > 0) {
        return true;
    }
    bool some = number_of(transfer, CURLINFO_REQUEST_SIZE) > 0;
    if (!transfer->proxied || !transfer->tls) {
        return some;
    }
    /* What was said to the proxy is counted as well. The handshake with the server comes after it;
     * a kept connection needs neither. */
    return time_of(transfer, CURLINFO_APPCONNECT_TIME_T) > 0 ||
           (some && number_of(transfer, CURLINFO_NUM_CONNECTS) == 0);
}

static void fail(struct df_http_transfer *transfer, enum df_kind kind, const char *what,
                 const char *detail) {
    transfer->failed = true;
    df_http_error_set(&transfer->error, kind, df_http_may_have_sent(transfer), "%s %s%s%s", what,
                      transfer->peer, *detail ? ": " : "", detail);
}

/* The numbers are OpenSSL's X509_V_ERR_*, which libcurl hands on. */
static const char *tls_advice(const struct df_http_transfer *transfer, CURLcode code) {
    if (code == CURLE_SSL_CACERT_BADFILE) {
        return "; check ca_file or DATAFOREST_CA_FILE";
    }
    switch (number_of(transfer, CURLINFO_SSL_VERIFYRESULT)) {
    case 2:
    case 18:
    case 19:
    case 20:
    case 21:
        return "; to trust its certificate authority, name that one's certificate in ca_file or "
               "DATAFOREST_CA_FILE";
    case 9:
    case 10:
        return "; check the dates of the server's certificate, and this machine's clock";
    case 62:
        return "; check the host in base_url";
    default:
        break;
    }
    if (code == CURLE_PEER_FAILED_VERIFICATION && strstr(transfer->curl_message, "match")) {
        return "; check the host in base_url (connect_to changes where to dial, and not the name "
               "that is verified)";
    }
    if (strstr(transfer->curl_message, "unsupported protocol") ||
        strstr(transfer->curl_message, "protocol version")) {
        return "; TLS 1.2 is the least that is accepted";
    }
    return "";
}

static const char *detail_of(const struct df_http_transfer *transfer, CURLcode code) {
    return *transfer->curl_message ? transfer->curl_message : curl_easy_strerror(code);
}

static void fail_tls(struct df_http_transfer *transfer, CURLcode code, const char *what) {
    char detail[CURL_ERROR_SIZE + 192];
    snprintf(detail, sizeof detail, "%s%s", detail_of(transfer, code), tls_advice(transfer, code));
    fail(transfer, DF_KIND_TLS, what, detail);
}

/* Which of the two clocks ran out: that of connecting, or that of the whole. */
static void fail_timeout(struct df_http_transfer *transfer) {
    bool sent = df_http_may_have_sent(transfer);
    bool connecting = !sent;
    transfer->failed = true;
    if (connecting && transfer->connect_timeout < transfer->timeout) {
        df_http_error_set(&transfer->error, DF_KIND_TIMEOUT, sent,
                          "no connection to %s within %.3g s (connect_timeout)", transfer->peer,
                          (double)transfer->connect_timeout / 1000);
        return;
    }
    df_http_error_set(&transfer->error, DF_KIND_TIMEOUT, sent, "no %s %s within %.3g s",
                      connecting              ? "connection to"
                      : transfer->head.status ? "whole answer from"
                                              : "answer from",
                      transfer->peer, (double)transfer->timeout / 1000);
}

/* A callback of ours put an end to it. */
static void fail_refused(struct df_http_transfer *transfer) {
    if (transfer->body_result == DF_BUFFER_FULL) {
        fail(transfer, DF_KIND_LIMIT, "the answer is larger than max_response_bytes, from", "");
    } else if (transfer->head_result == DF_HTTP_HEAD_TOO_LARGE) {
        fail(transfer, DF_KIND_LIMIT, "the answer's head is too large, from", "");
    } else if (transfer->head_result == DF_HTTP_HEAD_MALFORMED) {
        fail(transfer, DF_KIND_PROTOCOL, "the answer's head is malformed, from", "");
    } else {
        fail(transfer, DF_KIND_LIMIT, "not enough memory for the answer from", "");
    }
}

/* The system said that the connection is gone, as opposed to libcurl disliking what came. */
static bool is_reset(const struct df_http_transfer *transfer) {
    switch (number_of(transfer, CURLINFO_OS_ERRNO)) {
    case ECONNRESET:
    case ECONNABORTED:
    case EPIPE:
    case ETIMEDOUT:
    case ENETDOWN:
    case ENETUNREACH:
    case ENETRESET:
    case EHOSTUNREACH:
        return true;
    default:
        return false;
    }
}

static void fail_by_table(struct df_http_transfer *transfer, CURLcode code) {
    enum df_kind kind = DF_KIND_NETWORK;
    const char *what = "the call failed, to";
    for (size_t i = 0; i < sizeof outcomes / sizeof *outcomes; i++) {
        if (outcomes[i].code == code) {
            kind = outcomes[i].kind;
            what = outcomes[i].what;
        }
    }
    if (kind == DF_KIND_TLS) {
        fail_tls(transfer, code, what);
    } else if (code == CURLE_COULDNT_CONNECT && number_of(transfer, CURLINFO_OS_ERRNO)) {
        fail(transfer, kind, what, strerror((int)number_of(transfer, CURLINFO_OS_ERRNO)));
    } else {
        fail(transfer, kind, what, detail_of(transfer, code));
    }
}

static void fail_transfer(struct df_http_transfer *transfer, CURLcode code) {
    bool answering = time_of(transfer, CURLINFO_STARTTRANSFER_TIME_T) > 0;
    switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
        fail_timeout(transfer);
        return;
    case CURLE_WRITE_ERROR:
        fail_refused(transfer);
        return;
    case CURLE_ABORTED_BY_CALLBACK: /* before the request went out once more than it may */
        fail(transfer, DF_KIND_NETWORK, "the connection ended before it answered, that to", "");
        return;
    case CURLE_COULDNT_CONNECT:
        if (transfer->socket_error) { /* nothing is known of the network */
            fail(transfer, DF_KIND_LIMIT, "no socket for the call to",
                 strerror(transfer->socket_error));
            return;
        }
        break;
    case CURLE_OUT_OF_MEMORY:
        /* libcurl says the same when a line of the head passes its own ceiling. */
        if (answering && !transfer->head.complete) {
            fail(transfer, DF_KIND_LIMIT, "a line of the answer's head is too large, from", "");
            return;
        }
        break;
    case CURLE_PARTIAL_FILE:
    case CURLE_HTTP2_STREAM:
        if (!transfer->head.status) {
            fail(transfer, DF_KIND_NETWORK, "no answer from", detail_of(transfer, code));
            return;
        }
        break;
    case CURLE_GOT_NOTHING:
        /* A head of its own was something: 101, say, after which there is no HTTP. */
        if (transfer->head.status) {
            fail(transfer, DF_KIND_PROTOCOL, "the answer's head breaks off, from", "");
            return;
        }
        break;
    case CURLE_RECV_ERROR:
        if (transfer->head.status && !is_reset(transfer)) {
            fail(transfer, DF_KIND_PROTOCOL, "the answer is broken or breaks off, from",
                 detail_of(transfer, code));
            return;
        }
        break;
    default:
        break;
    }
    fail_by_table(transfer, code);
}

/* Whether nothing but the end of the connection told the end of the body. libcurl takes a
 * connection that was cut for one that was closed, so that such a body may be a part of what was
 * sent. */
static bool is_end_uncertain(const struct df_http_transfer *transfer) {
    int status = transfer->head.status;
    return transfer->tls && !transfer->head.is_framed && status >= 200 && status < 300 &&
           status != 204 && strcmp(transfer->place.data, "HEAD") != 0 &&
           number_of(transfer, CURLINFO_HTTP_VERSION) < CURL_HTTP_VERSION_2_0;
}

void df_http_conclude(struct df_http_transfer *transfer, CURLcode code) {
    if (code != CURLE_OK) {
        fail_transfer(transfer, code);
    } else if (!transfer->head.complete || transfer->head.status < 200) {
        fail(transfer, DF_KIND_PROTOCOL, "the answer's head breaks off, from", "");
    } else {
        transfer->end_uncertain = is_end_uncertain(transfer);
        transfer->reused = number_of(transfer, CURLINFO_NUM_CONNECTS) == 0;
    }
}
