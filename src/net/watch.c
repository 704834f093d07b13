#include "net/watch.h"

#include "base/alloc.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

bool df_http_watch_init(struct df_http_watch *watch) {
    int pair[2];
    memset(watch, 0, sizeof *watch);
    watch->dead = -1;
    watch->poller = epoll_create1(EPOLL_CLOEXEC);
    if (watch->poller < 0) {
        return false;
    }
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
        df_http_watch_free(watch);
        return false;
    }
    close(pair[1]);
    watch->dead = pair[0];
    return true;
}

void df_http_watch_free(struct df_http_watch *watch) {
    if (watch->poller >= 0) {
        close(watch->poller);
    }
    if (watch->dead >= 0) {
        close(watch->dead);
    }
    df_free(watch->sockets);
    memset(watch, 0, sizeof *watch);
    watch->poller = watch->dead = -1;
}

static bool make_room(struct df_http_watch *watch, int fd) {
    size_t needed = (size_t)fd + 1;
    if (needed <= watch->room) {
        return true;
    }
    size_t room = needed < 64 ? 64 : needed * 2;
    struct df_http_watched *grown = df_realloc(watch->sockets, room * sizeof *grown);
    if (!grown) {
        return false;
    }
    memset(grown + watch->room, 0, (room - watch->room) * sizeof *grown);
    watch->sockets = grown;
    watch->room = room;
    return true;
}

int df_http_watch_open(struct df_http_watch *watch, int family, int type, int protocol) {
    int fd = socket(family, type | SOCK_CLOEXEC, protocol);
    if (fd < 0) {
        return -1;
    }
    if (!make_room(watch, fd)) {
        close(fd);
        errno = ENOMEM;
        return -1;
    }
    watch->sockets[fd] = (struct df_http_watched){.open = 1};
    return fd;
}

static bool is_idle(const struct df_http_watched *socket) {
    return socket->armed && !socket->wanted;
}

/* Told explicitly even before a close: a forked child may hold the same socket open, and then the
 * kernel would go on reporting it. */
static void disarm(struct df_http_watch *watch, int fd) {
    struct df_http_watched *socket = &watch->sockets[fd];
    struct epoll_event ignored = {0};
    if (is_idle(socket)) {
        watch->idle--;
    }
    if (socket->armed) {
        epoll_ctl(watch->poller, EPOLL_CTL_DEL, fd, &ignored);
        socket->armed = 0;
    }
}

void df_http_watch_close(struct df_http_watch *watch, int fd) {
    if ((size_t)fd < watch->room) {
        disarm(watch, fd);
        watch->sockets[fd] = (struct df_http_watched){0};
    }
    close(fd);
}

static bool arm(struct df_http_watch *watch, int fd, int events) {
    struct df_http_watched *socket = &watch->sockets[fd];
    struct epoll_event event = {0};
    event.events =
        ((events & DF_HTTP_READ) ? EPOLLIN : 0) | ((events & DF_HTTP_WRITE) ? EPOLLOUT : 0);
    event.data.fd = fd;
    int operation = socket->armed ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
    if (epoll_ctl(watch->poller, operation, fd, &event) != 0) {
        return false;
    }
    socket->armed = (unsigned char)events;
    return true;
}

bool df_http_watch_want(struct df_http_watch *watch, int fd, int events) {
    if (!make_room(watch, fd)) {
        return false;
    }
    struct df_http_watched *socket = &watch->sockets[fd];
    bool was_idle = is_idle(socket);
    if (events && events != socket->armed && !arm(watch, fd, events)) {
        return false;
    }
    socket->wanted = (unsigned char)events;
    watch->idle += (size_t)is_idle(socket) - (size_t)was_idle;
    /* A connection that is put aside stays armed: it is likely to be wanted again, for the same,
     * and until then its end is noticed. What libcurl opened by itself may be closed unseen. */
    if (!events && !socket->open) {
        disarm(watch, fd);
    }
    return true;
}

void df_http_watch_allow_chatter(struct df_http_watch *watch, int fd) {
    if (fd >= 0 && (size_t)fd < watch->room) {
        watch->sockets[fd].chatty = 1;
    }
}

/* Puts the dead socket in the place of a connection, under the same descriptor. */
static void cut(struct df_http_watch *watch, int fd) {
    while (dup2(watch->dead, fd) < 0 && errno == EINTR) {
    }
}

static bool is_unwanted(struct df_http_watch *watch, int fd) {
    struct df_http_watched *socket = &watch->sockets[fd];
    if (socket->wanted) {
        return false;
    }
    disarm(watch, fd);
    if (socket->open && !socket->chatty) {
        cut(watch, fd);
    }
    return true;
}

int df_http_watch_wait(struct df_http_watch *watch, struct df_http_ready ready[DF_HTTP_EVENTS],
                       int milliseconds) {
    struct epoll_event events[DF_HTTP_EVENTS];
    int count = epoll_wait(watch->poller, events, DF_HTTP_EVENTS, milliseconds);
    int kept = 0;
    for (int i = 0; i < count; i++) {
        int fd = events[i].data.fd;
        uint32_t got = events[i].events;
        if (is_unwanted(watch, fd)) {
            continue;
        }
        ready[kept].fd = fd;
        ready[kept].events = ((got & (EPOLLIN | EPOLLHUP)) ? DF_HTTP_READ : 0) |
                             ((got & EPOLLOUT) ? DF_HTTP_WRITE : 0);
        ready[kept++].failed = (got & EPOLLERR) != 0;
    }
    return kept;
}

void df_http_watch_cut_all(struct df_http_watch *watch) {
    /* The poller is shared with the parent: it is closed, and nothing is taken out of it. */
    close(watch->poller);
    watch->poller = -1;
    for (size_t fd = 0; fd < watch->room; fd++) {
        if (watch->sockets[fd].open) {
            cut(watch, (int)fd);
        }
        watch->sockets[fd].armed = 0;
        watch->sockets[fd].wanted = 0;
    }
    watch->idle = 0;
}
