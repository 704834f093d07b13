#include "http1/http_request.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

static bool refuse(struct df_http_error *error, const char *part, const char *why) {
    df_http_error_set(error, DF_KIND_ARGUMENT, false, "%s %s", part, why);
    return false;
}

/* A URL and an address hold neither blanks nor control characters. */
static bool is_word(struct df_text text) {
    for (size_t i = 0; i < text.length; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (c <= 0x20 || c == 0x7f) {
            return false;
        }
    }
    return text.length > 0;
}

static bool is_line(struct df_text text) {
    return text.length == 0 ||
           (!memchr(text.data, '\r', text.length) && !memchr(text.data, '\n', text.length) &&
            !memchr(text.data, '\0', text.length));
}

/* Splits "host:port" or "[v6]:port" or "host"; the port is 0 where there is none. */
static bool split_authority(struct df_text text, struct df_text *host, unsigned *port) {
    const char *end = text.data + text.length;
    const char *after = text.data;
    if (text.length && *after == '[') {
        after = memchr(text.data, ']', text.length);
        after = after ? after + 1 : end;
    } else {
        while (after < end && *after != ':') {
            after++;
        }
    }
    host->data = text.data;
    host->length = (size_t)(after - text.data);
    *port = 0;
    if (after == end) {
        return host->length > 0;
    }
    if (*after != ':' || end - after < 2 || end - after > 6) {
        return false;
    }
    for (const char *digit = after + 1; digit < end; digit++) {
        if (*digit < '0' || *digit > '9') {
            return false;
        }
        *port = *port * 10 + (unsigned)(*digit - '0');
    }
    return host->length > 0 && *port >= 1 && *port <= 65535;
}

/* An IPv6 address in brackets, or the characters of a host name or IPv4 address. */
static bool is_host(struct df_text host) {
    char address[INET6_ADDRSTRLEN];
    struct in6_addr parsed;
    if (host.data[0] != '[') {
        for (size_t i = 0; i < host.length; i++) {
            unsigned char c = (unsigned char)host.data[i];
            bool alphanumeric = (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z');
            if (!alphanumeric && c != '.' && c != '-' && c != '_') {
                return false;
            }
        }
        return host.length <= 253;
    }
    if (host.length < 4 || host.data[host.length - 1] != ']' || host.length - 2 >= sizeof address) {
        return false;
    }
    memcpy(address, host.data + 1, host.length - 2);
    address[host.length - 2] = '\0';
    return inet_pton(AF_INET6, address, &parsed) == 1;
}

/* Hosts to which plain http may go: this machine, and the cloud's metadata server, whose address
 * is not routed and which speaks no TLS. */
static bool is_local(struct df_text host) {
    static const unsigned char metadata[4] = {169, 254, 169, 254};
    char name[INET_ADDRSTRLEN];
    unsigned char address[4];
    if (df_equals_lower(host, DF_TEXT("localhost")) || df_equals_lower(host, DF_TEXT("[::1]"))) {
        return true;
    }
    if (host.length >= sizeof name) {
        return false;
    }
    memcpy(name, host.data, host.length);
    name[host.length] = '\0';
    return inet_pton(AF_INET, name, address) == 1 &&
           (address[0] == 127 || memcmp(address, metadata, sizeof metadata) == 0);
}

static bool check_url(struct df_text text, struct df_http_url *url, struct df_http_error *error) {
    const char *end = text.data + text.length;
    if (!is_word(text)) {
        return refuse(error, "url", "is empty or holds a blank or a control character");
    }
    if (text.length > 8 && strncasecmp(text.data, "https://", 8) == 0) {
        url->scheme = (struct df_text){text.data, 5};
    } else if (text.length > 7 && strncasecmp(text.data, "http://", 7) == 0) {
        url->scheme = (struct df_text){text.data, 4};
    } else {
        return refuse(error, "url", "does not begin with https://");
    }
    url->tls = url->scheme.length == 5;
    url->authority.data = text.data + url->scheme.length + 3;
    url->target.data = url->authority.data;
    while (url->target.data < end && !strchr("/?#\\", *url->target.data)) {
        url->target.data++;
    }
    url->authority.length = (size_t)(url->target.data - url->authority.data);
    url->target.length = (size_t)(end - url->target.data);
    if (!split_authority(url->authority, &url->host, &url->port) || !is_host(url->host)) {
        return refuse(error, "url", "has no proper host[:port] after its scheme");
    }
    if (url->target.length == 0 || *url->target.data != '/') {
        return refuse(error, "url", "has no path after its host");
    }
    if (memchr(url->target.data, '#', url->target.length)) {
        return refuse(error, "url", "holds a fragment (#), which would not be sent");
    }
    if (!url->tls && !is_local(url->host)) {
        return refuse(error, "url", "is http://, which is for loopback hosts only: use https://");
    }
    if (url->port == 0) {
        url->port = url->tls ? 443 : 80;
    }
    return true;
}

static bool check_connect_to(struct df_text text, const struct df_http_url *url,
                             struct df_http_error *error) {
    struct df_text host;
    unsigned port;
    if (text.length == 0) {
        return true;
    }
    if (!is_word(text) || !split_authority(text, &host, &port) || port == 0 || !is_host(host)) {
        return refuse(error, "connect_to", "is not host:port");
    }
    if (!url->tls && !is_local(host)) {
        return refuse(error, "connect_to",
                      "leaves the machine, and the url is http://: use https://");
    }
    return true;
}

/* With one of these a caller could make the server see another request than the one meant. */
static bool is_ours(struct df_text name) {
    static const struct df_text ours[] = {
        {"te", 2},      {"host", 4},        {"expect", 6},          {"upgrade", 7},
        {"trailer", 7}, {"connection", 10}, {"content-length", 14}, {"transfer-encoding", 17},
    };
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++) {
        if (df_equals_lower(name, ours[i])) {
            return true;
        }
    }
    return false;
}

static bool check_field(const struct df_http_field *field, struct df_http_error *error) {
    int shown = (int)(field->name.length < 64 ? field->name.length : 64);
    if (!df_is_token(field->name)) {
        return refuse(error, "headers:",
                      "a name is empty, or holds a character that no header's name may have");
    }
    if (is_ours(field->name)) {
        df_http_error_set(error, DF_KIND_ARGUMENT, false,
                          "headers: %.*s is written by the transport", shown, field->name.data);
        return false;
    }
    if (!is_line(field->value)) {
        df_http_error_set(error, DF_KIND_ARGUMENT, false,
                          "headers: the value of %.*s holds CR, LF or NUL", shown,
                          field->name.data);
        return false;
    }
    return true;
}

bool df_http_check_rest(const struct df_http_request *request, struct df_http_error *error) {
    /* Written so that NaN fails. */
    if (!(request->connect_timeout > 0)) {
        return refuse(error, "connect_timeout", "is not above 0");
    }
    for (size_t i = 0; i < request->header_count; i++) {
        if (!check_field(&request->headers[i], error)) {
            return false;
        }
    }
    return true;
}

bool df_http_check_place(const struct df_http_request *request, struct df_http_url *url,
                         struct df_http_error *error) {
    if (!df_is_token(request->method)) {
        return refuse(error, "method", "is not an HTTP method");
    }
    return check_url(request->url, url, error) && check_connect_to(request->connect_to, url, error);
}
