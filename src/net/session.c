#include "net/session.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "net/outcome.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

enum { IDLE_TRANSFERS = 64, IDLE_CONNECTIONS = 64 };

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

bool df_http_session_prepare(void) {
    pthread_once(&curl_once, start_curl);
    return curl_is_ready;
}

/* ---- libcurl's calls back ---- */

static curl_socket_t open_socket(void *context, curlsocktype purpose,
                                 struct curl_sockaddr *address) {
    struct df_http_transfer *transfer = context;
    (void)purpose;
    int fd = df_http_watch_open(&transfer->session->watch, address->family, address->socktype,
                                address->protocol);
    if (fd < 0 && (errno == ENOMEM || errno == ENOBUFS || errno == EMFILE || errno == ENFILE)) {
        transfer->socket_error = errno;
    }
    return fd;
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

static void busy_add(struct df_http_list *list, struct df_http_transfer *transfer) {
    transfer->previous = list->last;
    transfer->next = NULL;
    *(list->last ? &list->last->next : &list->first) = transfer;
    list->last = transfer;
}

static void busy_remove(struct df_http_list *list, struct df_http_transfer *transfer) {
    *(transfer->previous ? &transfer->previous->next : &list->first) = transfer->next;
    *(transfer->next ? &transfer->next->previous : &list->last) = transfer->previous;
}

static void ended_add(struct df_http_list *list, struct df_http_transfer *transfer) {
    transfer->previous_ended = list->last;
    transfer->next_ended = NULL;
    *(list->last ? &list->last->next_ended : &list->first) = transfer;
    list->last = transfer;
    transfer->in_ended = true;
}

static void ended_remove(struct df_http_list *list, struct df_http_transfer *transfer) {
    if (transfer->in_ended) {
        *(transfer->previous_ended ? &transfer->previous_ended->next_ended : &list->first) =
            transfer->next_ended;
        *(transfer->next_ended ? &transfer->next_ended->previous_ended : &list->last) =
            transfer->previous_ended;
        transfer->in_ended = false;
    }
}

struct df_http_transfer *df_http_session_next_ended(struct df_http_session *session) {
    struct df_http_transfer *transfer = session->ended.first;
    if (transfer) {
        ended_remove(&session->ended, transfer);
    }
    return transfer;
}

/* ---- the multi ---- */

static bool set_up_multi(struct df_http_session *session) {
    CURLM *multi = session->multi;
    unsigned asked = session->options->max_connections;
    long multiplex = session->options->http2 ? CURLPIPE_MULTIPLEX : CURLPIPE_NOTHING;
    session->kept_connections = asked ? asked : IDLE_CONNECTIONS;
    return curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, want_socket) == CURLM_OK &&
           curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, session) == CURLM_OK &&
           curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, want_timer) == CURLM_OK &&
           curl_multi_setopt(multi, CURLMOPT_TIMERDATA, session) == CURLM_OK &&
           curl_multi_setopt(multi, CURLMOPT_PIPELINING, multiplex) == CURLM_OK &&
           curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, session->kept_connections) == CURLM_OK;
}

/* What is idle, and the connections. No transfer that libcurl knows may be left. */
static void close_multi(struct df_http_session *session) {
    while (session->idle) {
        struct df_http_transfer *transfer = session->idle;
        session->idle = transfer->next;
        df_http_transfer_free(transfer);
    }
    session->idle_count = 0;
    if (session->multi) {
        curl_multi_cleanup(session->multi);
        session->multi = NULL;
    }
    if (session->share) {
        curl_share_cleanup(session->share);
        session->share = NULL;
    }
    session->wake_at = -1;
}

/* Connections and addresses belong to the multi. TLS sessions would belong to each handle, if they
 * were not shared. */
static bool open_multi(struct df_http_session *session) {
    session->multi = curl_multi_init();
    session->share = curl_share_init();
    if (session->multi && session->share && set_up_multi(session) &&
        curl_share_setopt(session->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION) ==
            CURLSHE_OK) {
        return true;
    }
    close_multi(session);
    return false;
}

/* ---- transfers ---- */

static void close_transfer(struct df_http_transfer *transfer, enum df_kind kind, bool sent,
                           const char *why) {
    transfer->failed = true;
    df_http_error_set(&transfer->error, kind, sent, "%s", why);
    transfer->state = DF_HTTP_ENDED;
}

static void stop(struct df_http_session *session, struct df_http_transfer *transfer,
                 enum df_kind kind, const char *why) {
    bool sent = df_http_may_have_sent(transfer);
    curl_multi_remove_handle(session->multi, transfer->easy);
    session->running--;
    close_transfer(transfer, kind, sent, why);
    ended_add(&session->ended, transfer);
}

void df_http_session_stop(struct df_http_session *session, struct df_http_transfer *transfer,
                          const char *why) {
    stop(session, transfer, DF_KIND_CLOSED, why);
}

static bool join(struct df_http_session *session, struct df_http_transfer *transfer) {
    CURL *easy = transfer->easy;
    bool http2 = session->options->http2;
    long version = http2 ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1;
    transfer->session = session;
    return curl_easy_setopt(easy, CURLOPT_SHARE, session->share) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, version) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PIPEWAIT, http2 ? 1L : 0L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, transfer) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, close_socket) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, session) == CURLE_OK;
}

struct df_http_transfer *df_http_session_take(struct df_http_session *session) {
    struct df_http_transfer *transfer = session->idle;
    if (transfer) {
        session->idle = transfer->next;
        session->idle_count--;
        return transfer;
    }
    if (!session->multi && !open_multi(session)) {
        return NULL;
    }
    transfer = df_http_transfer_new(session->options);
    if (transfer && !join(session, transfer)) {
        df_http_transfer_free(transfer);
        return NULL;
    }
    return transfer;
}

/* After a failure a handle may remember things. */
void df_http_session_put_back(struct df_http_session *session, struct df_http_transfer *transfer) {
    if (!transfer->easy || transfer->failed || session->idle_count >= IDLE_TRANSFERS) {
        df_http_transfer_free(transfer);
        return;
    }
    df_http_transfer_rest(transfer);
    transfer->state = DF_HTTP_IDLE;
    transfer->next = session->idle;
    session->idle = transfer;
    session->idle_count++;
}

/* Finds those of the kept connections that are not to be used again: the server has closed them, or
 * has sent what nobody asked for. */
static void find_ended_connections(struct df_http_session *session) {
    if (session->watch.idle) {
        struct df_http_ready ready[DF_HTTP_EVENTS];
        df_http_watch_wait(&session->watch, ready, 0);
    }
}

/* libcurl closes idle connections beyond a number; while more calls than that run, each would lose
 * its connection when it ends. */
static void keep_enough_connections(struct df_http_session *session) {
    if (session->running >= session->kept_connections) {
        session->kept_connections = 2L * session->running;
        curl_multi_setopt(session->multi, CURLMOPT_MAXCONNECTS, session->kept_connections);
    }
}

bool df_http_session_begin(struct df_http_session *session, struct df_http_transfer *transfer) {
    find_ended_connections(session);
    keep_enough_connections(session);
    if (curl_multi_add_handle(session->multi, transfer->easy) != CURLM_OK) {
        return false;
    }
    transfer->state = DF_HTTP_RUNNING;
    session->running++;
    busy_add(&session->busy, transfer);
    return true;
}

/* A server may say something on an idle connection of HTTP/2, which is no answer that nobody asked
 * for. */
static void allow_chatter(struct df_http_session *session,
                          const struct df_http_transfer *transfer) {
    long version = 0;
    curl_socket_t fd = CURL_SOCKET_BAD;
    if (curl_easy_getinfo(transfer->easy, CURLINFO_HTTP_VERSION, &version) == CURLE_OK &&
        version >= CURL_HTTP_VERSION_2_0 &&
        curl_easy_getinfo(transfer->easy, CURLINFO_ACTIVESOCKET, &fd) == CURLE_OK) {
        df_http_watch_allow_chatter(&session->watch, fd);
    }
}

void df_http_session_end(struct df_http_session *session, struct df_http_transfer *transfer) {
    if (session->options->http2) {
        allow_chatter(session, transfer);
    }
    curl_multi_remove_handle(session->multi, transfer->easy);
    transfer->state = DF_HTTP_ENDED;
    session->running--;
    ended_add(&session->ended, transfer);
}

void df_http_session_release(struct df_http_session *session, struct df_http_transfer *transfer) {
    ended_remove(&session->ended, transfer);
    busy_remove(&session->busy, transfer);
    df_http_session_put_back(session, transfer);
}

/* ---- making and closing ---- */

/* Those that are in someone's hands keep what they have received, and no handle. */
static void take_handles(struct df_http_session *session) {
    for (struct df_http_transfer *transfer = session->busy.first; transfer;
         transfer = transfer->next) {
        curl_easy_cleanup(transfer->easy);
        transfer->easy = NULL;
    }
}

static void stop_all(struct df_http_session *session, enum df_kind kind, const char *why) {
    for (struct df_http_transfer *transfer = session->busy.first; transfer;
         transfer = transfer->next) {
        if (transfer->state == DF_HTTP_RUNNING) {
            stop(session, transfer, kind, why);
        }
    }
}

/* From here on each belongs to whom it was given. */
static void let_go(struct df_http_session *session) {
    while (session->busy.first) {
        struct df_http_transfer *transfer = session->busy.first;
        ended_remove(&session->ended, transfer);
        busy_remove(&session->busy, transfer);
        transfer->session = NULL;
    }
}

void df_http_session_break(struct df_http_session *session) {
    stop_all(session, DF_KIND_LIMIT, "libcurl ran out of memory");
    take_handles(session);
    close_multi(session);
}

void df_http_session_free(struct df_http_session *session) {
    stop_all(session, DF_KIND_CLOSED, "the engine was closed while the call was in flight");
    take_handles(session);
    let_go(session);
    close_multi(session);
    df_http_watch_free(&session->watch);
    df_free(session);
}

struct df_http_session *df_http_session_new(struct df_http_session **home,
                                            const struct df_http_options *options) {
    struct df_http_session *session = df_malloc(sizeof *session);
    if (!session) {
        return NULL;
    }
    memset(session, 0, sizeof *session);
    session->home = home;
    session->options = options;
    session->generation = generation;
    session->wake_at = -1;
    if (!df_http_watch_init(&session->watch)) {
        df_free(session);
        return NULL;
    }
    return *home = session;
}

/* ---- after a fork ---- */

/* Sessions of a parent process in which calls were in flight: libcurl may have threads there that
 * did not come along, so that its memory is left as it is, and reachable. */
static struct df_http_session *abandoned;
static pthread_mutex_t abandoned_lock = PTHREAD_MUTEX_INITIALIZER;

static void close_after_fork(struct df_http_session *session) {
    for (struct df_http_transfer *transfer = session->busy.first; transfer;
         transfer = transfer->next) {
        if (transfer->state == DF_HTTP_RUNNING) {
            close_transfer(transfer, DF_KIND_CLOSED, true,
                           "the process forked while the call was in flight");
        }
        transfer->easy = NULL;
    }
    let_go(session);
    pthread_mutex_lock(&abandoned_lock);
    session->next_abandoned = abandoned;
    abandoned = session;
    pthread_mutex_unlock(&abandoned_lock);
}

struct df_http_session *df_http_session_at(struct df_http_session **home) {
    struct df_http_session *session = *home;
    if (session && session->generation != generation) {
        *home = NULL;
        df_http_watch_cut_all(&session->watch);
        if (session->running > 0) {
            close_after_fork(session);
        } else {
            df_http_session_free(session);
        }
    }
    return *home;
}
