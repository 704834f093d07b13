#ifndef DF_KINDS_H
#define DF_KINDS_H

/* Every kind of error, once: X(constant, name, when it is reported).
 * The Lua constants, the HTTP engine's names and the reference page come from this list. */
#define DF_KINDS(X)                                                                                \
    X(ARGUMENT, "argument", "a parameter breaks a documented limit; nothing was sent")             \
    X(CREDENTIALS, "credentials", "no keys found, or a provider failed; nothing was sent")         \
    X(AUTH, "auth", "401: authentication failed")                                                  \
    X(FORBIDDEN, "forbidden", "403, and 401 with code 210")                                        \
    X(NOT_FOUND, "not_found", "404")                                                               \
    X(INVALID, "invalid", "400 about parameters, 413")                                             \
    X(QUOTA, "quota", "400 exceeded limit on resource quota; 429 with code 400")                   \
    X(THROTTLED, "throttled", "other 429")                                                         \
    X(REFUSED, "refused", "a 2xx response that says `success: false`, or holds an error envelope") \
    X(SERVER, "server", "5xx; 408, 421 and 425")                                                   \
    X(TIMEOUT, "timeout", "the call's deadline passed")                                            \
    X(NETWORK, "network", "DNS, connect, reset, a response that is cut")                           \
    X(TLS, "tls", "handshake or verification; the message names the option that fixes it")         \
    X(PROTOCOL, "protocol",                                                                        \
      "malformed HTTP, JSON or XML, an empty response, a 3xx, an unexpected content type")         \
    X(LIMIT, "limit", "the response is larger than `max_response_bytes`")                          \
    X(CLOSED, "closed", "the client was closed")

enum df_kind {
#define DF_KIND_CONSTANT(constant, name, when) DF_KIND_##constant,
    DF_KINDS(DF_KIND_CONSTANT)
#undef DF_KIND_CONSTANT
        DF_KIND_COUNT
};

/* The name of a kind, as Lua sees it. */
const char *df_kind_name(enum df_kind kind);

#endif
