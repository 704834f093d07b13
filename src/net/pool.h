#ifndef DF_POOL_H
#define DF_POOL_H

#include "net/connection.h"

/* Connections that wait for their next request, the one that was used last in front. */
struct df_pool {
    struct df_connection *first;
    struct df_connection *last;
    unsigned count;
    double max_idle; /* seconds */
};

/* Takes a connection of a route that is alive and silent; NULL if there is none. Closes those that
 * are not, and those that have waited too long. */
struct df_connection *df_pool_take(struct df_pool *pool, const struct df_route *route, double now);

/* Puts an open connection in, and closes the oldest beyond `limit`. */
void df_pool_put(struct df_pool *pool, struct df_connection *connection, unsigned limit,
                 double now);

/* An idle connection is readable: it has ended, or says what nobody asked for. Closes it, unless
 * TLS alone had something to say. */
void df_pool_check(struct df_pool *pool, struct df_connection *connection);

void df_pool_clear(struct df_pool *pool);

#endif
