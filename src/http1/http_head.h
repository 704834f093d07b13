#ifndef DF_HTTP_HEAD_H
#define DF_HTTP_HEAD_H

#include "base/buffer.h"

#include <stdbool.h>

enum {
    DF_HTTP_HEAD_CEILING =
        64 * 1024, /* bytes of all heads and trailers of one answer, 1xx included */
    DF_HTTP_HEAD_FIELDS = 128
};

/* A field of a head, as offsets into the head's bytes. */
struct df_http_head_field {
    unsigned name;
    unsigned name_count;
    unsigned value;
    unsigned value_count;
    bool repeated; /* a field of the same name stands before it */
};

/* The head of an answer: its status, and its fields with names in lower case. */
struct df_http_head {
    struct df_buffer bytes;
    size_t received;
    int status; /* 0 until a status line was read */
    bool complete;
    bool is_framed; /* it says where its body ends, other than by closing the connection */
    unsigned field_count;
    struct df_http_head_field fields[DF_HTTP_HEAD_FIELDS];
};

enum df_http_head_result {
    DF_HTTP_HEAD_OK,
    DF_HTTP_HEAD_TOO_LARGE,
    DF_HTTP_HEAD_MALFORMED,
    DF_HTTP_HEAD_NO_MEMORY
};

/* Allocates nothing. */
void df_http_head_init(struct df_http_head *head);
/* Forgets the answer and keeps the memory. */
void df_http_head_reset(struct df_http_head *head);
void df_http_head_free(struct df_http_head *head);

/* Reads one line, its end included. An informational head (1xx) gives way to the one that follows,
 * and trailers are counted and left out. */
enum df_http_head_result df_http_head_line(struct df_http_head *head, const char *line,
                                           size_t count);

#endif
