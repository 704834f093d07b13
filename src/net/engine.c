#include "net/engine.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "net/hub.h"
#include "net/pool.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum {
    SPARE_TRANSFERS = 64,
    RECEIVE_SIZE = 32 * 1024,
    REQUEST_BODY_MAX = 64 * 1024 * 1024,
    WIRE_MAX = DF_HTTP1_MAX_REQUEST_HEAD + 1024 + REQUEST_BODY_MAX,
    KEPT_CAPACITY = 256 * 1024 /* a larger request's memory is given back after the call */
};

enum state { STATE_CONNECTING, STATE_EXCHANGING, STATE_ENDED };

struct df_http_transfer {
    struct df_http_engine *engine; /* NULL once the engine is gone */
    struct df_http_transfer *next; /* running, or spare */
    struct df_http_transfer *previous;
    struct df_http_transfer *next_ended; /* ended, and not yet named */
    struct df_http_transfer *previous_ended;
    unsigned long number;
    struct df_route *route;
    struct df_connection *connection;
    struct df_buffer wire; /* the request as it is sent */
    size_t sent;           /* bytes of it that this connection took */
    struct df_http1_reader reader;
    enum df_http1_method method;
    size_t max_response_bytes;
    double timeout, connect_timeout; /* seconds, for messages */
    double deadline, wake_at;        /* monotonic */
    struct df_http_error error;
    enum state state;
    bool once;
    bool failed;
    bool any_sent; /* a byte of the request may have reached the server */
    bool reused;
    bool again; /* it went out a second time */
    bool send_broke;
    bool unwatched; /* the poller is to be told what the exchange waits for */
    bool in_ended;
};

struct df_http_engine {
    char *ca_file;
    unsigned pool_size;
    double silence; /* seconds */
    unsigned long generation;
    bool is_open; /* the poller is */
    struct df_poller poller;
    struct df_hub *hubs; /* the first is for new connections, others still have some */
    struct df_pool pool;
    struct df_http_transfer *running; /* or ended and not yet released */
    struct df_http_transfer *spare;
    struct df_http_transfer *first_ended;
    struct df_http_transfer *last_ended;
    unsigned spare_count;
    unsigned unwatched; /* how many transfers are */
    int running_count;
    unsigned long last_number;
    double wake_at; /* no transfer wants to wake before; a bound */
    char *received; /* RECEIVE_SIZE */
};

/* ---- lists of transfers ---- */

static void running_add(struct df_http_engine *engine, struct df_http_transfer *transfer) {
    transfer->previous = NULL;
    transfer->next = engine->running;
    if (engine->running) {
        engine->running->previous = transfer;
    }
    engine->running = transfer;
}

static void running_remove(struct df_http_engine *engine, struct df_http_transfer *transfer) {
    *(transfer->previous ? &transfer->previous->next : &engine->running) = transfer->next;
    if (transfer->next) {
        transfer->next->previous = transfer->previous;
    }
}

static void ended_add(struct df_http_engine *engine, struct df_http_transfer *transfer) {
    transfer->previous_ended = engine->last_ended;
    transfer->next_ended = NULL;
    *(engine->last_ended ? &engine->last_ended->next_ended : &engine->first_ended) = transfer;
    engine->last_ended = transfer;
    transfer->in_ended = true;
}

static void ended_remove(struct df_http_engine *engine, struct df_http_transfer *transfer) {
    if (transfer->in_ended) {
        *(transfer->previous_ended ? &transfer->previous_ended->next_ended : &engine->first_ended) =
            transfer->next_ended;
        *(transfer->next_ended ? &transfer->next_ended->previous_ended : &engine->last_ended) =
            transfer->previous_ended;
        transfer->in_ended = false;
    }
}

/* ---- transfers ---- */

static void free_transfer(struct df_http_transfer *transfer) {
    df_route_drop(transfer->route);
    df_buffer_free(&transfer->wire);
    df_http1_reader_free(&transfer->reader);
    df_free(transfer);
}

static struct df_http_transfer *take_transfer(struct df_http_engine *engine) {
    struct df_http_transfer *transfer = engine->spare;
    if (transfer) {
        engine->spare = transfer->next;
        engine->spare_count--;
        return transfer;
    }
    transfer = df_malloc(sizeof *transfer);
    if (transfer) {
        memset(transfer, 0, sizeof *transfer);
        df_http1_reader_init(&transfer->reader);
        df_buffer_init(&transfer->wire, WIRE_MAX);
    }
    return transfer;
}

static void put_back(struct df_http_engine *engine, struct df_http_transfer *transfer) {
    if (engine->spare_count >= SPARE_TRANSFERS) {
        free_transfer(transfer);
        return;
    }
    if (transfer->wire.capacity > KEPT_CAPACITY) {
        df_buffer_free(&transfer->wire);
    }
    df_http1_reader_shrink(&transfer->reader);
    df_route_drop(transfer->route);
    transfer->route = NULL;
    transfer->next = engine->spare;
    engine->spare = transfer;
    engine->spare_count++;
}

/* ---- ends ---- */

static void forget_watch(struct df_http_transfer *transfer) {
    transfer->engine->unwatched -= transfer->unwatched;
    transfer->unwatched = false;
}

static void let_go(struct df_http_transfer *transfer) {
    forget_watch(transfer);
    if (transfer->connection) {
        df_connection_close(transfer->connection);
        transfer->connection = NULL;
    }
}

static void end(struct df_http_transfer *transfer) {
    transfer->state = STATE_ENDED;
    forget_watch(transfer);
    transfer->engine->running_count--;
    ended_add(transfer->engine, transfer);
}

/* The error is set. */
static void fail(struct df_http_transfer *transfer) {
    let_go(transfer);
    transfer->failed = true;
    transfer->error.sent = transfer->any_sent;
    end(transfer);
}

static void fail_with(struct df_http_transfer *transfer, enum df_kind kind, const char *why) {
    df_http_error_set(&transfer->error, kind, false, "%s", why);
    fail(transfer);
}

static void succeed(struct df_http_transfer *transfer, double now) {
    struct df_http_engine *engine = transfer->engine;
    struct df_connection *connection = transfer->connection;
    bool keep = transfer->reader.reusable && !transfer->reader.surplus &&
                transfer->sent == transfer->wire.length && connection->multi->hub == engine->hubs;
    if (keep) {
        transfer->connection = NULL;
        unsigned limit = engine->pool_size + (unsigned)engine->running_count - 1;
        df_pool_put(&engine->pool, connection, limit, now);
    } else {
        let_go(transfer);
    }
    end(transfer);
}

/* ---- connections ---- */

static void wake_no_later(struct df_http_engine *engine, double when) {
    if (engine->wake_at < 0 || when < engine->wake_at) {
        engine->wake_at = when;
    }
}

/* The hub for a new connection; NULL if memory or descriptors run out. */
static struct df_hub *current_hub(struct df_http_engine *engine) {
    if (engine->hubs && df_hub_is_current(engine->hubs)) {
        return engine->hubs;
    }
    df_pool_clear(&engine->pool);
    struct df_hub *hub = df_hub_new(&engine->poller, engine->ca_file);
    if (hub) {
        hub->next = engine->hubs;
        engine->hubs = hub;
    }
    return hub;
}

static bool connect_anew(struct df_http_transfer *transfer, double now) {
    struct df_http_engine *engine = transfer->engine;
    struct df_hub *hub = current_hub(engine);
    if (!hub) {
        df_http_error_set(&transfer->error, DF_KIND_LIMIT, false,
                          "not enough memory for a connection");
        return false;
    }
    transfer->connection = df_connection_open(hub, transfer->route, &transfer->error);
    if (!transfer->connection) {
        return false;
    }
    transfer->connection->transfer = transfer;
    transfer->reused = false;
    transfer->state = STATE_CONNECTING;
    transfer->wake_at = now + transfer->connect_timeout;
    if (transfer->wake_at > transfer->deadline) {
        transfer->wake_at = transfer->deadline;
    }
    wake_no_later(engine, transfer->wake_at);
    return true;
}

static void begin_exchange(struct df_http_transfer *transfer, double now) {
    double silence = transfer->engine->silence;
    transfer->state = STATE_EXCHANGING;
    transfer->sent = 0;
    transfer->send_broke = false;
    transfer->wake_at = transfer->deadline;
    if (transfer->reused && !transfer->once && now + 2 * silence <= transfer->deadline) {
        transfer->wake_at = now + silence;
    }
    wake_no_later(transfer->engine, transfer->wake_at);
    df_http1_reader_start(&transfer->reader, transfer->method, transfer->max_response_bytes);
}

/* Whether the request may go out over another connection: nothing of it was sent at all, or it is a
 * read and the kept connection ended before it said anything. */
static bool may_go_again(const struct df_http_transfer *transfer) {
    bool is_stale = transfer->reused && !transfer->once && !transfer->reader.any_byte;
    return !transfer->again && (is_stale || !transfer->any_sent);
}

static void go_again(struct df_http_transfer *transfer, double now) {
    transfer->again = true;
    let_go(transfer);
    if (!connect_anew(transfer, now)) {
        fail(transfer);
    }
}

/* ---- the exchange ---- */

static void fail_as_read(struct df_http_transfer *transfer) {
    char message[DF_HTTP_MESSAGE_SIZE];
    df_http1_reader_describe(&transfer->reader, transfer->route->parts[DF_ROUTE_LABEL], message,
                             sizeof message);
    fail_with(transfer, transfer->reader.error.kind, message);
}

static void lose(struct df_http_transfer *transfer, enum df_io how, double now) {
    struct df_connection *connection = transfer->connection;
    const char *label = transfer->route->parts[DF_ROUTE_LABEL];
    if (may_go_again(transfer)) {
        go_again(transfer, now);
        return;
    }
    if (transfer->reader.any_byte) {
        if (df_http1_reader_end(&transfer->reader, df_connection_end(connection, how)) ==
            DF_HTTP1_DONE) {
            succeed(transfer, now);
        } else {
            fail_as_read(transfer);
        }
        return;
    }
    const char *reason = df_connection_reason(connection);
    df_http_error_set(
        &transfer->error, DF_KIND_NETWORK, false, "the connection to %s %s%s%s", label,
        transfer->send_broke ? "broke while the request was sent" : "ended without a response",
        *reason ? ": " : "", reason);
    fail(transfer);
}

/* The response is whole. A server that gives up a kept connection with 408 has not read the
 * request. */
static void complete(struct df_http_transfer *transfer, double now) {
    if (transfer->reader.status == 408 && transfer->reused && !transfer->once && !transfer->again &&
        !transfer->reader.reusable) {
        go_again(transfer, now);
    } else {
        succeed(transfer, now);
    }
}

static void send_more(struct df_http_transfer *transfer) {
    while (transfer->sent < transfer->wire.length && !transfer->send_broke) {
        size_t moved;
        enum df_io io =
            df_connection_send(transfer->connection, transfer->wire.data + transfer->sent,
                               transfer->wire.length - transfer->sent, &moved);
        if (io == DF_IO_AGAIN) {
            return;
        }
        if (io != DF_IO_OK) {
            /* The server may have said why: its response is read before this is an error. */
            transfer->send_broke = true;
            return;
        }
        transfer->sent += moved;
        transfer->any_sent = transfer->any_sent || moved > 0;
    }
}

static enum df_io receive_piece(struct df_http_transfer *transfer, enum df_http1_result *result) {
    struct df_http1_reader *reader = &transfer->reader;
    size_t capacity, moved, consumed;
    char *space = df_http1_reader_space(reader, &capacity);
    enum df_io io;
    if (space) {
        io = df_connection_receive(transfer->connection, space, capacity, &moved);
        if (io == DF_IO_OK) {
            *result = df_http1_reader_filled(reader, moved);
        }
        return io;
    }
    char *buffer = transfer->engine->received;
    io = df_connection_receive(transfer->connection, buffer, RECEIVE_SIZE, &moved);
    if (io == DF_IO_OK) {
        *result = df_http1_reader_feed(reader, buffer, moved, &consumed);
    }
    return io;
}

/* Reads until there is nothing left: TLS may hold bytes that the socket no longer shows. */
static void receive(struct df_http_transfer *transfer, double now) {
    for (;;) {
        enum df_http1_result result = DF_HTTP1_MORE;
        enum df_io io = receive_piece(transfer, &result);
        if (io == DF_IO_AGAIN) {
            if (transfer->send_broke) {
                lose(transfer, DF_IO_ERROR, now);
            }
            return;
        }
        if (io != DF_IO_OK) {
            lose(transfer, io, now);
            return;
        }
        if (result == DF_HTTP1_DONE) {
            complete(transfer, now);
            return;
        }
        if (result == DF_HTTP1_ERROR) {
            fail_as_read(transfer);
            return;
        }
    }
}

static int wanted_events(const struct df_http_transfer *transfer) {
    return DF_READ | (transfer->sent < transfer->wire.length ? DF_WRITE : 0);
}

/* Notes whether the poller has to be told what the exchange waits for. It is told when somebody
 * waits through it: a connection that stays the same is told once. */
static void note_watch(struct df_http_transfer *transfer) {
    struct df_http_engine *engine = transfer->engine;
    bool is_unwatched = transfer->state == STATE_EXCHANGING &&
                        df_poller_watched(&engine->poller, transfer->connection->fd)->wanted !=
                            wanted_events(transfer);
    engine->unwatched += (unsigned)is_unwatched - (unsigned)transfer->unwatched;
    transfer->unwatched = is_unwatched;
}

/* Sends what is left, and reads what has come. */
static void advance(struct df_http_transfer *transfer, double now) {
    if (transfer->sent < transfer->wire.length) {
        send_more(transfer);
    }
    receive(transfer, now);
    note_watch(transfer);
}

/* The request's first bytes. Nothing has come yet, most likely: that is not asked for. */
static void send_first(struct df_http_transfer *transfer, double now) {
    send_more(transfer);
    if (transfer->send_broke) {
        receive(transfer, now);
    }
    note_watch(transfer);
}

/* ---- time ---- */

static void run_out(struct df_http_transfer *transfer, double now) {
    const char *label = transfer->route->parts[DF_ROUTE_LABEL];
    if (transfer->state == STATE_CONNECTING) {
        bool is_whole = now >= transfer->deadline;
        df_connection_explain_timeout(transfer->connection,
                                      is_whole ? transfer->timeout : transfer->connect_timeout,
                                      is_whole ? "" : " (connect_timeout)", &transfer->error);
        fail(transfer);
        return;
    }
    if (now < transfer->deadline) { /* silence on a kept connection */
        if (may_go_again(transfer)) {
            go_again(transfer, now);
        } else {
            transfer->wake_at = transfer->deadline;
        }
        return;
    }
    df_http_error_set(&transfer->error, DF_KIND_TIMEOUT, false, "%s %s within %.3g s",
                      transfer->sent < transfer->wire.length ? "the request could not be sent to"
                      : transfer->reader.any_byte            ? "no whole response from"
                                                             : "no response from",
                      label, transfer->timeout);
    fail(transfer);
}

/* Ends what has run out of time, and finds out when to look again. */
static void check_deadlines(struct df_http_engine *engine, double now) {
    struct df_http_transfer *next;
    if (engine->wake_at < 0 || now < engine->wake_at) {
        return;
    }
    engine->wake_at = -1;
    for (struct df_http_transfer *transfer = engine->running; transfer; transfer = next) {
        next = transfer->next;
        if (transfer->state != STATE_ENDED && now >= transfer->wake_at) {
            run_out(transfer, now);
        }
        if (transfer->state != STATE_ENDED) {
            wake_no_later(engine, transfer->wake_at);
        }
    }
}

/* When the engine wants to do something whatever happens; negative: never. */
static double next_wake(const struct df_http_engine *engine) {
    double wake_at = engine->wake_at;
    if (engine->first_ended) {
        return 0;
    }
    for (const struct df_hub *hub = engine->hubs; hub; hub = hub->next) {
        for (const struct df_multi *multi = hub->multis; multi; multi = multi->next) {
            if (multi->wake_at >= 0 && (wake_at < 0 || multi->wake_at < wake_at)) {
                wake_at = multi->wake_at;
            }
        }
    }
    return wake_at;
}

/* Milliseconds to wait, rounded up so that a timer has run out after them; -1 is without limit. */
static int milliseconds_until(double when, double now) {
    double left = (when - now) * 1000;
    return left <= 0 ? 0 : left > INT_MAX - 1 ? INT_MAX : (int)(left + 0.999);
}

/* ---- what libcurl has done ---- */

static void conclude(struct df_connection *connection, CURLcode code, double now) {
    struct df_http_transfer *transfer = connection->transfer;
    if (df_connection_opened(connection, code, &transfer->error)) {
        begin_exchange(transfer, now);
        send_first(transfer, now);
    } else {
        fail(transfer);
    }
}

/* libcurl ran out of memory where its multi does not recover from it. */
static void abandon_connecting(struct df_http_engine *engine, const struct df_multi *multi) {
    struct df_http_transfer *next;
    for (struct df_http_transfer *transfer = engine->running; transfer; transfer = next) {
        next = transfer->next;
        if (transfer->state == STATE_CONNECTING && transfer->connection->multi == multi) {
            fail_with(transfer, DF_KIND_LIMIT, "libcurl ran out of memory");
        }
    }
}

static void collect(struct df_http_engine *engine, struct df_multi *multi, bool is_well,
                    double now) {
    CURLcode code;
    CURL *easy;
    while ((easy = df_multi_next_done(multi, &code))) {
        struct df_connection *connection = NULL;
        curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&connection);
        conclude(connection, code, now);
    }
    if (!is_well) {
        abandon_connecting(engine, multi);
    }
}

/* Returns whether there was anything to do. */
static bool run_timers(struct df_http_engine *engine, double now) {
    bool any = false;
    for (struct df_hub *hub = engine->hubs; hub; hub = hub->next) {
        for (struct df_multi *multi = hub->multis; multi; multi = multi->next) {
            if (multi->wake_at >= 0 && multi->wake_at <= now) {
                any = true;
                collect(engine, multi, df_multi_run_timer(multi), now);
            }
        }
    }
    return any;
}

static void shrink(struct df_http_engine *engine) {
    if (!engine->hubs) {
        return;
    }
    if (engine->hubs->multis && engine->hubs->multis->next) {
        df_hub_shrink(engine->hubs);
    }
    struct df_hub **link = &engine->hubs->next;
    while (*link) {
        struct df_hub *hub = *link;
        if (hub->connections == 0) {
            *link = hub->next;
            df_hub_free(hub);
        } else {
            link = &hub->next;
        }
    }
}

/* ---- driving ---- */

static void run_ready(struct df_http_engine *engine, const struct df_ready *ready, double now) {
    /* Asked anew for each: what was done for one may have closed another. */
    const struct df_watched *watched = df_poller_watched(&engine->poller, ready->fd);
    if (!watched->wanted) {
        df_poller_silence(&engine->poller, ready->fd);
        return;
    }
    if (*(enum df_owner *)watched->owner == DF_OWNER_MULTI) {
        struct df_multi *multi = watched->owner;
        collect(engine, multi, df_multi_run_socket(multi, ready), now);
        return;
    }
    struct df_connection *connection = watched->owner;
    if (connection->transfer) {
        advance(connection->transfer, now);
    } else {
        df_pool_check(&engine->pool, connection);
    }
}

/* Tells the poller of exchanges that it does not know of yet. */
static void watch_all(struct df_http_engine *engine) {
    struct df_http_transfer *next;
    if (!engine->unwatched) {
        return;
    }
    engine->unwatched = 0;
    for (struct df_http_transfer *transfer = engine->running; transfer; transfer = next) {
        next = transfer->next;
        if (transfer->unwatched) {
            transfer->unwatched = false;
            if (!df_connection_want(transfer->connection, wanted_events(transfer))) {
                fail_with(transfer, DF_KIND_LIMIT, "the system cannot watch more connections");
            }
        }
    }
}

/* False where a signal came. */
static bool step(struct df_http_engine *engine, double max_wait) {
    struct df_ready ready[DF_READY_MAX];
    double now = df_clock_monotonic();
    int count = 0;
    if (!run_timers(engine, now)) {
        watch_all(engine);
        double wake_at = engine->running_count ? next_wake(engine) : 0;
        if (max_wait >= 0 && (wake_at < 0 || now + max_wait < wake_at)) {
            wake_at = now + max_wait;
        }
        int milliseconds = wake_at < 0 ? -1 : milliseconds_until(wake_at, now);
        count = df_poller_wait(&engine->poller, ready, milliseconds);
        now = df_clock_monotonic();
        for (int i = 0; i < count; i++) {
            run_ready(engine, &ready[i], now);
        }
        run_timers(engine, now);
    }
    check_deadlines(engine, now);
    shrink(engine);
    return count >= 0;
}

/* Waits for one exchange where no other runs: one call to the system. */
static bool wait_alone(struct df_http_transfer *transfer, double limit) {
    int events = POLLIN | (transfer->sent < transfer->wire.length ? POLLOUT : 0);
    struct pollfd entry = {transfer->connection->fd, (short)events, 0};
    double wake_at = transfer->wake_at < limit ? transfer->wake_at : limit;
    int count = poll(&entry, 1, milliseconds_until(wake_at, df_clock_monotonic()));
    double now = df_clock_monotonic();
    if (count > 0) {
        advance(transfer, now);
    }
    if (transfer->state != STATE_ENDED && now >= transfer->wake_at) {
        run_out(transfer, now);
    }
    return count >= 0 || errno != EINTR;
}

/* ---- after a fork ---- */

/* What a parent process's engines left behind in this one: hubs, and with them their connections.
 * libcurl may have had threads there that did not come along, so that its memory is left as it is,
 * and reachable. */
static struct df_hub *abandoned;
static pthread_mutex_t abandoned_lock = PTHREAD_MUTEX_INITIALIZER;

static void abandon(struct df_hub *hub) {
    pthread_mutex_lock(&abandoned_lock);
    while (hub) {
        struct df_hub *next = hub->next;
        hub->next = abandoned;
        abandoned = hub;
        hub = next;
    }
    pthread_mutex_unlock(&abandoned_lock);
}

/* From here on each transfer belongs to whom it was given. */
static void give_away(struct df_http_engine *engine) {
    while (engine->running) {
        struct df_http_transfer *transfer = engine->running;
        ended_remove(engine, transfer);
        running_remove(engine, transfer);
        transfer->engine = NULL;
    }
}

static void start_anew(struct df_http_engine *engine) {
    for (struct df_http_transfer *transfer = engine->running; transfer; transfer = transfer->next) {
        if (transfer->state != STATE_ENDED) {
            transfer->connection = NULL;
            transfer->any_sent = true; /* by the parent, perhaps, by now */
            fail_with(transfer, DF_KIND_CLOSED, "the process forked while the call was in flight");
        }
    }
    give_away(engine);
    abandon(engine->hubs);
    df_poller_disown(&engine->poller);
    df_poller_close(&engine->poller);
    engine->hubs = NULL;
    engine->pool.first = engine->pool.last = NULL;
    engine->pool.count = 0;
    engine->running_count = 0;
    engine->wake_at = -1;
    engine->is_open = false;
}

/* Whether the engine has anything of this process. */
static bool is_open(struct df_http_engine *engine) {
    if (engine->is_open && engine->generation != df_curl_generation()) {
        start_anew(engine);
    }
    return engine->is_open;
}

static bool open_engine(struct df_http_engine *engine) {
    if (!is_open(engine) && df_poller_open(&engine->poller)) {
        engine->is_open = true;
        engine->generation = df_curl_generation();
    }
    return engine->is_open;
}

/* ---- making and closing ---- */

struct df_http_engine *df_http_engine_new(const struct df_http_options *options) {
    struct df_http_engine *engine = df_curl_prepare() ? df_malloc(sizeof *engine) : NULL;
    if (!engine) {
        return NULL;
    }
    memset(engine, 0, sizeof *engine);
    engine->wake_at = -1;
    engine->pool_size = options->pool_size;
    engine->silence = options->silence;
    engine->pool.max_idle = options->pool_idle_time;
    engine->received = df_malloc(RECEIVE_SIZE);
    if (options->ca_file) {
        size_t size = strlen(options->ca_file) + 1;
        engine->ca_file = df_malloc(size);
        if (engine->ca_file) {
            memcpy(engine->ca_file, options->ca_file, size);
        }
    }
    if (!engine->received || (options->ca_file && !engine->ca_file)) {
        df_http_engine_free(engine);
        return NULL;
    }
    return engine;
}

void df_http_engine_free(struct df_http_engine *engine) {
    if (is_open(engine)) {
        for (struct df_http_transfer *transfer = engine->running; transfer;
             transfer = transfer->next) {
            if (transfer->state != STATE_ENDED) {
                fail_with(transfer, DF_KIND_CLOSED,
                          "the engine was closed while the call was in flight");
            }
        }
        df_pool_clear(&engine->pool);
        while (engine->hubs) {
            struct df_hub *hub = engine->hubs;
            engine->hubs = hub->next;
            df_hub_free(hub);
        }
        df_poller_close(&engine->poller);
    }
    give_away(engine);
    while (engine->spare) {
        struct df_http_transfer *transfer = engine->spare;
        engine->spare = transfer->next;
        free_transfer(transfer);
    }
    df_free(engine->received);
    df_free(engine->ca_file);
    df_free(engine);
}

/* ---- beginning ---- */

static bool write_request(struct df_http_transfer *transfer, const struct df_http_request *request,
                          struct df_http_error *error) {
    const char *authority = request->route->parts[DF_ROUTE_AUTHORITY];
    const struct df_http1_request parts = {.method = request->method,
                                           .target = request->target,
                                           .authority = {authority, strlen(authority)},
                                           .headers = request->headers,
                                           .header_count = request->header_count,
                                           .body = request->body};
    struct df_buffer *wire = &transfer->wire;
    size_t size, index;
    enum df_http1_written written = df_http1_check_request(&parts, &size, &index);
    if (written != DF_HTTP1_WRITTEN) {
        char message[DF_HTTP_MESSAGE_SIZE];
        df_http1_describe_written(written, &parts, index, message, sizeof message);
        df_http_error_set(error, DF_KIND_ARGUMENT, false, "%s", message);
        return false;
    }
    if (request->body.length > REQUEST_BODY_MAX) {
        df_http_error_set(error, DF_KIND_ARGUMENT, false, "body is too large: at most %d MiB",
                          REQUEST_BODY_MAX / 1024 / 1024);
        return false;
    }
    df_buffer_reset(wire, WIRE_MAX);
    if (df_buffer_reserve(wire, size + request->body.length) != DF_BUFFER_OK) {
        df_http_error_set(error, DF_KIND_LIMIT, false, "not enough memory for the request");
        return false;
    }
    wire->length = (size_t)(df_http1_put_head(wire->data, &parts) - wire->data);
    df_buffer_add(wire, request->body.data, request->body.length);
    return true;
}

static bool check_times(const struct df_http_request *request, struct df_http_error *error) {
    /* Written so that NaN fails. */
    if (!(request->connect_timeout > 0)) {
        df_http_error_set(error, DF_KIND_ARGUMENT, false, "connect_timeout is not above 0");
        return false;
    }
    if (!(request->timeout > 0)) {
        df_http_error_set(error, DF_KIND_TIMEOUT, false, "no time is left for the call");
        return false;
    }
    return true;
}

static bool begin(struct df_http_transfer *transfer, double now) {
    struct df_http_engine *engine = transfer->engine;
    struct df_connection *kept =
        transfer->once ? NULL : df_pool_take(&engine->pool, transfer->route, now);
    if (!kept) {
        return connect_anew(transfer, now);
    }
    transfer->connection = kept;
    kept->transfer = transfer;
    transfer->reused = true;
    begin_exchange(transfer, now);
    send_first(transfer, now);
    return true;
}

struct df_http_transfer *df_http_start(struct df_http_engine *engine,
                                       const struct df_http_request *request,
                                       struct df_http_error *error) {
    if (!check_times(request, error)) {
        return NULL;
    }
    struct df_http_transfer *transfer = open_engine(engine) ? take_transfer(engine) : NULL;
    if (!transfer) {
        df_http_error_set(error, DF_KIND_LIMIT, false,
                          "not enough memory or descriptors for a call");
        return NULL;
    }
    if (!write_request(transfer, request, error)) {
        put_back(engine, transfer);
        return NULL;
    }
    double now = df_clock_monotonic();
    transfer->engine = engine;
    transfer->route = df_route_keep(request->route);
    transfer->method = df_http1_method_of(request->method);
    transfer->max_response_bytes = request->max_response_bytes;
    transfer->timeout = request->timeout;
    transfer->connect_timeout = request->connect_timeout;
    transfer->deadline = now + request->timeout;
    transfer->once = request->once;
    transfer->failed = transfer->any_sent = transfer->reused = transfer->again = false;
    transfer->number = ++engine->last_number;
    running_add(engine, transfer);
    engine->running_count++;
    if (!begin(transfer, now)) {
        *error = transfer->error;
        running_remove(engine, transfer);
        engine->running_count--;
        put_back(engine, transfer);
        return NULL;
    }
    return transfer;
}

/* ---- for the caller ---- */

/* The longest that df_http_wait stays away from the caller, who may have missed a signal. */
static const double LONGEST_WAIT = 1;

int df_http_step(struct df_http_engine *engine, double max_wait) {
    if (!is_open(engine)) {
        return 0;
    }
    step(engine, max_wait);
    return engine->running_count;
}

bool df_http_wait(struct df_http_engine *engine, struct df_http_transfer *transfer) {
    double limit = df_clock_monotonic() + LONGEST_WAIT;
    if (!is_open(engine)) {
        return true;
    }
    while (transfer->state != STATE_ENDED) {
        bool is_alone = engine->running_count == 1 && transfer->state == STATE_EXCHANGING;
        bool is_quiet = is_alone ? wait_alone(transfer, limit) : step(engine, LONGEST_WAIT);
        if (!is_quiet || (transfer->state != STATE_ENDED && df_clock_monotonic() >= limit)) {
            return transfer->state == STATE_ENDED;
        }
    }
    return true;
}

unsigned long df_http_next_ended(struct df_http_engine *engine) {
    struct df_http_transfer *transfer = is_open(engine) ? engine->first_ended : NULL;
    if (!transfer) {
        return 0;
    }
    ended_remove(engine, transfer);
    return transfer->number;
}

size_t df_http_descriptors(struct df_http_engine *engine, struct df_http_descriptor *list,
                           size_t capacity) {
    if (!is_open(engine)) {
        return 0;
    }
    watch_all(engine);
    return df_poller_descriptors(&engine->poller, list, capacity);
}

double df_http_timeout(struct df_http_engine *engine) {
    double wake_at = is_open(engine) ? next_wake(engine) : -1;
    if (wake_at < 0) {
        return -1;
    }
    double left = wake_at - df_clock_monotonic();
    return left > 0 ? left : 0;
}

unsigned long df_http_transfer_number(const struct df_http_transfer *transfer) {
    return transfer->number;
}

bool df_http_transfer_ended(struct df_http_transfer *transfer) {
    if (transfer->engine) {
        is_open(transfer->engine);
    }
    return transfer->state == STATE_ENDED;
}

const struct df_http_error *df_http_transfer_error(const struct df_http_transfer *transfer) {
    return transfer->failed ? &transfer->error : NULL;
}

const struct df_http1_reader *df_http_transfer_response(const struct df_http_transfer *transfer) {
    return &transfer->reader;
}

bool df_http_transfer_reused(const struct df_http_transfer *transfer) {
    return transfer->reused;
}

void df_http_cancel(struct df_http_transfer *transfer) {
    if (!df_http_transfer_ended(transfer)) {
        fail_with(transfer, DF_KIND_CLOSED, "the call was cancelled");
    }
}

void df_http_release(struct df_http_transfer *transfer) {
    df_http_cancel(transfer);
    struct df_http_engine *engine = transfer->engine;
    if (engine) {
        ended_remove(engine, transfer);
        running_remove(engine, transfer);
        put_back(engine, transfer);
    } else {
        free_transfer(transfer);
    }
}
