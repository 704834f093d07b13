/* The reader of responses beside libcurl: the same bytes go to both, to libcurl over a
 * socket. What the reader accepts, libcurl must accept, with the same status and body, but for the
 * differences that docs/http.md explains (see `is_explained`). Input: the response. */

#include "base/grammar.h"
#include "http1/reader.h"

#include <curl/curl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#ifndef MSG_NOSIGNAL /* not everywhere */
#define MSG_NOSIGNAL 0
#endif

enum { LARGEST_INPUT = 65536, MAX_BODY = 100000 };

static size_t take_body(char *bytes, size_t size, size_t count, void *given) {
    return df_buffer_add(given, bytes, size * count) == DF_BUFFER_OK ? size * count : 0;
}

/* A socket that libcurl finds by its name, which no file has. */
static int listen_once(char *name, size_t size) {
    static int listener = -1;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(name, size, "dataforest-oracle-%ld", (long)getpid());
    if (listener < 0) {
        size_t length = strlen(name);
        memcpy(address.sun_path + 1, name, length);
        listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
        if (bind(listener, (struct sockaddr *)&address,
                 (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + length)) != 0 ||
            listen(listener, 8) != 0) {
            abort();
        }
    }
    return listener;
}

/* Takes the connection, if there is one, and says all that there is to say. */
static int respond(int listener, const uint8_t *data, size_t size) {
    int large = 4 * LARGEST_INPUT;
    int fd = accept(listener, NULL, NULL);
    if (fd >= 0) {
        setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &large, sizeof large);
        if (size && send(fd, data, size, MSG_NOSIGNAL) != (ssize_t)size) {
            abort();
        }
        shutdown(fd, SHUT_WR);
    }
    return fd;
}

/* A new handle each time: libcurl 7.88 frees memory twice for some responses on a reused one. */
static CURLcode ask_curl(const uint8_t *data, size_t size, struct df_buffer *body, long *status) {
    char name[64];
    int listener = listen_once(name, sizeof name), fd = -1, running = 1, queued;
    CURLM *multi = curl_multi_init();
    CURL *easy = curl_easy_init();
    curl_easy_setopt(easy, CURLOPT_URL, "http://localhost/");
    curl_easy_setopt(easy, CURLOPT_ABSTRACT_UNIX_SOCKET, name);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_TIMEOUT, 5L);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, body);
    curl_multi_add_handle(multi, easy);
    while (running) {
        curl_multi_perform(multi, &running);
        if (fd < 0) {
            fd = respond(listener, data, size);
        }
        if (running) {
            curl_multi_poll(multi, NULL, 0, 1, NULL);
        }
    }
    CURLMsg *message = curl_multi_info_read(multi, &queued);
    CURLcode code = message ? message->data.result : CURLE_FAILED_INIT;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, status);
    curl_multi_remove_handle(multi, easy);
    curl_easy_cleanup(easy);
    curl_multi_cleanup(multi);
    if (fd >= 0) {
        close(fd);
    }
    return code;
}

static bool has_header(const struct df_http1_reader *reader, struct df_text name, char needle) {
    for (unsigned i = 0; i < reader->header_count; i++) {
        struct df_http1_header header = df_http1_reader_header(reader, i);
        if (df_equals_lower(header.name, name) &&
            (!needle || memchr(header.value.data, needle, header.value.length))) {
            return true;
        }
    }
    return false;
}

/* Where the two differ for a reason that docs/http.md gives. */
static bool is_explained(const struct df_http1_reader *reader, const uint8_t *data, size_t size) {
    return (size > 7 && data[7] > '1')    /* HTTP/1.2 to 1.9 are read as 1.1 */
           || reader->informational > 0   /* 1xx have no framing */
           || reader->status == 205       /* which has no body, whatever it says */
           || reader->discard             /* a coded body of an error is dropped */
           || reader->extension_bytes > 0 /* leading zeros and extensions, to limits of our own */
           || has_header(reader, DF_TEXT("content-length"), ',')     /* a list of one length */
           || has_header(reader, DF_TEXT("transfer-encoding"), ','); /* empty elements */
}

static void report(const char *what, CURLcode code, long status,
                   const struct df_http1_reader *reader, size_t length) {
    fprintf(stderr, "%s: libcurl says %d (%s), status %ld, %zu bytes; the reader %d, %zu bytes\n",
            what, (int)code, curl_easy_strerror(code), status, length, reader->status,
            reader->body.length);
    abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct df_http1_reader reader;
    struct df_buffer theirs;
    size_t consumed;
    long status = 0;
    if (size > LARGEST_INPUT) {
        return 0;
    }
    df_http1_reader_init(&reader);
    df_http1_reader_start(&reader, DF_HTTP1_OTHER, MAX_BODY);
    if (df_http1_reader_feed(&reader, (const char *)data, size, &consumed) == DF_HTTP1_MORE) {
        df_http1_reader_end(&reader, DF_HTTP1_END_CLEAN);
    }
    if (df_http1_reader_done(&reader) && !is_explained(&reader, data, size)) {
        df_buffer_init(&theirs, (size_t)2 * MAX_BODY);
        CURLcode code = ask_curl(data, size, &theirs, &status);
        struct df_text body = df_http1_reader_body(&reader);
        if (code != CURLE_OK) {
            report("accepted, and refused by libcurl", code, status, &reader, theirs.length);
        }
        if (status != reader.status || theirs.length != body.length ||
            (body.length && memcmp(theirs.data, body.data, body.length) != 0)) {
            report("read otherwise", code, status, &reader, theirs.length);
        }
        df_buffer_free(&theirs);
    }
    df_http1_reader_free(&reader);
    return 0;
}
