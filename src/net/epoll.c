/* The poller over Linux's epoll. */

#include "net/poller.h"

#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

bool df_poller_backend_open(struct df_poller *poller) {
    poller->fd = epoll_create1(EPOLL_CLOEXEC);
    return poller->fd >= 0;
}

void df_poller_backend_close(struct df_poller *poller) {
    if (poller->fd >= 0) {
        close(poller->fd);
        poller->fd = -1;
    }
}

bool df_poller_backend_update(struct df_poller *poller, int fd) {
    struct df_watched *watched = &poller->watched[fd];
    struct epoll_event event = {0};
    event.events = ((watched->wanted & DF_READ) ? EPOLLIN : 0u) |
                   ((watched->wanted & DF_WRITE) ? EPOLLOUT : 0u);
    event.data.fd = fd;
    int told = watched->told;
    watched->told = watched->wanted;
    if (!watched->wanted) { /* libcurl may have closed it unseen: then it is not there any more */
        (void)epoll_ctl(poller->fd, EPOLL_CTL_DEL, fd, &event);
        return true;
    }
    if (told && epoll_ctl(poller->fd, EPOLL_CTL_MOD, fd, &event) == 0) {
        return true;
    }
    return (!told || errno == ENOENT) && epoll_ctl(poller->fd, EPOLL_CTL_ADD, fd, &event) == 0;
}

int df_poller_wait(struct df_poller *poller, struct df_ready ready[DF_READY_MAX],
                   int milliseconds) {
    struct epoll_event events[DF_READY_MAX];
    int count = epoll_wait(poller->fd, events, DF_READY_MAX, milliseconds);
    for (int i = 0; i < count; i++) {
        uint32_t got = events[i].events;
        ready[i].fd = events[i].data.fd;
        ready[i].events =
            ((got & (EPOLLIN | EPOLLHUP)) ? DF_READ : 0) | ((got & EPOLLOUT) ? DF_WRITE : 0);
        ready[i].failed = (got & EPOLLERR) != 0;
    }
    return count >= 0 ? count : errno == EINTR ? -1 : 0;
}

size_t df_poller_descriptors(const struct df_poller *poller, struct df_http_descriptor *list,
                             size_t capacity) {
    if (poller->fd < 0) {
        return 0;
    }
    if (capacity > 0) {
        list[0] = (struct df_http_descriptor){poller->fd, true, false};
    }
    return 1;
}
