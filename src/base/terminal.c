#include "base/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

static const char terminal[] = "/dev/tty";

int df_terminal_columns(void) {
    struct winsize size;
    int fd = open(terminal, O_RDONLY | O_NOCTTY | O_CLOEXEC);
    if (fd < 0) {
        return 0;
    }
    int columns = ioctl(fd, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
    close(fd);
    return columns;
}

/* --- signals, held until the terminal is as it was --- */

enum { TTOU, WATCHED = 7 };
static const int watched[WATCHED] = {SIGTTOU, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGTTIN};

static volatile sig_atomic_t caught[WATCHED];

static void catch (int number) {
    for (int i = 0; i < WATCHED; i++) {
        if (watched[i] == number) {
            caught[i] = 1;
        }
    }
}

static int any_caught(void) {
    for (int i = 0; i < WATCHED; i++) {
        if (caught[i]) {
            return 1;
        }
    }
    return 0;
}

/* Without SA_RESTART, so that a signal ends the read. What is ignored stays so. */
static void watch(struct sigaction before[WATCHED]) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = catch;
    sigemptyset(&action.sa_mask);
    for (int i = 0; i < WATCHED; i++) {
        caught[i] = 0;
        sigaction(watched[i], &action, &before[i]);
        if (before[i].sa_handler == SIG_IGN) {
            sigaction(watched[i], &before[i], NULL);
        }
    }
}

static void unwatch(const struct sigaction before[WATCHED]) {
    for (int i = 0; i < WATCHED; i++) {
        sigaction(watched[i], &before[i], NULL);
    }
}

/* Raises again what came. Returns whether the process was stopped by it and goes on: then it is
 * asked anew. */
static int raise_caught(void) {
    int stopped = 0;
    for (int i = 0; i < WATCHED; i++) {
        if (caught[i]) {
            raise(watched[i]);
            /* cppcheck-suppress unreachableCode ; raise returns where the signal is handled */
            stopped |= watched[i] == SIGTSTP || watched[i] == SIGTTIN || watched[i] == SIGTTOU;
        }
    }
    return stopped;
}

/* --- asking --- */

static void put(int fd, const char *text, size_t length) {
    while (length > 0) {
        ssize_t written = write(fd, text, length);
        if (written <= 0) {
            return;
        }
        text += written;
        length -= (size_t)written;
    }
}

/* Reads up to the end of a line; what is beyond the capacity is dropped. */
static int read_line(int fd, char *reply, size_t capacity, size_t *length) {
    char byte;
    *length = 0;
    while (!any_caught() && read(fd, &byte, 1) == 1) {
        if (byte == '\n' || byte == '\r') {
            return 1;
        }
        if (*length < capacity) {
            reply[(*length)++] = byte;
        }
    }
    return 0;
}

static int set_terminal(int fd, const struct termios *settings) {
    int status;
    do {
        status = tcsetattr(fd, TCSAFLUSH, settings);
    } while (status != 0 && errno == EINTR && !any_caught());
    return status;
}

/* Whatever has come, except that the process is in the background now, where it may not. */
static void restore(int fd, const struct termios *settings) {
    while (tcsetattr(fd, TCSAFLUSH, settings) != 0 && errno == EINTR && !caught[TTOU]) {
    }
}

enum df_reply df_terminal_ask(const char *question, int echo, char *reply, size_t capacity,
                              size_t *length) {
    struct sigaction before[WATCHED];
    struct termios saved, silent;
    int complete, again;
    do {
        int fd = open(terminal, O_RDWR | O_NOCTTY | O_CLOEXEC);
        if (fd < 0) {
            return DF_REPLY_NO_TERMINAL;
        }
        if (tcgetattr(fd, &saved) != 0) {
            close(fd);
            return DF_REPLY_NO_TERMINAL;
        }
        silent = saved;
        silent.c_lflag &= ~(tcflag_t)(ECHO | ECHONL);
        watch(before);
        complete = 0;
        if (echo || set_terminal(fd, &silent) == 0) {
            put(fd, question, strlen(question));
            complete = read_line(fd, reply, capacity, length);
            if (!echo || !complete) {
                put(fd, "\n", 1);
            }
        }
        if (!echo) {
            restore(fd, &saved);
        }
        unwatch(before);
        close(fd);
        again = raise_caught();
    } while (again && !complete);
    return complete ? DF_REPLY : DF_REPLY_CANCELLED;
}

void df_terminal_interrupt(void) {
    signal(SIGINT, SIG_DFL);
    raise(SIGINT);
}
