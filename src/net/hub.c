#include "net/hub.h"

#include "base/alloc.h"
#include "base/clock.h"

#include <pthread.h>
#include <string.h>

/* For each byte that curl_easy_send and curl_easy_recv move, libcurl looks through the connections
 * of the multi. Before 7.85 it also forgot that a connection was in use, and could close it while
 * another one was being made; and it kept a connection open after its handle was removed. There
 * each has a multi of its own, which goes with it. */
enum { CONNECTIONS_OF_A_MULTI = 8 };
static unsigned connections_of_a_multi = CONNECTIONS_OF_A_MULTI;

static pthread_once_t curl_once = PTHREAD_ONCE_INIT;
static bool curl_is_ready;
static unsigned long generation;

static void count_fork(void) {
    generation++;
}

static void start_curl(void) {
    curl_is_ready = pthread_atfork(NULL, NULL, count_fork) == 0 &&
                    curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
    if (curl_is_ready && curl_version_info(CURLVERSION_NOW)->version_num < 0x075500) {
        connections_of_a_multi = 1;
    }
}

bool df_curl_prepare(void) {
    pthread_once(&curl_once, start_curl);
    return curl_is_ready;
}

unsigned long df_curl_generation(void) {
    return generation;
}

/* ---- libcurl's calls back ---- */

static int want_socket(CURL *easy, curl_socket_t fd, int what, void *context, void *unused) {
    struct df_multi *multi = context;
    int events = 0;
    (void)easy;
    (void)unused;
    if (what == CURL_POLL_IN || what == CURL_POLL_INOUT) {
        events |= DF_READ;
    }
    if (what == CURL_POLL_OUT || what == CURL_POLL_INOUT) {
        events |= DF_WRITE;
    }
    return df_poller_want(multi->hub->poller, fd, events, multi) ? 0 : -1;
}

static int want_timer(CURLM *handle, long milliseconds, void *context) {
    struct df_multi *multi = context;
    (void)handle;
    if (milliseconds <= 0) {
        multi->wake_at = (double)milliseconds;
    } else {
        multi->wake_at = df_clock_monotonic() + (double)milliseconds / 1000;
    }
    return 0;
}

/* ---- authorities ---- */

static void read_stamp(const char *ca_file, struct stat *stamp) {
    memset(stamp, 0, sizeof *stamp);
    if (!ca_file) {
        ca_file = curl_version_info(CURLVERSION_NOW)->cainfo;
    }
    if (ca_file && stat(ca_file, stamp) != 0) {
        memset(stamp, 0, sizeof *stamp);
    }
}

bool df_hub_is_current(const struct df_hub *hub) {
    struct stat now;
    read_stamp(hub->ca_file, &now);
    return now.st_dev == hub->stamp.st_dev && now.st_ino == hub->stamp.st_ino &&
           now.st_size == hub->stamp.st_size && now.st_mtime == hub->stamp.st_mtime &&
           now.st_ctime == hub->stamp.st_ctime;
}

/* ---- hubs and multis ---- */

struct df_hub *df_hub_new(struct df_poller *poller, const char *ca_file) {
    struct df_hub *hub = df_malloc(sizeof *hub);
    if (!hub) {
        return NULL;
    }
    memset(hub, 0, sizeof *hub);
    hub->poller = poller;
    hub->ca_file = ca_file;
    read_stamp(ca_file, &hub->stamp);
    hub->share = curl_share_init();
    if (!hub->share ||
        curl_share_setopt(hub->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS) != CURLSHE_OK ||
        curl_share_setopt(hub->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION) != CURLSHE_OK) {
        df_hub_free(hub);
        return NULL;
    }
    return hub;
}

static void free_multi(struct df_multi *multi) {
    curl_multi_cleanup(multi->handle);
    df_poller_forget(multi->hub->poller, multi);
    df_free(multi);
}

void df_hub_free(struct df_hub *hub) {
    while (hub->multis) {
        struct df_multi *multi = hub->multis;
        hub->multis = multi->next;
        free_multi(multi);
    }
    if (hub->share) {
        curl_share_cleanup(hub->share);
    }
    df_free(hub);
}

static struct df_multi *new_multi(struct df_hub *hub) {
    struct df_multi *multi = df_malloc(sizeof *multi);
    if (!multi) {
        return NULL;
    }
    *multi = (struct df_multi){.owner = DF_OWNER_MULTI, .hub = hub, .wake_at = -1};
    multi->handle = curl_multi_init();
    if (!multi->handle) {
        df_free(multi);
        return NULL;
    }
    if (curl_multi_setopt(multi->handle, CURLMOPT_SOCKETFUNCTION, want_socket) != CURLM_OK ||
        curl_multi_setopt(multi->handle, CURLMOPT_SOCKETDATA, multi) != CURLM_OK ||
        curl_multi_setopt(multi->handle, CURLMOPT_TIMERFUNCTION, want_timer) != CURLM_OK ||
        curl_multi_setopt(multi->handle, CURLMOPT_TIMERDATA, multi) != CURLM_OK ||
        curl_multi_setopt(multi->handle, CURLMOPT_MAXCONNECTS, 4L * CONNECTIONS_OF_A_MULTI) !=
            CURLM_OK) {
        curl_multi_cleanup(multi->handle);
        df_free(multi);
        return NULL;
    }
    multi->next = hub->multis;
    hub->multis = multi;
    return multi;
}

struct df_multi *df_hub_add(struct df_hub *hub, CURL *easy) {
    struct df_multi *multi = hub->multis;
    while (multi && (multi->broken || multi->connections >= connections_of_a_multi)) {
        multi = multi->next;
    }
    if (!multi) {
        multi = new_multi(hub);
    }
    if (!multi || curl_easy_setopt(easy, CURLOPT_SHARE, hub->share) != CURLE_OK ||
        curl_multi_add_handle(multi->handle, easy) != CURLM_OK) {
        return NULL;
    }
    multi->connections++;
    hub->connections++;
    return multi;
}

void df_hub_shrink(struct df_hub *hub) {
    struct df_multi **link = &hub->multis;
    while (*link) {
        struct df_multi *multi = *link;
        bool is_only = multi == hub->multis && !multi->next;
        if (multi->connections == 0 && (multi->broken || !is_only)) {
            *link = multi->next;
            free_multi(multi);
        } else {
            link = &multi->next;
        }
    }
}

void df_hub_remove(struct df_multi *multi, CURL *easy) {
    curl_multi_remove_handle(multi->handle, easy);
    multi->connections--;
    multi->hub->connections--;
    multi->broken = multi->broken || connections_of_a_multi == 1;
}

/* ---- driving ---- */

/* A multi that has broken down is not driven again: it may know handles that are gone. */
static bool note(struct df_multi *multi, CURLMcode code) {
    multi->broken = code != CURLM_OK;
    return !multi->broken;
}

bool df_multi_run_timer(struct df_multi *multi) {
    int running;
    multi->wake_at = -1;
    return !multi->broken &&
           note(multi, curl_multi_socket_action(multi->handle, CURL_SOCKET_TIMEOUT, 0, &running));
}

bool df_multi_run_socket(struct df_multi *multi, const struct df_ready *ready) {
    int running;
    int mask = ((ready->events & DF_READ) ? CURL_CSELECT_IN : 0) |
               ((ready->events & DF_WRITE) ? CURL_CSELECT_OUT : 0) |
               (ready->failed ? CURL_CSELECT_ERR : 0);
    return !multi->broken &&
           note(multi, curl_multi_socket_action(multi->handle, ready->fd, mask, &running));
}

CURL *df_multi_next_done(struct df_multi *multi, CURLcode *code) {
    CURLMsg *message;
    int left;
    while ((message = curl_multi_info_read(multi->handle, &left))) {
        if (message->msg == CURLMSG_DONE) {
            *code = message->data.result;
            return message->easy_handle;
        }
    }
    return NULL;
}
