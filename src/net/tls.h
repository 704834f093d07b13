#ifndef DF_TLS_H
#define DF_TLS_H

#include <curl/curl.h>
#include <stdbool.h>

/* What is better done with OpenSSL than through libcurl. Where libcurl uses another TLS library, or
 * the build has no libssl, nothing here takes effect. */

enum df_tls_end { DF_TLS_END_UNKNOWN, DF_TLS_END_NOTIFIED, DF_TLS_END_CUT };

/* Lets TLS read a record with one call to the system, as libcurl does by itself from 8.15 on. */
bool df_tls_prepare(CURL *easy);

/* How the server ended a connection that has ended: with close_notify, or without. */
enum df_tls_end df_tls_how_ended(CURL *easy);

#endif
