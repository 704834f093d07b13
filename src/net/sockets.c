/* What both back ends of the poller have in common: the table of descriptors. */

#include "net/poller.h"

#include "base/alloc.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* SOCK_CLOEXEC is not everywhere. */
static bool close_on_exec(int fd) {
    return fcntl(fd, F_SETFD, FD_CLOEXEC) == 0;
}

bool df_poller_open(struct df_poller *poller) {
    memset(poller, 0, sizeof *poller);
    poller->fd = poller->highest = -1;
    return df_poller_backend_open(poller);
}

void df_poller_close(struct df_poller *poller) {
    df_poller_backend_close(poller);
    df_free(poller->watched);
    df_free(poller->memory);
    memset(poller, 0, sizeof *poller);
    poller->fd = poller->highest = -1;
}

static bool reserve(struct df_poller *poller, int fd) {
    size_t needed = (size_t)fd + 1;
    if (needed <= poller->capacity) {
        return true;
    }
    size_t capacity = needed < 64 ? 64 : needed * 2;
    struct df_watched *grown = df_realloc(poller->watched, capacity * sizeof *grown);
    if (!grown) {
        return false;
    }
    memset(grown + poller->capacity, 0, (capacity - poller->capacity) * sizeof *grown);
    poller->watched = grown;
    poller->capacity = capacity;
    return true;
}

int df_poller_socket(struct df_poller *poller, int family, int type, int protocol) {
    int fd = socket(family, type, protocol);
    if (fd < 0) {
        return -1;
    }
    if (!reserve(poller, fd) || !close_on_exec(fd)) {
        close(fd);
        errno = ENOMEM;
        return -1;
    }
    poller->watched[fd] = (struct df_watched){.open = true};
    return fd;
}

/* The kernel is told even before a close: a forked child may hold the same socket open, and then
 * epoll would go on reporting it. */
void df_poller_shut(struct df_poller *poller, int fd) {
    if ((size_t)fd < poller->capacity) {
        df_poller_silence(poller, fd);
        poller->watched[fd] = (struct df_watched){0};
    }
    close(fd);
}

void df_poller_silence(struct df_poller *poller, int fd) {
    poller->watched[fd].wanted = 0;
    if (poller->watched[fd].told) {
        (void)df_poller_backend_update(poller, fd);
    }
}

/* Of a socket that nobody waits for any more the kernel is told when it has something to say:
 * libcurl may have closed it already, and by now its number may be another thread's. */
bool df_poller_want(struct df_poller *poller, int fd, int events, void *owner) {
    if (!reserve(poller, fd)) {
        return false;
    }
    struct df_watched *watched = &poller->watched[fd];
    watched->owner = owner;
    watched->wanted = (unsigned char)events;
    if (fd > poller->highest) {
        poller->highest = fd;
    }
    if (watched->told == watched->wanted || (!events && watched->open) ||
        df_poller_backend_update(poller, fd)) {
        return true;
    }
    *watched = (struct df_watched){.open = watched->open};
    return false;
}

void df_poller_forget(struct df_poller *poller, const void *owner) {
    for (size_t fd = 0; fd < poller->capacity; fd++) {
        if (poller->watched[fd].wanted && poller->watched[fd].owner == owner) {
            df_poller_silence(poller, (int)fd);
        }
    }
}

const struct df_watched *df_poller_watched(const struct df_poller *poller, int fd) {
    static const struct df_watched nothing;
    return (size_t)fd < poller->capacity ? &poller->watched[fd] : &nothing;
}

void df_poller_disown(struct df_poller *poller) {
    /* The back end is shared with the parent: it is closed first, and nothing is taken out of it.
     */
    df_poller_backend_close(poller);
    for (size_t fd = 0; fd < poller->capacity; fd++) {
        if (poller->watched[fd].open) {
            close((int)fd);
        }
    }
}
