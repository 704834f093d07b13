#include "net/route.h"

#include "base/alloc.h"

#include <openssl/crypto.h>
#include <string.h>

struct df_route *df_route_new(const struct df_text parts[DF_ROUTE_PARTS]) {
    size_t size = 0;
    for (int i = 0; i < DF_ROUTE_PARTS; i++) {
        size += parts[i].length + 1;
    }
    struct df_route *route = df_malloc(sizeof *route + size);
    if (!route) {
        return NULL;
    }
    char *at = route->text;
    for (int i = 0; i < DF_ROUTE_PARTS; i++) {
        route->parts[i] = at;
        if (parts[i].length) {
            memcpy(at, parts[i].data, parts[i].length);
        }
        at[parts[i].length] = '\0';
        at += parts[i].length + 1;
    }
    route->references = 1;
    route->size = size;
    route->tls = strncmp(route->parts[DF_ROUTE_URL], "https:", 6) == 0;
    return route;
}

struct df_route *df_route_keep(struct df_route *route) {
    route->references++;
    return route;
}

void df_route_drop(struct df_route *route) {
    if (route && --route->references == 0) {
        OPENSSL_cleanse(route->text, route->size);
        df_free(route);
    }
}

bool df_route_equal(const struct df_route *a, const struct df_route *b) {
    return a == b || (a->size == b->size && memcmp(a->text, b->text, a->size) == 0);
}
