#ifndef DF_HTTP_OUTCOME_H
#define DF_HTTP_OUTCOME_H

#include "net/transfer.h"

/* Turns libcurl's result into the transfer's: an answer, or an error with its kind. The easy handle
 * must not have begun anything else. */
void df_http_conclude(struct df_http_transfer *transfer, CURLcode code);

/* Whether a byte of the request may have reached the server. In doubt it may. */
bool df_http_may_have_sent(const struct df_http_transfer *transfer);

#endif
