#include "net/transfer.h"

#include "base/alloc.h"
#include "net/outcome.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

enum {
    REQUEST_HEAD_CEILING = 64 * 1024,
    REQUEST_BODY_CEILING = 64 * 1024 * 1024,
    EXPECTING_BODY = 1000, /* up to here no libcurl asks whether it may send the body */
    REQUESTS_AT_MOST = 2,  /* the call's own, and again where a kept connection had died */
    KEPT_ROOM = 256 * 1024 /* a larger body's memory is given back after the call */
};

static size_t receive_line(char *line, size_t size, size_t count, void *context) {
    struct df_http_transfer *transfer = context;
    transfer->head_result = df_http_head_line(&transfer->head, line, size * count);
    return transfer->head_result == DF_HTTP_HEAD_OK ? size * count : 0;
}

static size_t receive_body(char *bytes, size_t size, size_t count, void *context) {
    struct df_http_transfer *transfer = context;
    transfer->body_result = df_buffer_add(&transfer->body, bytes, size * count);
    return transfer->body_result == DF_BUFFER_OK ? size * count : 0;
}

/* libcurl is about to send the request. Where a kept connection dies before it answers, libcurl
 * sends it again over another kept one, and so on: up to six times. Once is enough, over a new
 * connection, and what must arrive once is never sent again: a connection of HTTP/2 that others
 * came to share counts as a kept one. */
/* NOLINTNEXTLINE(readability-non-const-parameter): the type is libcurl's */
static int before_request(void *context, char *peer, char *own, int peer_port, int own_port) {
    struct df_http_transfer *transfer = context;
    (void)peer;
    (void)own;
    (void)peer_port;
    (void)own_port;
    if (transfer->requests >= (transfer->once ? 1 : REQUESTS_AT_MOST)) {
        return CURL_PREREQFUNC_ABORT;
    }
    transfer->requests++;
    if (!transfer->fresh) {
        transfer->fresh = curl_easy_setopt(transfer->easy, CURLOPT_FRESH_CONNECT, 1L) == CURLE_OK;
    }
    return CURL_PREREQFUNC_OK;
}

/* A failed setopt is kept until the end, so that the list of options stays a list. */
#define SET(option, value) (failed |= curl_easy_setopt(easy, option, value) != CURLE_OK)

static bool set_security(CURL *easy, const struct df_http_options *options) {
    bool failed = false;
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(CURLOPT_SSL_VERIFYPEER, 1L);
    SET(CURLOPT_SSL_VERIFYHOST, 2L);
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    SET(CURLOPT_HTTP09_ALLOWED, 0L);
#if LIBCURL_VERSION_NUM >= 0x075500
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
#else
    SET(CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
    if (options->ca_file) {
        SET(CURLOPT_CAINFO, options->ca_file);
    }
    if (!options->proxy_from_env) {
        /* An empty string also keeps libcurl from asking the environment. */
        SET(CURLOPT_PROXY, options->proxy ? options->proxy : "");
        SET(CURLOPT_NOPROXY, "");
    }
    SET(CURLOPT_HTTPPROXYTUNNEL, 1L);
    SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    return !failed;
}

static bool set_constants(struct df_http_transfer *transfer,
                          const struct df_http_options *options) {
    CURL *easy = transfer->easy;
    bool failed = false;
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_PATH_AS_IS, 1L);
    SET(CURLOPT_ERRORBUFFER, transfer->curl_message);
    SET(CURLOPT_PRIVATE, transfer);
    SET(CURLOPT_HEADERFUNCTION, receive_line);
    SET(CURLOPT_HEADERDATA, transfer);
    SET(CURLOPT_WRITEFUNCTION, receive_body);
    SET(CURLOPT_WRITEDATA, transfer);
    SET(CURLOPT_PREREQFUNCTION, before_request);
    SET(CURLOPT_PREREQDATA, transfer);
#if LIBCURL_VERSION_NUM >= 0x075700
    /* A name server that does not answer must not hold a call beyond its deadline. */
    SET(CURLOPT_QUICK_EXIT, 1L);
#endif
    return set_security(easy, options) && !failed;
}

struct df_http_transfer *df_http_transfer_new(const struct df_http_options *options) {
    struct df_http_transfer *transfer = df_malloc(sizeof *transfer);
    if (!transfer) {
        return NULL;
    }
    memset(transfer, 0, sizeof *transfer);
    df_buffer_init(&transfer->place, REQUEST_HEAD_CEILING);
    df_buffer_init(&transfer->lines, REQUEST_HEAD_CEILING);
    df_buffer_init(&transfer->connect_line, REQUEST_HEAD_CEILING);
    df_buffer_init(&transfer->body_sent, REQUEST_BODY_CEILING);
    df_buffer_init(&transfer->body, 0);
    df_http_head_init(&transfer->head);
    transfer->proxied = options->proxy || options->proxy_from_env;
    transfer->easy = curl_easy_init();
    if (!transfer->easy || !set_constants(transfer, options)) {
        df_http_transfer_free(transfer);
        return NULL;
    }
    return transfer;
}

void df_http_transfer_free(struct df_http_transfer *transfer) {
    if (transfer->easy) {
        curl_easy_cleanup(transfer->easy);
    }
    curl_url_cleanup(transfer->url);
    df_buffer_free(&transfer->place);
    df_buffer_free(&transfer->lines);
    df_buffer_free(&transfer->connect_line);
    df_buffer_free(&transfer->body_sent);
    df_buffer_free(&transfer->body);
    df_http_head_free(&transfer->head);
    df_free(transfer->nodes);
    df_free(transfer);
}

static enum df_buffer_result add_text(struct df_buffer *buffer, const char *text) {
    return df_buffer_add(buffer, text, strlen(text));
}

/* The parts of a call that seldom differ from the call before, in one text to compare. */
static enum df_buffer_result write_place(struct df_buffer *place,
                                         const struct df_http_request *request) {
    const struct df_text parts[] = {request->method, request->url, request->connect_to};
    enum df_buffer_result result = DF_BUFFER_OK;
    df_buffer_reset(place, REQUEST_HEAD_CEILING);
    for (size_t i = 0; i < 3 && result == DF_BUFFER_OK; i++) {
        result = df_buffer_add(place, parts[i].data, parts[i].length);
        if (result == DF_BUFFER_OK) {
            result = df_buffer_add(place, "", 1);
        }
    }
    return result;
}

bool df_http_transfer_is_at(const struct df_http_transfer *transfer,
                            const struct df_http_request *request) {
    const struct df_text parts[] = {request->method, request->url, request->connect_to};
    const char *at = transfer->place.data;
    const char *end = at + transfer->place.length;
    if (!transfer->place.length || transfer->place_has_body != (request->body.data != NULL)) {
        return false;
    }
    for (size_t i = 0; i < 3; i++) {
        size_t count = parts[i].length;
        if ((size_t)(end - at) <= count || at[count] != '\0' ||
            (count && memcmp(at, parts[i].data, count) != 0)) {
            return false;
        }
        at += count + 1;
    }
    return true;
}

/* These say "Content-Length: 0" where there is no body. */
static bool wants_body(const char *method) {
    return !strcmp(method, "POST") || !strcmp(method, "PUT") || !strcmp(method, "PATCH");
}

static bool set_method(CURL *easy, const char *method, bool has_body) {
    bool failed = false;
    bool posts = has_body || wants_body(method);
    SET(CURLOPT_HTTPGET, 1L); /* undoes what other methods set */
    SET(CURLOPT_CUSTOMREQUEST, (char *)NULL);
    if (!strcmp(method, "HEAD")) {
        SET(CURLOPT_NOBODY, 1L);
    } else if (posts) {
        SET(CURLOPT_POST, 1L);
    }
    if (strcmp(method, posts ? "POST" : "GET") != 0 && strcmp(method, "HEAD") != 0) {
        SET(CURLOPT_CUSTOMREQUEST, method);
    }
    return !failed;
}

static bool set_connect_to(struct df_http_transfer *transfer, const char *connect_to) {
    CURL *easy = transfer->easy;
    bool failed = false;
    if (!*connect_to) {
        SET(CURLOPT_CONNECT_TO, (struct curl_slist *)NULL);
        return !failed;
    }
    df_buffer_reset(&transfer->connect_line, REQUEST_HEAD_CEILING);
    if (add_text(&transfer->connect_line, "::") != DF_BUFFER_OK ||
        df_buffer_add(&transfer->connect_line, connect_to, strlen(connect_to) + 1) !=
            DF_BUFFER_OK) {
        return false;
    }
    transfer->connect_node.data = transfer->connect_line.data;
    transfer->connect_node.next = NULL;
    SET(CURLOPT_CONNECT_TO, &transfer->connect_node);
    return !failed;
}

static void name_peer(struct df_http_transfer *transfer, const struct df_http_url *url,
                      const char *connect_to) {
    snprintf(transfer->peer, sizeof transfer->peer, "%.*s:%u%s%.64s%s", (int)url->host.length,
             url->host.data, url->port, *connect_to ? " (connect_to " : "", connect_to,
             *connect_to ? ")" : "");
}

/* A URL that comes parsed saves libcurl from parsing and composing it at each call. */
static CURLUcode set_url(struct df_http_transfer *transfer, const char *url) {
    CURL *easy = transfer->easy;
    bool failed = false;
    if (!transfer->url && !(transfer->url = curl_url())) {
        return CURLUE_OUT_OF_MEMORY;
    }
    CURLUcode code = curl_url_set(transfer->url, CURLUPART_URL, url, CURLU_PATH_AS_IS);
    SET(CURLOPT_CURLU, transfer->url);
    SET(CURLOPT_URL, url); /* read where the first one is not */
    return failed ? CURLUE_OUT_OF_MEMORY : code;
}

/* Always false. */
static bool refuse(struct df_http_error *error, enum df_buffer_result result) {
    if (result == DF_BUFFER_FULL) {
        df_http_error_set(error, DF_KIND_ARGUMENT, false,
                          "the request is too large: its head may have %d bytes, its body %d",
                          REQUEST_HEAD_CEILING, REQUEST_BODY_CEILING);
    } else {
        df_http_error_set(error, DF_KIND_LIMIT, false, "not enough memory for the request");
    }
    return false;
}

/* Sets method, URL and connect_to, which stand in `place`. */
static bool set_place(struct df_http_transfer *transfer, const struct df_http_request *request,
                      const struct df_http_url *url, struct df_http_error *error) {
    CURL *easy = transfer->easy;
    bool failed = false;
    const char *method = transfer->place.data;
    const char *whole_url = method + request->method.length + 1;
    const char *connect_to = whole_url + request->url.length + 1;
    transfer->place_has_body = request->body.data != NULL;
    transfer->tls = url->tls;
    name_peer(transfer, url, connect_to);
    CURLUcode code = set_url(transfer, whole_url);
    failed = !set_method(easy, method, transfer->place_has_body);
    failed |= !set_connect_to(transfer, connect_to);
    /* The target was signed: it goes out byte by byte as it is. */
    SET(CURLOPT_REQUEST_TARGET, whole_url + (url->target.data - request->url.data));
    if (failed || code == CURLUE_OUT_OF_MEMORY) {
        return refuse(error, DF_BUFFER_NO_MEMORY);
    }
    if (code != CURLUE_OK) {
        df_http_error_set(error, DF_KIND_ARGUMENT, false, "url cannot be read by libcurl");
        return false;
    }
    return true;
}

/* Goes where the request says, and remembers where that is. */
static bool change_place(struct df_http_transfer *transfer, const struct df_http_request *request,
                         const struct df_http_url *url, struct df_http_error *error) {
    enum df_buffer_result result = write_place(&transfer->place, request);
    bool changed =
        result == DF_BUFFER_OK ? set_place(transfer, request, url, error) : refuse(error, result);
    if (!changed) {
        transfer->place.length = 0;
    }
    return changed;
}

static bool is_blank(struct df_text text) {
    size_t i = 0;
    while (i < text.length && (text.data[i] == ' ' || text.data[i] == '\t')) {
        i++;
    }
    return i == text.length;
}

static enum df_buffer_result add_field(struct df_buffer *lines, const struct df_http_field *field) {
    enum df_buffer_result result = df_buffer_add(lines, field->name.data, field->name.length);
    /* To libcurl "Name:" means to leave it out, and "Name;" to send it without a value. */
    if (result == DF_BUFFER_OK && is_blank(field->value)) {
        return df_buffer_add(lines, ";", 2);
    }
    if (result == DF_BUFFER_OK) {
        result = df_buffer_add(lines, ": ", 2);
    }
    if (result == DF_BUFFER_OK) {
        result = df_buffer_add(lines, field->value.data, field->value.length);
    }
    return result == DF_BUFFER_OK ? df_buffer_add(lines, "", 1) : result;
}

/* Writes the header lines one after another, each with its NUL. */
static enum df_buffer_result write_lines(struct df_buffer *lines,
                                         const struct df_http_request *request, size_t *count) {
    bool has_accept = false, has_type = false;
    enum df_buffer_result result = DF_BUFFER_OK;
    df_buffer_reset(lines, REQUEST_HEAD_CEILING);
    *count = request->header_count;
    for (size_t i = 0; i < request->header_count && result == DF_BUFFER_OK; i++) {
        const struct df_http_field *field = &request->headers[i];
        has_accept |= df_equals_lower(field->name, DF_TEXT("accept"));
        has_type |= df_equals_lower(field->name, DF_TEXT("content-type"));
        result = add_field(lines, field);
    }
    /* What libcurl would add by itself; and it would wait for an answer to "Expect". */
    if (!has_accept && result == DF_BUFFER_OK) {
        result = df_buffer_add(lines, "Accept:", sizeof "Accept:");
        ++*count;
    }
    if (!has_type && result == DF_BUFFER_OK) {
        result = df_buffer_add(lines, "Content-Type:", sizeof "Content-Type:");
        ++*count;
    }
    if (request->body.length > EXPECTING_BODY && result == DF_BUFFER_OK) {
        result = df_buffer_add(lines, "Expect:", sizeof "Expect:");
        ++*count;
    }
    return result;
}

/* libcurl reads the list and never frees it, so that its nodes may be ours and are used again. */
static enum df_buffer_result set_headers(struct df_http_transfer *transfer,
                                         const struct df_http_request *request) {
    CURL *easy = transfer->easy;
    bool failed = false;
    size_t count;
    enum df_buffer_result result = write_lines(&transfer->lines, request, &count);
    if (result != DF_BUFFER_OK) {
        return result;
    }
    if (count > transfer->node_room) {
        struct curl_slist *grown = df_realloc(transfer->nodes, count * 2 * sizeof *grown);
        if (!grown) {
            return DF_BUFFER_NO_MEMORY;
        }
        transfer->nodes = grown;
        transfer->node_room = count * 2;
    }
    char *line = transfer->lines.data;
    for (size_t i = 0; i < count; i++) {
        transfer->nodes[i].data = line;
        transfer->nodes[i].next = i + 1 < count ? &transfer->nodes[i + 1] : NULL;
        line += strlen(line) + 1;
    }
    SET(CURLOPT_HTTPHEADER, count ? transfer->nodes : NULL);
    return failed ? DF_BUFFER_NO_MEMORY : DF_BUFFER_OK;
}

static enum df_buffer_result set_body(struct df_http_transfer *transfer,
                                      const struct df_http_request *request) {
    CURL *easy = transfer->easy;
    bool failed = false;
    df_buffer_reset(&transfer->body_sent, REQUEST_BODY_CEILING);
    if (!request->body.data && !wants_body(transfer->place.data)) {
        return DF_BUFFER_OK;
    }
    enum df_buffer_result result =
        df_buffer_add(&transfer->body_sent, request->body.data, request->body.length);
    if (result != DF_BUFFER_OK) {
        return result;
    }
    SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.length);
    SET(CURLOPT_POSTFIELDS, transfer->body_sent.data ? transfer->body_sent.data : "");
    return failed ? DF_BUFFER_NO_MEMORY : DF_BUFFER_OK;
}

/* Milliseconds, rounded up: 0 would mean without limit. */
static long milliseconds(double seconds) {
    double value = seconds * 1000;
    return value < 1 ? 1 : value > INT_MAX ? INT_MAX : (long)(value + 0.999);
}

/* Sets what differs from the call before. */
static bool set_limits(struct df_http_transfer *transfer, const struct df_http_request *request) {
    CURL *easy = transfer->easy;
    bool failed = false;
    long timeout = milliseconds(request->timeout);
    long connect_timeout = milliseconds(request->connect_timeout);
    if (timeout != transfer->timeout) {
        SET(CURLOPT_TIMEOUT_MS, timeout);
    }
    if (connect_timeout != transfer->connect_timeout) {
        SET(CURLOPT_CONNECTTIMEOUT_MS, connect_timeout);
    }
    if (request->max_response_bytes != transfer->max_response_bytes) {
        SET(CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)request->max_response_bytes);
    }
    if (request->once != transfer->fresh) {
        SET(CURLOPT_FRESH_CONNECT, request->once ? 1L : 0L);
    }
    transfer->timeout = timeout;
    transfer->connect_timeout = connect_timeout;
    transfer->max_response_bytes = request->max_response_bytes;
    transfer->once = transfer->fresh = request->once;
    return !failed;
}

bool df_http_transfer_prepare(struct df_http_transfer *transfer,
                              const struct df_http_request *request, const struct df_http_url *url,
                              struct df_http_error *error) {
    transfer->failed = false;
    transfer->reused = false;
    transfer->end_uncertain = false;
    transfer->socket_error = 0;
    transfer->requests = 0;
    transfer->head_result = DF_HTTP_HEAD_OK;
    transfer->body_result = DF_BUFFER_OK;
    df_http_head_reset(&transfer->head);
    df_buffer_reset(&transfer->body, request->max_response_bytes);
    if (url && !change_place(transfer, request, url, error)) {
        return false;
    }
    enum df_buffer_result result = set_body(transfer, request);
    if (result == DF_BUFFER_OK) {
        result = set_headers(transfer, request);
    }
    if (result == DF_BUFFER_OK && !set_limits(transfer, request)) {
        result = DF_BUFFER_NO_MEMORY;
    }
    return result == DF_BUFFER_OK || refuse(error, result);
}

void df_http_transfer_rest(struct df_http_transfer *transfer) {
    if (transfer->body.capacity > KEPT_ROOM) {
        df_buffer_free(&transfer->body);
    }
    if (transfer->body_sent.capacity > KEPT_ROOM) {
        df_buffer_free(&transfer->body_sent);
    }
}

unsigned long df_http_transfer_number(const struct df_http_transfer *transfer) {
    return transfer->number;
}

const struct df_http_error *df_http_transfer_error(const struct df_http_transfer *transfer) {
    return transfer->failed ? &transfer->error : NULL;
}

const struct df_http_head *df_http_transfer_head(const struct df_http_transfer *transfer) {
    return &transfer->head;
}

struct df_text df_http_transfer_body(const struct df_http_transfer *transfer) {
    return (struct df_text){transfer->body.data, transfer->body.length};
}

bool df_http_transfer_reused(const struct df_http_transfer *transfer) {
    return transfer->reused;
}

bool df_http_transfer_end_uncertain(const struct df_http_transfer *transfer) {
    return transfer->end_uncertain;
}
