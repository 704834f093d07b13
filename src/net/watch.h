#ifndef DF_HTTP_WATCH_H
#define DF_HTTP_WATCH_H

/* The sockets of a session: which of them libcurl wants to hear of, and waiting for those. */

#include <stdbool.h>
#include <stddef.h>

enum { DF_HTTP_READ = 1, DF_HTTP_WRITE = 2 };
enum { DF_HTTP_EVENTS = 64 }; /* at once */

struct df_http_watched {
    unsigned char open;   /* made by df_http_watch_open */
    unsigned char wanted; /* what libcurl waits for */
    unsigned char armed;  /* what the kernel was told */
    unsigned char chatty; /* may say something while it is idle */
};

struct df_http_watch {
    int poller;
    int dead;    /* a socket whose other end is closed */
    size_t idle; /* sockets that are armed and not wanted */
    size_t room;
    struct df_http_watched *sockets; /* by descriptor */
};

struct df_http_ready {
    int fd;
    int events;
    bool failed;
};

/* All zero but for the descriptors, which are -1, is a closed watch. */
bool df_http_watch_init(struct df_http_watch *watch);
/* Closes what is the watch's own; sockets stay open. */
void df_http_watch_free(struct df_http_watch *watch);

/* Makes a socket that is closed by exec; -1 and errno if that fails. */
int df_http_watch_open(struct df_http_watch *watch, int family, int type, int protocol);
void df_http_watch_close(struct df_http_watch *watch, int fd);

/* Says what is wanted of a socket from now on; 0 is nothing. */
bool df_http_watch_want(struct df_http_watch *watch, int fd, int events);

/* From now on what an idle connection says is libcurl's business, as with HTTP/2. */
void df_http_watch_allow_chatter(struct df_http_watch *watch, int fd);

/* Waits at most so many milliseconds (-1: without limit), and writes down what is ready. Sockets
 * that nobody waits for are dealt with: an idle connection that the server closed, or that holds
 * bytes nobody asked for, is cut off, so that libcurl will not use it again. */
int df_http_watch_wait(struct df_http_watch *watch, struct df_http_ready ready[DF_HTTP_EVENTS],
                       int milliseconds);

/* After a fork: cuts the child's copy of each socket off from the connection, which stays the
 * parent's. Nothing is sent. */
void df_http_watch_cut_all(struct df_http_watch *watch);

#endif
