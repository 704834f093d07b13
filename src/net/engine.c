#include "net/engine.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "net/outcome.h"
#include "net/session.h"

#include <limits.h>
#include <string.h>

struct df_http_engine {
    struct df_http_options options;
    struct df_http_session *session; /* NULL until the first call */
    unsigned long last_number;
};

static char *copy_text(const char *text) {
    size_t count = strlen(text) + 1;
    char *copy = df_malloc(count);
    return copy ? memcpy(copy, text, count) : NULL;
}

struct df_http_engine *df_http_engine_new(const struct df_http_options *options) {
    struct df_http_engine *engine = df_http_session_prepare() ? df_malloc(sizeof *engine) : NULL;
    if (!engine) {
        return NULL;
    }
    memset(engine, 0, sizeof *engine);
    engine->options = *options;
    engine->options.ca_file = options->ca_file ? copy_text(options->ca_file) : NULL;
    engine->options.proxy = options->proxy ? copy_text(options->proxy) : NULL;
    if ((options->ca_file && !engine->options.ca_file) ||
        (options->proxy && !engine->options.proxy)) {
        df_http_engine_free(engine);
        return NULL;
    }
    return engine;
}

void df_http_engine_free(struct df_http_engine *engine) {
    struct df_http_session *session = df_http_session_at(&engine->session);
    if (session) {
        df_http_session_free(session);
    }
    df_free((char *)engine->options.ca_file);
    df_free((char *)engine->options.proxy);
    df_free(engine);
}

/* ---- beginning ---- */

static struct df_http_transfer *refuse(struct df_http_error *error, const char *message) {
    df_http_error_set(error, DF_KIND_LIMIT, false, "%s", message);
    return NULL;
}

/* Checks the request and hands it to the transfer. What was found good before is not checked again.
 */
static bool prepare(struct df_http_transfer *transfer, const struct df_http_request *request,
                    struct df_http_error *error) {
    struct df_http_url url;
    bool is_new = !df_http_transfer_is_at(transfer, request);
    if ((is_new && !df_http_check_place(request, &url, error)) ||
        !df_http_check_rest(request, error)) {
        return false;
    }
    if (!(request->timeout > 0)) {
        df_http_error_set(error, DF_KIND_TIMEOUT, false, "no time is left for the call");
        return false;
    }
    return df_http_transfer_prepare(transfer, request, is_new ? &url : NULL, error);
}

struct df_http_transfer *df_http_start(struct df_http_engine *engine,
                                       const struct df_http_request *request,
                                       struct df_http_error *error) {
    struct df_http_session *session = df_http_session_at(&engine->session);
    if (!session && !(session = df_http_session_new(&engine->session, &engine->options))) {
        return refuse(error, "not enough memory or descriptors for an HTTP session");
    }
    struct df_http_transfer *transfer = df_http_session_take(session);
    if (!transfer) {
        return refuse(error, "not enough memory for a transfer");
    }
    if (!prepare(transfer, request, error)) {
        df_http_session_put_back(session, transfer);
        return NULL;
    }
    if (!df_http_session_begin(session, transfer)) {
        transfer->failed = true;
        df_http_session_put_back(session, transfer);
        return refuse(error, "libcurl takes no more transfers");
    }
    transfer->number = ++engine->last_number;
    return transfer;
}

/* ---- driving ---- */

/* Collects the transfers that libcurl has finished. */
static void collect(struct df_http_session *session) {
    CURLMsg *message;
    int left;
    while ((message = curl_multi_info_read(session->multi, &left))) {
        struct df_http_transfer *transfer;
        CURLcode code = message->data.result;
        if (message->msg == CURLMSG_DONE &&
            curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&transfer) ==
                CURLE_OK) {
            df_http_conclude(transfer, code);
            df_http_session_end(session, transfer);
        }
    }
}

/* Milliseconds to wait, rounded up so that a timer has run out after them; -1 is without limit. */
static int wait_time(const struct df_http_session *session, double max_wait) {
    double seconds = max_wait;
    if (session->wake_at >= 0) {
        double left = session->wake_at - df_clock_monotonic();
        left = left > 0 ? left : 0;
        seconds = seconds < 0 || left < seconds ? left : seconds;
    }
    if (seconds < 0) {
        return -1;
    }
    return seconds > INT_MAX / 1000 - 1 ? INT_MAX : (int)(seconds * 1000 + 0.999);
}

static CURLMcode run_timer(struct df_http_session *session, int *running) {
    session->wake_at = -1;
    return curl_multi_socket_action(session->multi, CURL_SOCKET_TIMEOUT, 0, running);
}

static bool is_due(const struct df_http_session *session) {
    return session->wake_at >= 0 &&
           (session->wake_at == 0 || session->wake_at <= df_clock_monotonic());
}

static CURLMcode run_ready(struct df_http_session *session, const struct df_http_ready *ready,
                           int count, int *running) {
    CURLMcode code = CURLM_OK;
    for (int i = 0; i < count && code == CURLM_OK; i++) {
        int mask = ((ready[i].events & DF_HTTP_READ) ? CURL_CSELECT_IN : 0) |
                   ((ready[i].events & DF_HTTP_WRITE) ? CURL_CSELECT_OUT : 0) |
                   (ready[i].failed ? CURL_CSELECT_ERR : 0);
        code = curl_multi_socket_action(session->multi, ready[i].fd, mask, running);
    }
    return code;
}

static void step(struct df_http_session *session, double max_wait) {
    struct df_http_ready ready[DF_HTTP_EVENTS];
    int running = 0;
    CURLMcode code = CURLM_OK;
    if (is_due(session)) {
        code = run_timer(session, &running);
    } else if (session->running || session->watch.idle) {
        int milliseconds = session->running ? wait_time(session, max_wait) : 0;
        int count = df_http_watch_wait(&session->watch, ready, milliseconds);
        code = run_ready(session, ready, count, &running);
        if (code == CURLM_OK && is_due(session)) {
            code = run_timer(session, &running);
        }
    }
    collect(session);
    if (code != CURLM_OK) {
        df_http_session_break(session);
    }
}

int df_http_step(struct df_http_engine *engine, double max_wait) {
    struct df_http_session *session = df_http_session_at(&engine->session);
    if (!session) {
        return 0;
    }
    step(session, max_wait);
    return session->running;
}

void df_http_wait(struct df_http_engine *engine, struct df_http_transfer *transfer) {
    struct df_http_session *session = df_http_session_at(&engine->session);
    while (transfer->state == DF_HTTP_RUNNING) {
        step(session, -1);
    }
}

unsigned long df_http_next_ended(struct df_http_engine *engine) {
    struct df_http_session *session = df_http_session_at(&engine->session);
    struct df_http_transfer *transfer = session ? df_http_session_next_ended(session) : NULL;
    return transfer ? transfer->number : 0;
}

bool df_http_descriptor(struct df_http_engine *engine, struct df_http_descriptor *descriptor) {
    struct df_http_session *session = df_http_session_at(&engine->session);
    if (!session) {
        return false;
    }
    *descriptor = (struct df_http_descriptor){session->watch.poller, true, false};
    return true;
}

double df_http_timeout(struct df_http_engine *engine) {
    struct df_http_session *session = df_http_session_at(&engine->session);
    if (!session || session->wake_at < 0) {
        return -1;
    }
    double left = session->wake_at - df_clock_monotonic();
    return left > 0 ? left : 0;
}

/* ---- transfers ---- */

/* The session of a transfer, unless that was a parent process's. */
static struct df_http_session *session_of(struct df_http_transfer *transfer) {
    if (transfer->session) {
        df_http_session_at(transfer->session->home);
    }
    return transfer->session;
}

bool df_http_transfer_ended(struct df_http_transfer *transfer) {
    if (transfer->state == DF_HTTP_RUNNING) {
        session_of(transfer);
    }
    return transfer->state != DF_HTTP_RUNNING;
}

void df_http_cancel(struct df_http_transfer *transfer) {
    if (!df_http_transfer_ended(transfer)) {
        df_http_session_stop(transfer->session, transfer, "the call was cancelled");
    }
}

void df_http_release(struct df_http_transfer *transfer) {
    df_http_cancel(transfer);
    struct df_http_session *session = session_of(transfer);
    if (session) {
        df_http_session_release(session, transfer);
    } else {
        df_http_transfer_free(transfer);
    }
}
