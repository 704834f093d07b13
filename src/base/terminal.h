#ifndef DF_TERMINAL_H
#define DF_TERMINAL_H

#include <stddef.h>

/* The terminal of this process, for the command line. */

/* Its width in columns, or 0 where there is no terminal or it does not say. */
int df_terminal_columns(void);

enum df_reply { DF_REPLY, DF_REPLY_NO_TERMINAL, DF_REPLY_CANCELLED };

/* Asks on the terminal itself, whatever the streams are, and reads a line. Without echo, what is
 * typed is not shown. A signal that ends or stops the process meanwhile is raised again once the
 * terminal is as it was; where the process survives, the reply is DF_REPLY_CANCELLED, as it is at
 * the end of the input. */
enum df_reply df_terminal_ask(const char *question, int echo, char *reply, size_t capacity,
                              size_t *length);

/* Ends the process by SIGINT, as the terminal's Ctrl-C would have. */
void df_terminal_interrupt(void);

#endif
