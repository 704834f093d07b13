/* The poller over POSIX's poll. */

#include "net/poller.h"

#include "base/alloc.h"

#include <errno.h>
#include <poll.h>

bool df_poller_backend_open(struct df_poller *poller) {
    (void)poller;
    return true;
}

void df_poller_backend_close(struct df_poller *poller) {
    (void)poller;
}

/* Reserves an entry for each descriptor, so that waiting needs no memory. */
bool df_poller_backend_update(struct df_poller *poller, int fd) {
    size_t size = poller->capacity * sizeof(struct pollfd);
    if (size > poller->memory_size) {
        void *grown = df_realloc(poller->memory, size);
        if (!grown) {
            return false;
        }
        poller->memory = grown;
        poller->memory_size = size;
    }
    poller->watched[fd].told = poller->watched[fd].wanted;
    return true;
}

int df_poller_wait(struct df_poller *poller, struct df_ready ready[DF_READY_MAX],
                   int milliseconds) {
    struct pollfd *entries = poller->memory;
    nfds_t used = 0;
    for (int fd = 0; fd <= poller->highest; fd++) {
        int wanted = poller->watched[fd].wanted;
        if (wanted) {
            short events =
                (short)(((wanted & DF_READ) ? POLLIN : 0) | ((wanted & DF_WRITE) ? POLLOUT : 0));
            entries[used++] = (struct pollfd){fd, events, 0};
        }
    }
    int count = poll(entries, used, milliseconds);
    int kept = 0;
    for (nfds_t i = 0; i < used && count > 0 && kept < DF_READY_MAX; i++) {
        short got = entries[i].revents;
        if (got) {
            ready[kept].fd = entries[i].fd;
            ready[kept].events =
                ((got & (POLLIN | POLLHUP)) ? DF_READ : 0) | ((got & POLLOUT) ? DF_WRITE : 0);
            ready[kept++].failed = (got & (POLLERR | POLLNVAL)) != 0;
        }
    }
    return count >= 0 ? kept : errno == EINTR ? -1 : 0;
}

size_t df_poller_descriptors(const struct df_poller *poller, struct df_http_descriptor *list,
                             size_t capacity) {
    size_t count = 0;
    for (int fd = 0; fd <= poller->highest; fd++) {
        int wanted = poller->watched[fd].wanted;
        if (wanted) {
            if (count < capacity) {
                list[count] = (struct df_http_descriptor){fd, (wanted & DF_READ) != 0,
                                                          (wanted & DF_WRITE) != 0};
            }
            count++;
        }
    }
    return count;
}
