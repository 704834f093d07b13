#ifndef DF_HTTP_SESSION_H
#define DF_HTTP_SESSION_H

/* Inside of the engine: what libcurl has made for it in one process, and the transfers. */

#include "net/transfer.h"
#include "net/watch.h"

/* Transfers in order of time. */
struct df_http_list {
    struct df_http_transfer *first;
    struct df_http_transfer *last;
};

struct df_http_session {
    struct df_http_session **home; /* where the engine keeps it */
    const struct df_http_options *options;
    unsigned long generation;
    CURLM *multi; /* NULL until it is wanted, and after it broke down */
    CURLSH *share;
    struct df_http_watch watch;
    double wake_at; /* monotonic; 0: at once; negative: libcurl has no timer */
    long kept_connections;
    int running;
    unsigned idle_count;
    struct df_http_transfer *idle;
    struct df_http_list busy;  /* running, or ended and not yet released */
    struct df_http_list ended; /* not yet named by df_http_next_ended */
    struct df_http_session *next_abandoned;
};

/* Makes libcurl ready, once for the process; false if it cannot be used. */
bool df_http_session_prepare(void);

/* The session at `home`, if there is one of this process. One of a parent process is put away
 * first: its connections stay the parent's, and its transfers end with kind `closed`. */
struct df_http_session *df_http_session_at(struct df_http_session **home);

/* Makes a session at `home`, which is empty. NULL if memory or descriptors run out. */
struct df_http_session *df_http_session_new(struct df_http_session **home,
                                            const struct df_http_options *options);

/* Ends what runs with kind `closed`, lets go of the transfers that are in someone's hands, and
 * closes each connection. */
void df_http_session_free(struct df_http_session *session);

/* A transfer to begin a call with; NULL if memory runs out. */
struct df_http_transfer *df_http_session_take(struct df_http_session *session);
/* Puts back one that was taken and has not begun. */
void df_http_session_put_back(struct df_http_session *session, struct df_http_transfer *transfer);

/* Hands a prepared transfer to libcurl; false if it will not have it. */
bool df_http_session_begin(struct df_http_session *session, struct df_http_transfer *transfer);
/* Notes that libcurl is done with a transfer, whose outcome is known. */
void df_http_session_end(struct df_http_session *session, struct df_http_transfer *transfer);
/* Ends a transfer that runs, its connection with it, with kind `closed`. */
void df_http_session_stop(struct df_http_session *session, struct df_http_transfer *transfer,
                          const char *why);
/* One that has ended and was not named before, the earliest first; NULL if there is none. */
struct df_http_transfer *df_http_session_next_ended(struct df_http_session *session);
/* Takes back a transfer that has ended. */
void df_http_session_release(struct df_http_session *session, struct df_http_transfer *transfer);

/* Ends all that runs, with kind `limit`, and starts anew: libcurl ran out of memory in a place from
 * which its multi does not recover. */
void df_http_session_break(struct df_http_session *session);

#endif
