#ifndef DF_HTTP_ERROR_H
#define DF_HTTP_ERROR_H

#include "base/kinds.h"

#include <stdbool.h>

enum { DF_HTTP_MESSAGE_SIZE = 512 };

/* How a call failed. `sent` says whether any byte of the request may have reached the server. */
struct df_http_error {
    enum df_kind kind;
    bool sent;
    char message[DF_HTTP_MESSAGE_SIZE]; /* one line */
};

/* Fills in an error. Control characters become question marks: the text is to stay one line. */
void df_http_error_set(struct df_http_error *error, enum df_kind kind, bool sent,
                       const char *format, ...) __attribute__((format(printf, 4, 5)));

#endif
