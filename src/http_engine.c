#include "http_engine.h"

#include "alloc.h"
#include "clock.h"
#include "http_outcome.h"
#include "http_transfer.h"
#include "http_watch.h"

#include <limits.h>
#include <pthread.h>
#include <string.h>

enum { IDLE_TRANSFERS = 64, IDLE_CONNECTIONS = 64, EVENTS_AT_ONCE = 64 };

/* A list whose members know their neighbours. */
struct transfer_list {
    struct df_http_transfer *first;
    struct df_http_transfer *last;
};

/* What belongs to one process: all that libcurl has made. */
struct df_http_session {
    struct df_http_engine *engine;
    unsigned long generation;
    CURLM *multi;
    CURLSH *share;
    struct df_http_watch watch;
    double wake_at; /* monotonic; negative: libcurl has no timer */
    long kept_connections;
    int running;
    unsigned idle_count;
    struct df_http_transfer *idle;
    struct transfer_list busy;  /* running, or ended and not yet released */
    struct transfer_list ended; /* not yet named by df_http_next_ended */
    struct df_http_session *next_abandoned;
};

struct df_http_engine {
    struct df_http_options options;
    struct df_http_session *session; /* NULL until the first call */
    unsigned long last_number;
};

static pthread_once_t curl_once = PTHREAD_ONCE_INIT;
static bool curl_is_ready;

/* How often this process's line has forked. Cheaper to ask than getpid, which asks the kernel. */
static unsigned long generation;

static void count_fork(void) {
    generation++;
}

static void start_curl(void) {
    curl_is_ready = pthread_atfork(NULL, NULL, count_fork) == 0 &&
                    curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
}

/* ---- libcurl's calls back ---- */

static curl_socket_t open_socket(void *context, curlsocktype purpose,
                                 struct curl_sockaddr *address) {
    struct df_http_session *session = context;
    (void)purpose;
    return df_http_watch_open(&session->watch, address->family, address->socktype,
                              address->protocol);
}

static int close_socket(void *context, curl_socket_t fd) {
    struct df_http_session *session = context;
    df_http_watch_close(&session->watch, fd);
    return 0;
}

static int want_socket(CURL *easy, curl_socket_t fd, int what, void *context, void *unused) {
    struct df_http_session *session = context;
    int events = 0;
    (void)easy;
    (void)unused;
    if (what == CURL_POLL_IN || what == CURL_POLL_INOUT) {
        events |= DF_HTTP_READ;
    }
    if (what == CURL_POLL_OUT || what == CURL_POLL_INOUT) {
        events |= DF_HTTP_WRITE;
    }
    return df_http_watch_want(&session->watch, fd, events) ? 0 : -1;
}

static int want_timer(CURLM *multi, long milliseconds, void *context) {
    struct df_http_session *session = context;
    (void)multi;
    if (milliseconds < 0) {
        session->wake_at = -1;
    } else if (milliseconds == 0) {
        session->wake_at = 0; /* has passed */
    } else {
        session->wake_at = df_clock_monotonic() + (double)milliseconds / 1000;
    }
    return 0;
}

/* ---- lists ---- */

static void list_add(struct transfer_list *list, struct df_http_transfer *transfer) {
    transfer->previous = list->last;
    transfer->next = NULL;
    *(list->last ? &list->last->next : &list->first) = transfer;
    list->last = transfer;
}

static void list_remove(struct transfer_list *list, struct df_http_transfer *transfer) {
    *(transfer->previous ? &transfer->previous->next : &list->first) = transfer->next;
    *(transfer->next ? &transfer->next->previous : &list->last) = transfer->previous;
    transfer->next = transfer->previous = NULL;
}

static void ended_add(struct transfer_list *list, struct df_http_transfer *transfer) {
    transfer->previous_ended = list->last;
    transfer->next_ended = NULL;
    *(list->last ? &list->last->next_ended : &list->first) = transfer;
    list->last = transfer;
    transfer->in_ended = true;
}

static void ended_remove(struct transfer_list *list, struct df_http_transfer *transfer) {
    if (!transfer->in_ended) {
        return;
    }
    *(transfer->previous_ended ? &transfer->previous_ended->next_ended : &list->first) =
        transfer->next_ended;
    *(transfer->next_ended ? &transfer->next_ended->previous_ended : &list->last) =
        transfer->previous_ended;
    transfer->in_ended = false;
}

/* ---- sessions ---- */

static bool set_up_multi(struct df_http_session *session, const struct df_http_options *options) {
    CURLM *multi = session->multi;
    long multiplex = options->http2 ? CURLPIPE_MULTIPLEX : CURLPIPE_NOTHING;
    session->kept_connections =
        options->max_connections ? options->max_connections : IDLE_CONNECTIONS;
    return curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, want_socket) == CURLM_OK &&
           curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, session) == CURLM_OK &&
           curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, want_timer) == CURLM_OK &&
           curl_multi_setopt(multi, CURLMOPT_TIMERDATA, session) == CURLM_OK &&
           curl_multi_setopt(multi, CURLMOPT_PIPELINING, multiplex) == CURLM_OK &&
           curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, session->kept_connections) == CURLM_OK;
}

static void session_free(struct df_http_session *session) {
    while (session->idle) {
        struct df_http_transfer *transfer = session->idle;
        session->idle = transfer->next;
        df_http_transfer_free(transfer);
    }
    if (session->multi) {
        curl_multi_cleanup(session->multi);
    }
    if (session->share) {
        curl_share_cleanup(session->share);
    }
    df_http_watch_free(&session->watch);
    df_free(session);
}

static struct df_http_session *session_new(struct df_http_engine *engine) {
    struct df_http_session *session = df_malloc(sizeof *session);
    if (!session) {
        return NULL;
    }
    memset(session, 0, sizeof *session);
    session->engine = engine;
    session->generation = generation;
    session->wake_at = -1;
    bool ready = df_http_watch_init(&session->watch);
    session->multi = curl_multi_init();
    session->share = curl_share_init();
    /* Connections and addresses belong to the multi; TLS sessions would belong to each handle. */
    if (!ready || !session->multi || !session->share ||
        curl_share_setopt(session->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION) !=
            CURLSHE_OK ||
        !set_up_multi(session, &engine->options)) {
        session_free(session);
        return NULL;
    }
    return session;
}

/* Ends a transfer that libcurl knows no more. */
static void close_transfer(struct df_http_transfer *transfer, bool sent, const char *why) {
    transfer->failed = true;
    df_http_error_set(&transfer->error, DF_KIND_CLOSED, sent, "%s", why);
    transfer->state = DF_HTTP_ENDED;
}

/* Takes a running transfer out of libcurl, its connection with it. */
static void stop_transfer(struct df_http_transfer *transfer, const char *why) {
    struct df_http_session *session = transfer->session;
    bool sent = df_http_may_have_sent(transfer);
    curl_multi_remove_handle(session->multi, transfer->easy);
    session->running--;
    close_transfer(transfer, sent, why);
}

/* Lets go of the transfers that are in someone's hands; they keep what they have received. */
static void detach_busy(struct df_http_session *session, bool is_ours) {
    while (session->busy.first) {
        struct df_http_transfer *transfer = session->busy.first;
        if (transfer->state == DF_HTTP_RUNNING && is_ours) {
            stop_transfer(transfer, "the engine was closed while the call was in flight");
        }
        if (transfer->state == DF_HTTP_RUNNING) {
            close_transfer(transfer, true, "the process forked while the call was in flight");
        } else {
            curl_easy_cleanup(transfer->easy);
        }
        transfer->easy = NULL;
        transfer->session = NULL;
        transfer->in_ended = false;
        list_remove(&session->busy, transfer);
    }
}

/* Sessions of a parent process in which calls were in flight: libcurl may have threads there that
 * did not come along, so that its memory is left as it is, and reachable. */
static struct df_http_session *abandoned;
static pthread_mutex_t abandoned_lock = PTHREAD_MUTEX_INITIALIZER;

/* In a child process: leaves the parent's connections to the parent. */
static void session_abandon(struct df_http_session *session) {
    bool in_flight = session->running > 0;
    session->engine->session = NULL;
    df_http_watch_cut_all(&session->watch);
    detach_busy(session, !in_flight);
    if (!in_flight) {
        session_free(session);
        return;
    }
    pthread_mutex_lock(&abandoned_lock);
    session->next_abandoned = abandoned;
    abandoned = session;
    pthread_mutex_unlock(&abandoned_lock);
}

/* The session of this process, if there is one. */
static struct df_http_session *current_session(struct df_http_engine *engine) {
    if (engine->session && engine->session->generation != generation) {
        session_abandon(engine->session);
    }
    return engine->session;
}

/* ---- engines ---- */

static char *copy_text(const char *text) {
    size_t count = strlen(text) + 1;
    char *copy = df_malloc(count);
    return copy ? memcpy(copy, text, count) : NULL;
}

struct df_http_engine *df_http_engine_new(const struct df_http_options *options) {
    pthread_once(&curl_once, start_curl);
    struct df_http_engine *engine = curl_is_ready ? df_malloc(sizeof *engine) : NULL;
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
    struct df_http_session *session = current_session(engine);
    if (session) {
        detach_busy(session, true);
        session_free(session);
    }
    df_free((char *)engine->options.ca_file);
    df_free((char *)engine->options.proxy);
    df_free(engine);
}

/* ---- transfers ---- */

static bool join_session(struct df_http_session *session, struct df_http_transfer *transfer,
                         const struct df_http_options *options) {
    CURL *easy = transfer->easy;
    long version = options->http2 ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1;
    transfer->session = session;
    return curl_easy_setopt(easy, CURLOPT_SHARE, session->share) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, version) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PIPEWAIT, options->http2 ? 1L : 0L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, session) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, close_socket) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, session) == CURLE_OK;
}

static struct df_http_transfer *take_transfer(struct df_http_session *session,
                                              const struct df_http_options *options) {
    struct df_http_transfer *transfer = session->idle;
    if (transfer) {
        session->idle = transfer->next;
        session->idle_count--;
        return transfer;
    }
    transfer = df_http_transfer_new(options);
    if (transfer && !join_session(session, transfer, options)) {
        df_http_transfer_free(transfer);
        return NULL;
    }
    return transfer;
}

/* Puts a transfer aside for the next call. After a failure its handle may remember things. */
static void put_aside(struct df_http_session *session, struct df_http_transfer *transfer) {
    if (transfer->failed || session->idle_count >= IDLE_TRANSFERS) {
        df_http_transfer_free(transfer);
        return;
    }
    df_http_transfer_rest(transfer);
    transfer->state = DF_HTTP_IDLE;
    transfer->next = session->idle;
    session->idle = transfer;
    session->idle_count++;
}

/* libcurl closes idle connections beyond a number; while more calls than that run, each would lose
 * its connection when it ends. */
static void keep_enough_connections(struct df_http_session *session) {
    if (session->running >= session->kept_connections) {
        session->kept_connections = 2L * session->running;
        curl_multi_setopt(session->multi, CURLMOPT_MAXCONNECTS, session->kept_connections);
    }
}

/* Of those that are kept, before one of them is used again. What was looked at a moment ago need
 * not be looked at again. */
static void find_ended_connections(struct df_http_session *session) {
    if (session->watch.idle) {
        struct df_http_ready ready[EVENTS_AT_ONCE];
        df_http_watch_wait(&session->watch, ready, EVENTS_AT_ONCE, 0);
    }
}

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
    struct df_http_session *session = current_session(engine);
    if (!session && !(session = engine->session = session_new(engine))) {
        return refuse(error, "not enough memory or descriptors for an HTTP session");
    }
    struct df_http_transfer *transfer = take_transfer(session, &engine->options);
    if (!transfer) {
        return refuse(error, "not enough memory for a transfer");
    }
    if (!prepare(transfer, request, error)) {
        put_aside(session, transfer);
        return NULL;
    }
    find_ended_connections(session);
    keep_enough_connections(session);
    if (curl_multi_add_handle(session->multi, transfer->easy) != CURLM_OK) {
        transfer->failed = true;
        put_aside(session, transfer);
        return refuse(error, "libcurl takes no more transfers");
    }
    transfer->state = DF_HTTP_RUNNING;
    transfer->number = ++engine->last_number;
    session->running++;
    list_add(&session->busy, transfer);
    return transfer;
}

/* Collects the transfers that libcurl has finished. */
static void collect(struct df_http_session *session) {
    CURLMsg *message;
    int left;
    while ((message = curl_multi_info_read(session->multi, &left))) {
        struct df_http_transfer *transfer;
        CURL *easy = message->easy_handle;
        CURLcode code = message->data.result;
        if (message->msg != CURLMSG_DONE ||
            curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&transfer) != CURLE_OK) {
            continue;
        }
        df_http_conclude(transfer, code);
        curl_multi_remove_handle(session->multi, easy);
        transfer->state = DF_HTTP_ENDED;
        session->running--;
        ended_add(&session->ended, transfer);
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

/* libcurl's multi cannot go on, which means that memory ran out: nothing may hang for that. */
static void stop_all(struct df_http_session *session) {
    for (struct df_http_transfer *transfer = session->busy.first; transfer;
         transfer = transfer->next) {
        if (transfer->state == DF_HTTP_RUNNING) {
            stop_transfer(transfer, "libcurl could not go on");
            transfer->error.kind = DF_KIND_LIMIT;
            ended_add(&session->ended, transfer);
        }
    }
}

static void step(struct df_http_session *session, double max_wait) {
    struct df_http_ready ready[EVENTS_AT_ONCE];
    int running = 0;
    CURLMcode code = CURLM_OK;
    if (is_due(session)) {
        code = run_timer(session, &running);
    } else if (session->running || session->watch.idle) {
        int milliseconds = session->running ? wait_time(session, max_wait) : 0;
        int count = df_http_watch_wait(&session->watch, ready, EVENTS_AT_ONCE, milliseconds);
        code = run_ready(session, ready, count, &running);
        if (code == CURLM_OK && is_due(session)) {
            code = run_timer(session, &running);
        }
    }
    collect(session);
    if (code != CURLM_OK) {
        stop_all(session);
    }
}

int df_http_step(struct df_http_engine *engine, double max_wait) {
    struct df_http_session *session = current_session(engine);
    if (!session) {
        return 0;
    }
    step(session, max_wait);
    return session->running;
}

void df_http_wait(struct df_http_engine *engine, struct df_http_transfer *transfer) {
    struct df_http_session *session = current_session(engine);
    while (transfer->state == DF_HTTP_RUNNING) {
        step(session, -1);
    }
}

unsigned long df_http_next_ended(struct df_http_engine *engine) {
    struct df_http_session *session = current_session(engine);
    struct df_http_transfer *transfer = session ? session->ended.first : NULL;
    if (!transfer) {
        return 0;
    }
    ended_remove(&session->ended, transfer);
    return transfer->number;
}

bool df_http_descriptor(struct df_http_engine *engine, struct df_http_descriptor *descriptor) {
    struct df_http_session *session = current_session(engine);
    if (!session) {
        return false;
    }
    *descriptor = (struct df_http_descriptor){session->watch.poller, true, false};
    return true;
}

double df_http_timeout(struct df_http_engine *engine) {
    struct df_http_session *session = current_session(engine);
    if (!session || session->wake_at < 0) {
        return -1;
    }
    double left = session->wake_at - df_clock_monotonic();
    return left > 0 ? left : 0;
}

bool df_http_transfer_ended(struct df_http_transfer *transfer) {
    if (transfer->state == DF_HTTP_RUNNING) {
        current_session(transfer->session->engine);
    }
    return transfer->state != DF_HTTP_RUNNING;
}

void df_http_cancel(struct df_http_transfer *transfer) {
    if (!df_http_transfer_ended(transfer)) {
        stop_transfer(transfer, "the call was cancelled");
        ended_add(&transfer->session->ended, transfer);
    }
}

void df_http_release(struct df_http_transfer *transfer) {
    if (transfer->session) {
        current_session(transfer->session->engine);
    }
    struct df_http_session *session = transfer->session;
    if (!session) {
        df_http_transfer_free(transfer);
        return;
    }
    if (transfer->state == DF_HTTP_RUNNING) {
        stop_transfer(transfer, "the call was cancelled");
    }
    ended_remove(&session->ended, transfer);
    list_remove(&session->busy, transfer);
    put_aside(session, transfer);
}
