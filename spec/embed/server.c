#include "support.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif
#ifndef MSG_NOSIGNAL /* not everywhere */
#define MSG_NOSIGNAL 0
#endif

enum { HEAD_SIZE = 16 * 1024, LIFETIME = 600 };

/* What is answered, by the request's target. After an answer without "keep", the server closes. */
static const struct {
    const char *target;
    bool keep;
    const char *answer;
} answers[] = {
    {"/ok", true,
     "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-One: a\r\nX-One: b\r\n"
     "Content-Length: 14\r\n\r\n{\"a\":\"marmot\"}"},
    {"/api/v2/accounts/getDetail", true,
     "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 91\r\n\r\n"
     "{\"id\":\"axE7wU9ERm8fTc7e17vNvu\",\"quotas\":[{\"namespace\":\"hdfs\",\"spaceTb\":10}],"
     "\"success\":true}"},
    {"/chunks", true,
     "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
     "5\r\nhello\r\n7\r\n, world\r\n0\r\nX-Trailer: t\r\n\r\n"},
    {"/half", false, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf of it"},
    {"/broken", false, "HTTP/1.1 200 OK\r\nno colon in here\r\n\r\n"},
    {"/close", false, "HTTP/1.0 200 OK\r\n\r\nuntil the end"},
    {"/never", true, ""},
};

/* A connection, with TLS where the client began with it. */
struct connection {
    int fd;
    SSL *ssl;
};

static SSL_CTX *tls;

static ssize_t take(const struct connection *connection, char *bytes, size_t count) {
    return connection->ssl ? SSL_read(connection->ssl, bytes, (int)count)
                           : recv(connection->fd, bytes, count, 0);
}

static bool give(const struct connection *connection, const char *text) {
    size_t count = strlen(text);
    if (connection->ssl) {
        return count == 0 || SSL_write(connection->ssl, text, (int)count) > 0;
    }
    return send(connection->fd, text, count, MSG_NOSIGNAL) >= 0;
}

/* Reads one request, its body too. Returns its number of bytes, or 0 at the end. */
static size_t read_request(const struct connection *connection, char head[HEAD_SIZE]) {
    size_t used = 0;
    while (used < HEAD_SIZE - 1) {
        ssize_t count = take(connection, head + used, HEAD_SIZE - 1 - used);
        if (count <= 0) {
            return 0;
        }
        used += (size_t)count;
        head[used] = '\0';
        const char *end = strstr(head, "\r\n\r\n");
        const char *length = strstr(head, "Content-Length: ");
        size_t body = length ? strtoul(length + 16, NULL, 10) : 0;
        if (end && used >= (size_t)(end + 4 - head) + body) {
            return used;
        }
    }
    return 0;
}

/* Whether the connection can carry another request. */
static bool answer(const struct connection *connection, const char *head) {
    const char *target = strchr(head, ' ');
    for (size_t i = 0; target && i < sizeof answers / sizeof *answers; i++) {
        size_t count = strlen(answers[i].target);
        if (strncmp(target + 1, answers[i].target, count) == 0 && target[1 + count] == ' ') {
            return give(connection, answers[i].answer) && answers[i].keep;
        }
    }
    return false;
}

static void *serve(void *argument) {
    struct connection connection = {*(int *)argument, NULL};
    char head[HEAD_SIZE] = "";
    int on = 1;
    free(argument);
    setsockopt(connection.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (recv(connection.fd, head, 1, MSG_PEEK) == 1 && head[0] < 'A') {
        connection.ssl = SSL_new(tls);
        SSL_set_fd(connection.ssl, connection.fd);
        SSL_set_accept_state(connection.ssl);
    }
    while (read_request(&connection, head) > 0 && answer(&connection, head)) {
    }
    if (connection.ssl) {
        SSL_shutdown(connection.ssl);
        SSL_free(connection.ssl);
    }
    close(connection.fd);
    return NULL;
}

/* A key, and a certificate of its own making for 127.0.0.1, which goes into the file `path`. */
static SSL_CTX *make_tls(const char *path) {
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = X509_new();
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    X509_EXTENSION *names = X509V3_EXT_nconf_nid(NULL, NULL, NID_subject_alt_name, "IP:127.0.0.1");
    FILE *file = fopen(path, "w");
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 86400);
    X509_set_pubkey(certificate, key);
    X509_NAME *name = X509_get_subject_name(certificate);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"test", -1, -1, 0);
    X509_set_issuer_name(certificate, name);
    if (!file || X509_add_ext(certificate, names, -1) != 1 ||
        X509_sign(certificate, key, EVP_sha256()) == 0 ||
        SSL_CTX_use_certificate(context, certificate) != 1 ||
        SSL_CTX_use_PrivateKey(context, key) != 1 || PEM_write_X509(file, certificate) != 1) {
        fprintf(stderr, "no certificate for the test server\n");
        abort();
    }
    fclose(file);
    X509_EXTENSION_free(names);
    X509_free(certificate);
    EVP_PKEY_free(key);
    return context;
}

/* An abandoned server ends with its parent, and by itself. */
static _Noreturn void run(int listener) {
#ifdef __linux__
    prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
    signal(SIGPIPE, SIG_IGN);
    alarm(LIFETIME);
    for (;;) {
        pthread_t thread;
        int *fd = malloc(sizeof *fd);
        if (!fd || (*fd = accept(listener, NULL, NULL)) < 0 ||
            pthread_create(&thread, NULL, serve, fd) != 0) {
            abort();
        }
        pthread_detach(thread);
    }
}

/* A socket bound to a free port of 127.0.0.1. */
static int bind_any(int *port) {
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) != 0 ||
        bind(fd, (struct sockaddr *)&address, size) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &size) != 0) {
        perror("bind");
        abort();
    }
    *port = ntohs(address.sin_port);
    return fd;
}

void server_start(struct server *server, const char *folder) {
    snprintf(server->ca_file, sizeof server->ca_file, "%s/ca.pem", folder);
    tls = make_tls(server->ca_file);
    int listener = bind_any(&server->port);
    int dead = bind_any(&server->dead_port); /* bound, and so nobody else's; not listening */
    if (listen(listener, 1024) != 0 || (server->process = fork()) < 0) {
        perror("listen or fork");
        abort();
    }
    if (server->process == 0) {
        run(listener);
    }
    close(listener);
    SSL_CTX_free(tls);
    (void)dead; /* stays open as long as the program */
}

void server_stop(const struct server *server) {
    kill(server->process, SIGKILL);
    waitpid(server->process, NULL, 0);
}
