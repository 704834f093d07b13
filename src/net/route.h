#ifndef DF_ROUTE_H
#define DF_ROUTE_H

#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>

/* Where a connection leads, in libcurl's words. Parsing is done elsewhere (transport/route.lua):
 * each part is taken as it is. */
enum df_route_part {
    DF_ROUTE_URL,            /* scheme, host and port: "https://df.example:443/" */
    DF_ROUTE_AUTHORITY,      /* for Host */
    DF_ROUTE_LABEL,          /* host:port that errors name */
    DF_ROUTE_CONNECT_TO,     /* "::host:port" to dial in place of the URL's, or nothing */
    DF_ROUTE_RESOLVE,        /* "host:port:address,address": no DNS for this one, or nothing */
    DF_ROUTE_PROXY,          /* "http://host:port", or nothing */
    DF_ROUTE_PROXY_LABEL,    /* its host:port, for errors */
    DF_ROUTE_PROXY_USER,     /* or nothing */
    DF_ROUTE_PROXY_PASSWORD, /* wiped when the route is freed */
    DF_ROUTE_PARTS
};

/* Never changes; shared by counting. Connections of one route serve another with
 * the same parts. */
struct df_route {
    unsigned references;
    bool tls;
    size_t size;                       /* of all parts with their NULs */
    const char *parts[DF_ROUTE_PARTS]; /* "" for nothing */
    char text[];                       /* the parts, one after another */
};

/* With one reference. NULL if there is no memory. No part may hold a NUL. */
struct df_route *df_route_new(const struct df_text parts[DF_ROUTE_PARTS]);
struct df_route *df_route_keep(struct df_route *route);
void df_route_drop(struct df_route *route);

bool df_route_equal(const struct df_route *a, const struct df_route *b);

#endif
