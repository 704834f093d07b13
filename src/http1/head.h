#ifndef DF_HEAD_H
#define DF_HEAD_H

#include "base/grammar.h"

/* The head of an HTTP/1.1 answer: status line and fields. Strict where a lenient reading could make
 * two parties see two different answers in the same bytes. Nothing is copied. (The engine reads its
 * heads line by line, in http_head.c, after libcurl has judged them.) */
struct df_head {
    int status;
    int minor; /* 0 or 1, of the HTTP version */
    const char *next;
    const char *end;
};

struct df_head_field {
    struct df_text name;
    struct df_text value; /* without the blanks around it */
};

enum df_head_line { DF_HEAD_FIELD, DF_HEAD_NO_MORE, DF_HEAD_FOLDED, DF_HEAD_MALFORMED };

/* Bytes of `text` up to the end of a head, that end included; 0 where it has not come. Bare line
 * feeds end a head too, so that it is refused at once and not waited for. */
size_t df_head_end(struct df_text text);

/* Reads the status line of a whole head. Returns NULL, or what is wrong with the head. */
const char *df_head_open(struct df_head *head, struct df_text text);
/* Reads the next field. */
enum df_head_line df_head_next(struct df_head *head, struct df_head_field *field);

#endif
