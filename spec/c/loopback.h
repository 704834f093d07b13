#ifndef DF_TEST_LOOPBACK_H
#define DF_TEST_LOOPBACK_H

#include <stdbool.h>

/* A small HTTP server on 127.0.0.1, in a thread of the test. By target:
 *   /number    answers with the number of the connection (from 1) that the request came over
 *   /later     the same, after a tenth of a second
 *   /hold      never answers
 *   /drop      closes the connection without an answer */

/* Returns the port; 0 if the server cannot be had. */
int loopback_start(void);
void loopback_stop(void);

/* How many connections there have been, and how many requests for /drop. */
int loopback_connections(void);
int loopback_drops(void);

struct df_route;

/* The way to the server, dialled directly or by connect_to. NULL if there is no memory. */
struct df_route *loopback_route(int port, bool by_connect_to);

#endif
