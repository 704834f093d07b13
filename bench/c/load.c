/* Loads the bench's nginx that makes calls: plain HTTP over some connections, with as little work
 * as can be, so that the nginx is what is measured.
 *
 *   load CONNECTIONS CALLS
 *
 * BENCH_URL (http://address:port/path) says where. Each answer must be 200, whole, and in chunks.
 * Prints the seconds that the calls took, the CPU seconds of this process, and the time within
 * which 99 % of the calls were answered, in microseconds. */

#include "base/clock.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MAX_CONNECTIONS = 1024, TEXT_SIZE = 2048, WAIT_MS = 30000 };

struct connection {
    int socket;
    size_t received;
    double started;
    char answer[TEXT_SIZE];
};

static struct connection connections[MAX_CONNECTIONS];
static long connection_count;
static double *latencies; /* in seconds, of the calls that have ended */
static char request[TEXT_SIZE];
static size_t request_count;
static int poller;
static long left_to_start, left_to_end;

static void fail(const char *what) {
    fprintf(stderr, "load: %s\n", what);
    exit(1);
}

static void start_next(struct connection *connection) {
    if (left_to_start > 0) {
        left_to_start--;
        connection->received = 0;
        connection->started = df_clock_monotonic();
        if (send(connection->socket, request, request_count, MSG_NOSIGNAL) !=
            (ssize_t)request_count) {
            fail("a request was not taken");
        }
    }
}

static int ends_with(const struct connection *connection, const char *text) {
    size_t count = strlen(text);
    return connection->received >= count &&
           memcmp(connection->answer + connection->received - count, text, count) == 0;
}

static void receive(struct connection *connection) {
    static const char status[] = "HTTP/1.1 200 ";
    ssize_t count = recv(connection->socket, connection->answer + connection->received,
                         TEXT_SIZE - connection->received, 0);
    if (count <= 0) {
        fail("an answer was cut short, or is too long");
    }
    connection->received += (size_t)count;
    if (connection->received >= sizeof status - 1 &&
        memcmp(connection->answer, status, sizeof status - 1) != 0) {
        fail("a call's status is not 200");
    }
    if (ends_with(connection, "\r\n0\r\n\r\n")) {
        left_to_end--;
        latencies[left_to_end] = df_clock_monotonic() - connection->started;
        start_next(connection);
    }
}

static void run(long calls) {
    struct epoll_event events[MAX_CONNECTIONS];
    left_to_start = left_to_end = calls;
    for (long i = 0; i < connection_count; i++) {
        start_next(&connections[i]);
    }
    while (left_to_end > 0) {
        int count = epoll_wait(poller, events, MAX_CONNECTIONS, WAIT_MS);
        if (count <= 0) {
            fail("no answer came");
        }
        for (int i = 0; i < count; i++) {
            receive(events[i].data.ptr);
        }
    }
}

static void open_all(const struct sockaddr_in *address) {
    const int on = 1;
    poller = epoll_create1(EPOLL_CLOEXEC);
    for (long i = 0; i < connection_count; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = &connections[i]};
        int one = socket(AF_INET, SOCK_STREAM, 0);
        if (one < 0 || connect(one, (const struct sockaddr *)address, sizeof *address) != 0 ||
            epoll_ctl(poller, EPOLL_CTL_ADD, one, &event) != 0) {
            fail("cannot connect");
        }
        setsockopt(one, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        connections[i].socket = one;
    }
}

static int compare(const void *a, const void *b) {
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

static double percentile(long calls) {
    qsort(latencies, (size_t)calls, sizeof *latencies, compare);
    return latencies[(calls - 1) * 99 / 100];
}

int main(int count, char **arguments) {
    long calls = count == 3 ? strtol(arguments[2], NULL, 10) : 0;
    connection_count = count == 3 ? strtol(arguments[1], NULL, 10) : 0;
    const char *url = getenv("BENCH_URL");
    char host[64];
    char path[64];
    unsigned port;
    struct sockaddr_in address = {.sin_family = AF_INET};
    if (calls <= 0 || connection_count <= 0 || connection_count > MAX_CONNECTIONS || !url ||
        sscanf(url, "http://%63[0-9.]:%u%63s", host, &port, path) != 3 ||
        inet_pton(AF_INET, host, &address.sin_addr) != 1) {
        fail("usage: load CONNECTIONS CALLS, with BENCH_URL=http://address:port/path");
    }
    address.sin_port = htons((uint16_t)port);
    request_count = (size_t)snprintf(request, sizeof request,
                                     "GET %s HTTP/1.1\r\nHost: %s:%u\r\n\r\n", path, host, port);
    open_all(&address);
    long warm_up = calls / 10 > connection_count ? calls / 10 : connection_count;
    latencies = malloc(sizeof *latencies * (size_t)(calls > warm_up ? calls : warm_up));
    if (!latencies) {
        fail("not enough memory");
    }
    run(warm_up); /* connects, too */
    double started = df_clock_monotonic();
    clock_t cpu_started = clock();
    run(calls);
    double seconds = df_clock_monotonic() - started;
    double cpu_seconds = (double)(clock() - cpu_started) / CLOCKS_PER_SEC;
    printf("%.6f %.6f %.1f\n", seconds, cpu_seconds, percentile(calls) * 1e6);
    free(latencies);
    return 0;
}
