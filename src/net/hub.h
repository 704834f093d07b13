#ifndef DF_HUB_H
#define DF_HUB_H

#include "net/poller.h"

#include <curl/curl.h>
#include <sys/stat.h>

/* What libcurl makes connections with: easy handles live in multis, and share addresses and TLS
 * sessions. A hub is for one set of authorities: when their file changes it is retired, and the
 * next connection gets another hub, so that no session outlives an authority that was removed. */

/* Whose a descriptor is: the first field of each owner in the poller. */
enum df_owner { DF_OWNER_MULTI, DF_OWNER_CONNECTION };

struct df_multi {
    enum df_owner owner;
    struct df_multi *next;
    struct df_hub *hub;
    CURLM *handle;
    double wake_at; /* monotonic; 0: at once; negative: libcurl has no timer */
    unsigned connections;
    bool broken; /* libcurl ran out of memory in it */
};

struct df_hub {
    struct df_hub *next;
    struct df_poller *poller;
    const char *ca_file; /* NULL: libcurl's own */
    struct stat stamp;   /* of the authorities' file */
    CURLSH *share;
    struct df_multi *multis;
    unsigned connections;
};

/* Makes libcurl ready, once for the process; false if it cannot be used. */
bool df_curl_prepare(void);

/* How often this process's line has forked. */
unsigned long df_curl_generation(void);

/* NULL if memory or descriptors run out. `ca_file` must stay. */
struct df_hub *df_hub_new(struct df_poller *poller, const char *ca_file);
/* No connection may be left. */
void df_hub_free(struct df_hub *hub);

/* Whether the authorities are still those that the hub began with. */
bool df_hub_is_current(const struct df_hub *hub);

/* Puts a handle into one of the multis; NULL if that fails. */
struct df_multi *df_hub_add(struct df_hub *hub, CURL *easy);
/* Takes it out, which closes its connection. */
void df_hub_remove(struct df_multi *multi, CURL *easy);

/* Frees multis that nobody uses. Not while somebody looks at one. */
void df_hub_shrink(struct df_hub *hub);

/* Lets libcurl do what is due, or what a descriptor of its own is ready for. False where the multi
 * broke down: then its connections that are not open yet must be closed. */
bool df_multi_run_timer(struct df_multi *multi);
bool df_multi_run_socket(struct df_multi *multi, const struct df_ready *ready);

/* A handle that is done; NULL if there is none. */
CURL *df_multi_next_done(struct df_multi *multi, CURLcode *code);

#endif
