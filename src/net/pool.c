#include "net/pool.h"

static void unlink_connection(struct df_pool *pool, struct df_connection *connection) {
    *(connection->previous ? &connection->previous->next : &pool->first) = connection->next;
    *(connection->next ? &connection->next->previous : &pool->last) = connection->previous;
    connection->next = connection->previous = NULL;
    pool->count--;
}

static void discard(struct df_pool *pool, struct df_connection *connection) {
    unlink_connection(pool, connection);
    df_connection_close(connection);
}

struct df_connection *df_pool_take(struct df_pool *pool, const struct df_route *route, double now) {
    while (pool->last && now - pool->last->idle_since > pool->max_idle) {
        discard(pool, pool->last);
    }
    struct df_connection *next = NULL;
    for (struct df_connection *connection = pool->first; connection; connection = next) {
        next = connection->next;
        if (df_route_equal(connection->route, route)) {
            if (df_connection_is_quiet(connection)) {
                unlink_connection(pool, connection);
                return connection;
            }
            discard(pool, connection);
        }
    }
    return NULL;
}

void df_pool_put(struct df_pool *pool, struct df_connection *connection, unsigned limit,
                 double now) {
    connection->transfer = NULL;
    connection->idle_since = now;
    connection->previous = NULL;
    connection->next = pool->first;
    *(pool->first ? &pool->first->previous : &pool->last) = connection;
    pool->first = connection;
    pool->count++;
    while (pool->last && pool->count > limit) {
        discard(pool, pool->last);
    }
}

void df_pool_check(struct df_pool *pool, struct df_connection *connection) {
    if (!df_connection_is_quiet(connection)) {
        discard(pool, connection);
    }
}

void df_pool_clear(struct df_pool *pool) {
    while (pool->first) {
        discard(pool, pool->first);
    }
}
