/* What no client can go below: OpenSSL and sockets, and nothing else. The same signed request as
 * libcurl.c sends; of the response the status and the length are read, and the rest is counted.
 *
 *   floor one CALLS      one after another over one connection, with a blocking socket
 *   floor many CALLS     64 at once over epoll
 *
 * BENCH_URL and the others say what is sent to whom. Prints the seconds that the calls took, and
 * the CPU seconds of this process. */

#include "base/clock.h"
#include "sign/sign.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { LINKS = 64, REQUEST_SIZE = 1024, RESPONSE_SIZE = 16 * 1024 };

struct link {
    SSL *ssl;
    int fd;
    size_t received;
    size_t expected; /* of the whole response; 0: not known yet */
    char response[RESPONSE_SIZE];
};

static struct df_signer signer;
static SSL_CTX *context;
static const char *target, *body, *access_key;
static char host[64], port[16];
static struct link links[LINKS];

static void fail(const char *what) {
    fprintf(stderr, "floor: %s failed\n", what);
    exit(1);
}

static const char *setting(const char *name) {
    const char *value = getenv(name);
    if (!value) {
        fail(name);
    }
    return value;
}

static void connect_link(struct link *link) {
    struct addrinfo *address;
    const struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM};
    int on = 1;
    if (getaddrinfo(host, port, &hints, &address) != 0) {
        fail("getaddrinfo");
    }
    link->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(link->fd, address->ai_addr, address->ai_addrlen) != 0) {
        fail("connect");
    }
    freeaddrinfo(address);
    setsockopt(link->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    link->ssl = SSL_new(context);
    SSL_set_tlsext_host_name(link->ssl, host);
    SSL_set1_host(link->ssl, host);
    SSL_set_fd(link->ssl, link->fd);
    if (SSL_connect(link->ssl) != 1) {
        fail("the handshake");
    }
}

static void send_request(struct link *link) {
    char digits[24], signature[DF_SIGNATURE_SIZE], request[REQUEST_SIZE];
    int count = snprintf(digits, sizeof digits, "%lld", (long long)(df_clock_now() * 1000));
    const struct df_sign_request parts = {
        {"POST", 4}, {target, strlen(target)}, {digits, (size_t)count}};
    if (df_signer_sign(&signer, &parts, signature)) {
        fail("signing");
    }
    int length = snprintf(request, sizeof request,
                          "POST %s HTTP/1.1\r\nHost: %s:%s\r\nContent-Type: application/json\r\n"
                          "Accept: application/json\r\nUser-Agent: dataforest/%s (floor)\r\n"
                          "x-ncp-iam-access-key: %s\r\nx-ncp-apigw-timestamp: %s\r\n"
                          "x-ncp-apigw-signature-v2: %s\r\nContent-Length: %zu\r\n\r\n%s",
                          target, host, port, DATAFOREST_VERSION, access_key, digits, signature,
                          strlen(body), body);
    link->received = link->expected = 0;
    if (length >= REQUEST_SIZE || SSL_write(link->ssl, request, length) != length) {
        fail("sending");
    }
}

/* Whether the response is whole. */
static int receive(struct link *link) {
    int count = SSL_read(link->ssl, link->response + link->received,
                         (int)(RESPONSE_SIZE - 1 - link->received));
    if (count <= 0) {
        if (SSL_get_error(link->ssl, count) == SSL_ERROR_WANT_READ) {
            return 0;
        }
        fail("receiving");
    }
    link->received += (size_t)count;
    link->response[link->received] = '\0';
    if (!link->expected) {
        const char *end = strstr(link->response, "\r\n\r\n");
        const char *length = strstr(link->response, "Content-Length: ");
        if (end && length && strncmp(link->response, "HTTP/1.1 200", 12) == 0) {
            link->expected =
                (size_t)(end + 4 - link->response) + (size_t)strtol(length + 16, NULL, 10);
        } else if (end) {
            fail("the call");
        }
    }
    return link->expected && link->received >= link->expected;
}

static void run_one(long calls) {
    if (!links[0].ssl) {
        connect_link(&links[0]);
    }
    for (long i = 0; i < calls; i++) {
        send_request(&links[0]);
        while (!receive(&links[0])) {
        }
    }
}

static void run_many(long calls) {
    static int poller = -1;
    struct epoll_event events[LINKS];
    long left_to_start = calls, left_to_end = calls;
    if (poller < 0) {
        poller = epoll_create1(EPOLL_CLOEXEC);
        for (int i = 0; i < LINKS; i++) {
            struct epoll_event event = {.events = EPOLLIN, .data.ptr = &links[i]};
            connect_link(&links[i]);
            fcntl(links[i].fd, F_SETFL, fcntl(links[i].fd, F_GETFL) | O_NONBLOCK);
            epoll_ctl(poller, EPOLL_CTL_ADD, links[i].fd, &event);
        }
    }
    for (int i = 0; i < LINKS && left_to_start > 0; i++, left_to_start--) {
        send_request(&links[i]);
    }
    while (left_to_end > 0) {
        int count = epoll_wait(poller, events, LINKS, 1000);
        for (int i = 0; i < count; i++) {
            struct link *link = events[i].data.ptr;
            if (receive(link)) {
                left_to_end--;
                if (left_to_start > 0) {
                    left_to_start--;
                    send_request(link);
                }
            }
        }
    }
}

int main(int count, char **arguments) {
    long calls = count == 3 ? strtol(arguments[2], NULL, 10) : 0;
    void (*run)(long) = NULL;
    if (calls > 0) {
        run = strcmp(arguments[1], "one") == 0    ? run_one
              : strcmp(arguments[1], "many") == 0 ? run_many
                                                  : NULL;
    }
    if (!run || sscanf(setting("BENCH_URL"), "https://%63[^:/]:%15[0-9]", host, port) != 2) {
        fail("floor one|many CALLS");
    }
    const char *secret_key = setting("BENCH_SECRET_KEY");
    access_key = setting("BENCH_ACCESS_KEY");
    target = setting("BENCH_TARGET");
    body = setting("BENCH_BODY");
    context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    if (SSL_CTX_load_verify_locations(context, setting("BENCH_CA"), NULL) != 1 ||
        df_signer_open(&signer, (struct df_text){access_key, strlen(access_key)},
                       (struct df_text){secret_key, strlen(secret_key)})) {
        fail("setting up");
    }
    run(calls / 10 > LINKS ? calls / 10 : LINKS);
    double started = df_clock_monotonic();
    clock_t cpu_started = clock();
    run(calls);
    printf("%.6f %.6f\n", df_clock_monotonic() - started,
           (double)(clock() - cpu_started) / CLOCKS_PER_SEC);
    return 0;
}
