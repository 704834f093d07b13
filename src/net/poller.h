#ifndef DF_POLLER_H
#define DF_POLLER_H

#include <stdbool.h>
#include <stddef.h>

/* Sockets and what is waited for on them. Two back ends, of which the build takes one: epoll.c, and
 * poll.c for any POSIX system (DATAFOREST_POLL). sockets.c is what both have in common. */

enum { DF_READ = 1, DF_WRITE = 2 };
enum { DF_READY_MAX = 64 }; /* at once */

struct df_watched {
    void *owner;          /* NULL: libcurl's */
    unsigned char wanted; /* DF_READ, DF_WRITE, or both */
    unsigned char told;   /* what the kernel knows */
    bool open;            /* made by df_poller_socket */
};

struct df_poller {
    int fd;       /* of the back end; -1 where it has none */
    int highest;  /* the highest descriptor that was watched */
    void *memory; /* of the back end */
    size_t memory_size;
    size_t capacity;
    struct df_watched *watched; /* by descriptor */
};

struct df_ready {
    int fd;
    int events;
    bool failed;
};

/* Something to wait for, for a foreign event loop. */
struct df_http_descriptor {
    int fd;
    bool read;
    bool write;
};

bool df_poller_open(struct df_poller *poller);
/* Frees what is the poller's own; sockets stay open. */
void df_poller_close(struct df_poller *poller);

/* Makes a socket that exec closes; -1 and errno if that fails. */
int df_poller_socket(struct df_poller *poller, int family, int type, int protocol);
/* Stops watching a descriptor and closes it. */
void df_poller_shut(struct df_poller *poller, int fd);

/* Says what is waited for on a descriptor from now on; 0 is nothing. */
bool df_poller_want(struct df_poller *poller, int fd, int events, void *owner);

/* Stops watching a descriptor that is ready and that nobody waits for. */
void df_poller_silence(struct df_poller *poller, int fd);

/* Stops watching whatever an owner has. */
void df_poller_forget(struct df_poller *poller, const void *owner);

/* Whose a descriptor is, and whether anything is wanted of it. */
const struct df_watched *df_poller_watched(const struct df_poller *poller, int fd);

/* Waits at most so many milliseconds (-1: without limit) and notes what is ready. Returns how many
 * are; -1 where a signal came. */
int df_poller_wait(struct df_poller *poller, struct df_ready ready[DF_READY_MAX], int milliseconds);

/* Lists at most `capacity` descriptors for a foreign loop; returns how many there are. */
size_t df_poller_descriptors(const struct df_poller *poller, struct df_http_descriptor *list,
                             size_t capacity);

/* In a child, after a fork: closes its copies of the sockets. The connections stay the parent's,
 * and nothing is sent. */
void df_poller_disown(struct df_poller *poller);

/* The back end's. Each keeps `told`. `update` tells the kernel what is wanted of a descriptor. */
bool df_poller_backend_open(struct df_poller *poller);
void df_poller_backend_close(struct df_poller *poller);
bool df_poller_backend_update(struct df_poller *poller, int fd);

#endif
