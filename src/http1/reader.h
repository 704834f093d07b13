#ifndef DF_HTTP1_READER_H
#define DF_HTTP1_READER_H

#include "base/buffer.h"
#include "base/kinds.h"
#include "base/text.h"

#include <stdbool.h>
#include <stdint.h>

/* Reads one HTTP/1.1 response from bytes that are fed to it, in pieces of any size. The verdict
 * does not depend on the pieces. No I/O; memory is bounded by the limits below and by max_body.
 * docs/http.md says what is accepted and what is refused. */

enum {
    DF_HTTP1_MAX_HEAD = 64 * 1024,   /* bytes of header and trailer lines, those of 1xx included */
    DF_HTTP1_MAX_FIELDS = 128,       /* header and trailer fields, those of 1xx included */
    DF_HTTP1_MAX_INFORMATIONAL = 16, /* 1xx responses before the final one */
    DF_HTTP1_MAX_CHUNK_LINE = 4096,  /* bytes of a chunk's size line, its end included */
    DF_HTTP1_MAX_EXTENSIONS = 65536, /* bytes of all size lines besides the sizes themselves */
    DF_HTTP1_DETAIL_SIZE = 160
};

enum df_http1_result { DF_HTTP1_MORE, DF_HTTP1_DONE, DF_HTTP1_ERROR };

/* The request's method, where it changes how a response ends. */
enum df_http1_method { DF_HTTP1_OTHER, DF_HTTP1_HEAD, DF_HTTP1_CONNECT };
enum df_http1_method df_http1_method_of(struct df_text method);

/* How a connection ended. */
enum df_http1_end {
    DF_HTTP1_END_CLEAN,   /* FIN over plain TCP; close_notify over TLS */
    DF_HTTP1_END_UNKNOWN, /* over TLS, by a library that does not tell close_notify from a cut */
    DF_HTTP1_END_TLS_CUT, /* over TLS, without close_notify */
    DF_HTTP1_END_RESET    /* by an error of the network */
};

struct df_http1_error {
    enum df_kind kind; /* PROTOCOL; LIMIT, also for lack of memory; NETWORK for a cut response */
    char detail[DF_HTTP1_DETAIL_SIZE]; /* printable ASCII, one line */
};

struct df_http1_header {
    struct df_text name; /* in lower case */
    struct df_text value;
    bool repeated; /* a header of the same name stands before it */
};

/* A header as offsets into the reader's buffer. */
struct df_http1_span {
    uint16_t name;
    uint16_t value;
    uint16_t name_length;
    uint16_t value_length;
    bool repeated;
};

/* The caller owns it, and reads the fields of the first group only. */
struct df_http1_reader {
    int status;         /* 0 until a final status line was read */
    bool any_byte;      /* a byte of the response has come */
    bool surplus;       /* bytes came behind the response */
    bool reusable;      /* done, and the connection may carry another request */
    bool end_uncertain; /* done, but the body ended with the connection, perhaps too early */
    struct df_http1_error error;
    unsigned header_count;

    uint8_t state;
    uint8_t method;
    uint8_t fixed;         /* bytes of the status line's fixed part that have come */
    uint8_t informational; /* how many 1xx came */
    bool keep_alive;
    bool old; /* HTTP/1.0 */
    bool chunked;
    bool discard;       /* the body is not kept: see read_coding */
    uint8_t fold;       /* whether the field above may go on in another line */
    uint16_t code;      /* of this head, which may be informational */
    uint16_t length_at; /* the text of Content-Length in `lines` */
    uint16_t length_size;
    uint32_t head_bytes;      /* of all heads and trailers */
    uint32_t field_total;     /* of the same */
    uint32_t chunk_line;      /* bytes of this chunk's size line */
    uint32_t extension_bytes; /* of all size lines */
    size_t line_start;        /* of the current line in `lines` */
    size_t left;              /* bytes that are to come, of the body or of this chunk */
    size_t received;          /* bytes of the body that have come */
    size_t max_body;
    uint64_t names_seen; /* a bit for each hashed name */
    struct df_buffer lines;
    struct df_buffer body;
    struct df_http1_span spans[DF_HTTP1_MAX_FIELDS];
};

/* Allocates nothing. */
void df_http1_reader_init(struct df_http1_reader *reader);
void df_http1_reader_free(struct df_http1_reader *reader);

/* Begins a response to a request of `method`, whose body may have `max_body` bytes. Keeps memory.
 */
void df_http1_reader_start(struct df_http1_reader *reader, enum df_http1_method method,
                           size_t max_body);

/* Gives memory back that a large response has left. Forgets the response. */
void df_http1_reader_shrink(struct df_http1_reader *reader);

/* Reads bytes. `consumed` is `length` after MORE; after DONE, the bytes that belong to the
 * response. What is behind them sets `surplus`. After DONE or ERROR the same is returned again. */
enum df_http1_result df_http1_reader_feed(struct df_http1_reader *reader, const char *data,
                                          size_t length, size_t *consumed);

/* Where the rest of a body of known length may be received straight into: NULL where there is no
 * such body, it is better fed, or memory is short (feed says so). At most `capacity` bytes. */
char *df_http1_reader_space(struct df_http1_reader *reader, size_t *capacity);
/* So many bytes were received there. */
enum df_http1_result df_http1_reader_filled(struct df_http1_reader *reader, size_t length);

/* The connection has ended. */
enum df_http1_result df_http1_reader_end(struct df_http1_reader *reader, enum df_http1_end how);

bool df_http1_reader_done(const struct df_http1_reader *reader);

/* Of a response that is whole. Valid until the reader is started, shrunk or freed. */
struct df_http1_header df_http1_reader_header(const struct df_http1_reader *reader, unsigned index);
struct df_text df_http1_reader_body(const struct df_http1_reader *reader);

/* Writes what went wrong as one sentence that names the peer ("host:port"), NUL at its end. */
void df_http1_reader_describe(const struct df_http1_reader *reader, const char *peer, char *out,
                              size_t size);

#endif
