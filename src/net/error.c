#include "net/error.h"

#include <stdarg.h>
#include <stdio.h>

void df_http_error_set(struct df_http_error *error, enum df_kind kind, bool sent,
                       const char *format, ...) {
    va_list values;
    error->kind = kind;
    error->sent = sent;
    va_start(values, format);
    vsnprintf(error->message, sizeof error->message, format, values);
    va_end(values);
    for (unsigned char *byte = (unsigned char *)error->message; *byte; byte++) {
        if (*byte < 0x20 || *byte == 0x7f) {
            *byte = '?';
        }
    }
}
