#include "net/connection.h"

#include "base/alloc.h"
#include "net/tls.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

enum {
    KEEPALIVE_IDLE = 30, /* seconds without a byte until TCP asks whether the peer is there */
    KEEPALIVE_INTERVAL = 10,
    UNACKNOWLEDGED = 30000 /* milliseconds that what was sent may stay unacknowledged */
};

static const char *part(const struct df_connection *connection, enum df_route_part which) {
    return connection->route->parts[which];
}

/* ---- opening ---- */

static curl_socket_t open_socket(void *context, curlsocktype purpose,
                                 struct curl_sockaddr *address) {
    struct df_connection *connection = context;
    (void)purpose;
    int fd = df_poller_socket(connection->multi->hub->poller, address->family, address->socktype,
                              address->protocol);
    if (fd < 0 && (errno == ENOMEM || errno == ENOBUFS || errno == EMFILE || errno == ENFILE)) {
        connection->socket_error = errno;
    }
#ifdef TCP_USER_TIMEOUT
    if (fd >= 0) {
        unsigned limit = UNACKNOWLEDGED;
        (void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &limit, sizeof limit);
    }
#endif
    return fd;
}

static int close_socket(void *context, curl_socket_t fd) {
    df_poller_shut(context, fd);
    return 0;
}

/* A failed setopt is kept until the end, so that the list of options stays a list. */
#define SET(option, value) (failed |= curl_easy_setopt(easy, option, value) != CURLE_OK)

static bool set_security(CURL *easy, const char *ca_file) {
    bool failed = false;
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(CURLOPT_SSL_VERIFYPEER, 1L);
    SET(CURLOPT_SSL_VERIFYHOST, 2L);
    SET(CURLOPT_PROXY_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(CURLOPT_PROXY_SSL_VERIFYPEER, 1L);
    SET(CURLOPT_PROXY_SSL_VERIFYHOST, 2L);
    if (ca_file) { /* in place of the system's authorities, not beside them */
        /* NULL means the default folder since 8.21; a path below /dev/null never exists. */
        bool null_is_default = curl_version_info(CURLVERSION_NOW)->version_num >= 0x081500;
        const char *no_folder = null_is_default ? "/dev/null" : NULL;
        SET(CURLOPT_CAINFO, ca_file);
        SET(CURLOPT_CAPATH, no_folder);
        SET(CURLOPT_PROXY_CAINFO, ca_file);
        SET(CURLOPT_PROXY_CAPATH, no_folder);
    }
    SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
#if LIBCURL_VERSION_NUM >= 0x075500
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
#else
    SET(CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
    return !failed;
}

/* An empty string keeps libcurl from asking the environment. */
static bool set_proxy(CURL *easy, const struct df_route *route) {
    bool failed = false;
    SET(CURLOPT_PROXY, route->parts[DF_ROUTE_PROXY]);
    SET(CURLOPT_NOPROXY, "");
    SET(CURLOPT_HTTPPROXYTUNNEL, 1L);
    SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    if (*route->parts[DF_ROUTE_PROXY_USER]) {
        SET(CURLOPT_PROXYAUTH, (long)CURLAUTH_BASIC);
        SET(CURLOPT_PROXYUSERNAME, route->parts[DF_ROUTE_PROXY_USER]);
        SET(CURLOPT_PROXYPASSWORD, route->parts[DF_ROUTE_PROXY_PASSWORD]);
    }
    return !failed;
}

static bool set_endpoint(struct df_connection *connection) {
    CURL *easy = connection->easy;
    bool failed = false;
    SET(CURLOPT_URL, part(connection, DF_ROUTE_URL));
    if (*part(connection, DF_ROUTE_CONNECT_TO)) {
        connection->connect_to.data = (char *)part(connection, DF_ROUTE_CONNECT_TO);
        SET(CURLOPT_CONNECT_TO, &connection->connect_to);
    }
    if (*part(connection, DF_ROUTE_RESOLVE)) {
        connection->resolve.data = (char *)part(connection, DF_ROUTE_RESOLVE);
        SET(CURLOPT_RESOLVE, &connection->resolve);
    }
    return !failed;
}

static bool set_options(struct df_connection *connection, const struct df_hub *hub) {
    CURL *easy = connection->easy;
    bool failed = false;
    SET(CURLOPT_CONNECT_ONLY, 1L);
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_ERRORBUFFER, connection->message);
    SET(CURLOPT_PRIVATE, connection);
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(CURLOPT_OPENSOCKETFUNCTION, open_socket);
    SET(CURLOPT_OPENSOCKETDATA, connection);
    SET(CURLOPT_CLOSESOCKETFUNCTION, close_socket);
    SET(CURLOPT_CLOSESOCKETDATA, hub->poller);
    SET(CURLOPT_TCP_KEEPALIVE, 1L);
    SET(CURLOPT_TCP_KEEPIDLE, (long)KEEPALIVE_IDLE);
    SET(CURLOPT_TCP_KEEPINTVL, (long)KEEPALIVE_INTERVAL);
#if LIBCURL_VERSION_NUM >= 0x075700
    /* A name server that is silent must not hold a call beyond its deadline. */
    SET(CURLOPT_QUICK_EXIT, 1L);
#endif
    return !failed && set_security(easy, hub->ca_file) && set_proxy(easy, connection->route) &&
           set_endpoint(connection) &&
           (strncmp(part(connection, DF_ROUTE_PROXY), "https:", 6) == 0 || df_tls_prepare(easy));
}

struct df_connection *df_connection_open(struct df_hub *hub, struct df_route *route,
                                         struct df_http_error *error) {
    struct df_connection *connection = df_malloc(sizeof *connection);
    if (connection) {
        memset(connection, 0, sizeof *connection);
        connection->owner = DF_OWNER_CONNECTION;
        connection->fd = -1;
        connection->route = df_route_keep(route);
        connection->easy = curl_easy_init();
        if (connection->easy && set_options(connection, hub)) {
            connection->multi = df_hub_add(hub, connection->easy);
        }
        if (connection->multi) {
            return connection;
        }
        df_connection_close(connection);
    }
    df_http_error_set(error, DF_KIND_LIMIT, false, "not enough memory for a connection to %s",
                      route->parts[DF_ROUTE_LABEL]);
    return NULL;
}

void df_connection_close(struct df_connection *connection) {
    if (connection->multi) {
        struct df_poller *poller = connection->multi->hub->poller;
        if (connection->fd >= 0 && df_poller_watched(poller, connection->fd)->owner == connection) {
            df_poller_want(poller, connection->fd, 0, NULL); /* libcurl may close it later */
        }
        df_hub_remove(connection->multi, connection->easy);
    }
    if (connection->easy) {
        curl_easy_cleanup(connection->easy);
    }
    df_route_drop(connection->route);
    df_free(connection);
}

/* ---- why it could not be opened ---- */

/* What went wrong, by libcurl's codes. What is not here is `network`. */
static const struct {
    CURLcode code;
    enum df_kind kind;
    const char *what;
} failures[] = {
    {CURLE_URL_MALFORMAT, DF_KIND_ARGUMENT, "libcurl cannot read the address of"},
    {CURLE_UNSUPPORTED_PROTOCOL, DF_KIND_ARGUMENT, "libcurl lacks what it takes to reach"},
    {CURLE_NOT_BUILT_IN, DF_KIND_ARGUMENT, "libcurl lacks what it takes to reach"},
    {CURLE_UNKNOWN_OPTION, DF_KIND_ARGUMENT, "libcurl lacks what it takes to reach"},
    {CURLE_COULDNT_RESOLVE_HOST, DF_KIND_NETWORK, "cannot find the address of"},
    {CURLE_COULDNT_RESOLVE_PROXY, DF_KIND_NETWORK, "cannot find the address of"},
    {CURLE_COULDNT_CONNECT, DF_KIND_NETWORK, "cannot connect to"},
    {CURLE_FAILED_INIT, DF_KIND_LIMIT, "not enough memory for a connection to"},
    {CURLE_OUT_OF_MEMORY, DF_KIND_LIMIT, "not enough memory for a connection to"},
    /* Only our socket callback can fail, and only when memory runs out. */
    {CURLE_ABORTED_BY_CALLBACK, DF_KIND_LIMIT, "not enough memory for a connection to"},
    {CURLE_SSL_CACERT_BADFILE, DF_KIND_TLS, "the CA certificates cannot be read, for"},
    {CURLE_SSL_CONNECT_ERROR, DF_KIND_TLS, "no TLS with"},
    {CURLE_PEER_FAILED_VERIFICATION, DF_KIND_TLS, "no TLS with"},
    {CURLE_SSL_CERTPROBLEM, DF_KIND_TLS, "no TLS with"},
    {CURLE_SSL_CIPHER, DF_KIND_TLS, "no TLS with"},
};

static long number_of(const struct df_connection *connection, CURLINFO info) {
    long value = 0;
    curl_easy_getinfo(connection->easy, info, &value);
    return value;
}

static bool has_proxy(const struct df_connection *connection) {
    return *part(connection, DF_ROUTE_PROXY) != '\0';
}

/* Whether the proxy has opened the tunnel: what fails from then on is the server's. */
static bool is_tunnelled(const struct df_connection *connection) {
    return number_of(connection, CURLINFO_HTTP_CONNECTCODE) / 100 == 2 ||
           strncmp(part(connection, DF_ROUTE_PROXY), "socks", 5) == 0;
}

/* Whom a failure is about: "the proxy host:port" until its tunnel is open. */
static void name_peer(const struct df_connection *connection, bool is_proxy, char *out,
                      size_t size) {
    if (is_proxy) {
        snprintf(out, size, "the proxy %s", part(connection, DF_ROUTE_PROXY_LABEL));
    } else if (has_proxy(connection)) {
        snprintf(out, size, "%s through the proxy %s", part(connection, DF_ROUTE_LABEL),
                 part(connection, DF_ROUTE_PROXY_LABEL));
    } else {
        snprintf(out, size, "%s", part(connection, DF_ROUTE_LABEL));
    }
}

/* The numbers are OpenSSL's X509_V_ERR_*, which libcurl hands on. */
static const char *tls_advice(const struct df_connection *connection, CURLcode code,
                              bool is_proxy) {
    CURLINFO info = is_proxy ? CURLINFO_PROXY_SSL_VERIFYRESULT : CURLINFO_SSL_VERIFYRESULT;
    if (code == CURLE_SSL_CACERT_BADFILE) {
        return "; check ca_file or DATAFOREST_CA_FILE";
    }
    switch (number_of(connection, info)) {
    case 2:
    case 18:
    case 19:
    case 20:
    case 21:
        return "; to trust its certificate authority, name that one's certificate in ca_file or "
               "DATAFOREST_CA_FILE";
    case 9:
    case 10:
        return "; check the dates of its certificate, and this machine's clock";
    case 62:
        return is_proxy ? "; check the host of the option proxy" : "; check the host in base_url";
    default:
        break;
    }
    if (code == CURLE_PEER_FAILED_VERIFICATION && strstr(connection->message, "match")) {
        return is_proxy ? "; check the host of the option proxy"
                        : "; check the host in base_url (connect_to changes where to dial, and not "
                          "the name that is verified)";
    }
    if (strstr(connection->message, "unsupported protocol") ||
        strstr(connection->message, "protocol version")) {
        return "; TLS 1.2 is the least that is accepted";
    }
    return "";
}

/* The proxy was reached and gave no tunnel. */
static bool explain_refusal(const struct df_connection *connection, struct df_http_error *error) {
    long status = number_of(connection, CURLINFO_HTTP_CONNECTCODE);
    if (!has_proxy(connection) || status == 0 || status / 100 == 2) {
        return false;
    }
    const char *label = part(connection, DF_ROUTE_PROXY_LABEL);
    if (status == 407) {
        df_http_error_set(error, DF_KIND_ARGUMENT, false,
                          "the proxy %s asks for a user and a password (HTTP 407): put %s into the "
                          "option proxy, as http://user:password@host:port",
                          label,
                          *part(connection, DF_ROUTE_PROXY_USER) ? "the right ones" : "them");
    } else {
        df_http_error_set(error, DF_KIND_NETWORK, false,
                          "the proxy %s refused a tunnel to %s: HTTP %ld", label,
                          part(connection, DF_ROUTE_LABEL), status);
    }
    return true;
}

static void explain(const struct df_connection *connection, CURLcode code,
                    struct df_http_error *error) {
    enum df_kind kind = DF_KIND_NETWORK;
    const char *what = "no connection to";
    char peer[640];
    bool is_proxy = has_proxy(connection) && !is_tunnelled(connection);
    for (size_t i = 0; i < sizeof failures / sizeof *failures; i++) {
        if (failures[i].code == code) {
            kind = failures[i].kind;
            what = failures[i].what;
        }
    }
    name_peer(connection, is_proxy, peer, sizeof peer);
    if (connection->socket_error) { /* nothing is known of the network */
        df_http_error_set(error, DF_KIND_LIMIT, false, "no socket for a connection to %s: %s", peer,
                          strerror(connection->socket_error));
        return;
    }
    if (explain_refusal(connection, error)) {
        return;
    }
    const char *detail = *connection->message ? connection->message : curl_easy_strerror(code);
    long number = number_of(connection, CURLINFO_OS_ERRNO);
    if (code == CURLE_COULDNT_CONNECT && number) {
        detail = strerror((int)number);
    }
    df_http_error_set(error, kind, false, "%s %s: %s%s", what, peer, detail,
                      kind == DF_KIND_TLS ? tls_advice(connection, code, is_proxy) : "");
}

bool df_connection_opened(struct df_connection *connection, CURLcode code,
                          struct df_http_error *error) {
    curl_socket_t fd = CURL_SOCKET_BAD;
    if (code == CURLE_OK) {
        code = curl_easy_getinfo(connection->easy, CURLINFO_ACTIVESOCKET, &fd);
    }
    if (code == CURLE_OK && fd == CURL_SOCKET_BAD) {
        code = CURLE_COULDNT_CONNECT;
    }
    if (code != CURLE_OK) {
        explain(connection, code, error);
        return false;
    }
    connection->fd = fd;
    return true;
}

void df_connection_explain_timeout(const struct df_connection *connection, double seconds,
                                   const char *option, struct df_http_error *error) {
    char peer[640];
    name_peer(connection, has_proxy(connection) && !is_tunnelled(connection), peer, sizeof peer);
    df_http_error_set(error, DF_KIND_TIMEOUT, false, "no connection to %s within %.3g s%s", peer,
                      seconds, option);
}

/* ---- bytes ---- */

enum df_io df_connection_send(struct df_connection *connection, const char *data, size_t length,
                              size_t *moved) {
    *moved = 0;
    *connection->message = '\0';
    CURLcode code = curl_easy_send(connection->easy, data, length, moved);
    return code == CURLE_OK ? DF_IO_OK : code == CURLE_AGAIN ? DF_IO_AGAIN : DF_IO_ERROR;
}

enum df_io df_connection_receive(struct df_connection *connection, char *data, size_t capacity,
                                 size_t *moved) {
    *moved = 0;
    *connection->message = '\0';
    CURLcode code = curl_easy_recv(connection->easy, data, capacity, moved);
    if (code == CURLE_OK) {
        return *moved > 0 ? DF_IO_OK : DF_IO_END;
    }
    return code == CURLE_AGAIN ? DF_IO_AGAIN : DF_IO_ERROR;
}

/* The system said that the connection is gone, as opposed to TLS disliking what came. */
static bool is_reset(const struct df_connection *connection) {
    switch (number_of(connection, CURLINFO_OS_ERRNO)) {
    case ECONNRESET:
    case ECONNABORTED:
    case EPIPE:
    case ETIMEDOUT:
        return true;
    default:
        return false;
    }
}

enum df_http1_end df_connection_end(const struct df_connection *connection, enum df_io how) {
    if (!connection->route->tls) {
        return how == DF_IO_END ? DF_HTTP1_END_CLEAN : DF_HTTP1_END_RESET;
    }
    if (how != DF_IO_END && is_reset(connection)) {
        return DF_HTTP1_END_RESET;
    }
    switch (df_tls_how_ended(connection->easy)) {
    case DF_TLS_END_NOTIFIED:
        return DF_HTTP1_END_CLEAN;
    case DF_TLS_END_CUT:
        return DF_HTTP1_END_TLS_CUT;
    default: /* a libcurl that makes an error of a cut leaves no doubt */
        return how == DF_IO_END ? DF_HTTP1_END_UNKNOWN : DF_HTTP1_END_TLS_CUT;
    }
}

const char *df_connection_reason(const struct df_connection *connection) {
    return connection->message;
}

bool df_connection_is_quiet(struct df_connection *connection) {
    char byte;
    size_t moved;
    return df_connection_receive(connection, &byte, 1, &moved) == DF_IO_AGAIN;
}

bool df_connection_want(struct df_connection *connection, int events) {
    return df_poller_want(connection->multi->hub->poller, connection->fd, events, connection);
}
