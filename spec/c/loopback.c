#include "loopback.h"

#include "net/route.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#ifndef MSG_NOSIGNAL /* not everywhere */
#define MSG_NOSIGNAL 0
#endif

enum { LINKS = 128, REQUEST = 4096 };

struct link {
    int number;
    long answer_at; /* milliseconds; 0: nothing is to be answered */
    size_t used;
    char request[REQUEST];
};

static struct pollfd fds[LINKS + 2]; /* the listener, the pipe that stops the server, the links */
static struct link links[LINKS + 2];
static int count;
static int stopper[2];
static pthread_t thread;
static atomic_int connections, drops;

static long now(void) {
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return at.tv_sec * 1000 + at.tv_nsec / 1000000;
}

static void take_in(void) {
    int fd = accept(fds[0].fd, NULL, NULL);
    if (fd < 0) {
        return;
    }
    if (count == LINKS + 2) {
        close(fd);
        return;
    }
    fds[count] = (struct pollfd){.fd = fd, .events = POLLIN};
    memset(&links[count], 0, sizeof links[count]);
    links[count].number = ++connections;
    count++;
}

static void let_go(int index) {
    close(fds[index].fd);
    count--;
    fds[index] = fds[count];
    links[index] = links[count];
}

static void answer(int index) {
    char body[16], text[128];
    int body_count = snprintf(body, sizeof body, "%d", links[index].number);
    int text_count = snprintf(text, sizeof text, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s",
                              body_count, body);
    links[index].answer_at = 0;
    links[index].used = 0;
    if (send(fds[index].fd, text, (size_t)text_count, MSG_NOSIGNAL) != text_count) {
        let_go(index);
    }
}

static bool asks_for(const struct link *link, const char *target) {
    const char *blank = memchr(link->request, ' ', link->used);
    return blank && strncmp(blank + 1, target, strlen(target)) == 0;
}

/* Requests have no bodies here. */
static void hear(int index) {
    struct link *link = &links[index];
    ssize_t got =
        recv(fds[index].fd, link->request + link->used, REQUEST - 1 - link->used, MSG_DONTWAIT);
    if (got <= 0) {
        let_go(index);
        return;
    }
    link->used += (size_t)got;
    link->request[link->used] = '\0';
    if (!strstr(link->request, "\r\n\r\n")) {
        return;
    }
    if (asks_for(link, "/number")) {
        answer(index);
    } else if (asks_for(link, "/later")) {
        link->answer_at = now() + 100;
    } else if (asks_for(link, "/drop")) {
        drops++;
        let_go(index);
    }
}

static void answer_late_ones(void) {
    for (int i = count - 1; i >= 2; i--) {
        if (links[i].answer_at && links[i].answer_at <= now()) {
            answer(i);
        }
    }
}

static void *serve(void *unused) {
    (void)unused;
    while (poll(fds, (nfds_t)count, 10) >= 0 && !fds[1].revents) {
        for (int i = count - 1; i >= 2; i--) {
            if (fds[i].revents) {
                hear(i);
            }
        }
        if (fds[0].revents) {
            take_in();
        }
        answer_late_ones();
    }
    while (count > 0) {
        close(fds[--count].fd);
    }
    return NULL;
}

int loopback_start(void) {
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (listener < 0 || fcntl(listener, F_SETFD, FD_CLOEXEC) != 0 ||
        bind(listener, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(listener, LINKS) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &size) != 0 || pipe(stopper) != 0) {
        return 0;
    }
    connections = drops = 0;
    fds[0] = (struct pollfd){.fd = listener, .events = POLLIN};
    fds[1] = (struct pollfd){.fd = stopper[0], .events = POLLIN};
    count = 2;
    return pthread_create(&thread, NULL, serve, NULL) == 0 ? ntohs(address.sin_port) : 0;
}

void loopback_stop(void) {
    close(stopper[1]);
    pthread_join(thread, NULL);
}

int loopback_connections(void) {
    return connections;
}

int loopback_drops(void) {
    return drops;
}

static struct df_text text_of(const char *text) {
    return (struct df_text){text, strlen(text)};
}

struct df_route *loopback_route(int port, bool by_connect_to) {
    char url[64], authority[32], connect_to[32];
    struct df_text parts[DF_ROUTE_PARTS] = {{NULL, 0}};
    snprintf(url, sizeof url, "http://127.0.0.1:%d/", port);
    snprintf(authority, sizeof authority, "127.0.0.1:%d", port);
    snprintf(connect_to, sizeof connect_to, "::127.0.0.1:%d", port);
    parts[DF_ROUTE_URL] = text_of(url);
    parts[DF_ROUTE_AUTHORITY] = parts[DF_ROUTE_LABEL] = text_of(authority);
    if (by_connect_to) {
        parts[DF_ROUTE_CONNECT_TO] = text_of(connect_to);
    }
    return df_route_new(parts);
}
