#include "base/file.h"

#include "base/alloc.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { NAME_EXTRA = 48, TRIES = 100 };

/* Opens a new file beside `path`, where rename cannot cross file systems. Its name goes into
 * `name`, which holds the folder and NAME_EXTRA bytes more. */
static int open_temporary(const char *path, char *name) {
    const char *slash = strrchr(path, '/');
    size_t folder = slash ? (size_t)(slash - path) + 1 : 0;
    memcpy(name, path, folder);
    for (int i = 0; i < TRIES; i++) {
        struct timespec at = {0, 0};
        clock_gettime(CLOCK_REALTIME, &at);
        snprintf(name + folder, NAME_EXTRA, ".dataforest-%lx-%lx-%x", (unsigned long)getpid(),
                 (unsigned long)at.tv_nsec, (unsigned)i);
        int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
        if (fd >= 0 || errno != EEXIST) {
            return fd;
        }
    }
    return -1;
}

static int write_all(int fd, const char *bytes, size_t length) {
    while (length > 0) {
        ssize_t written = write(fd, bytes, length);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written < 0) {
            return errno;
        }
        bytes += written;
        length -= (size_t)written;
    }
    return 0;
}

/* A file that grows beyond RLIMIT_FSIZE and a reader that goes away raise signals, which would end
 * the process and leave the new file behind. They are held back meanwhile, for this thread alone.
 */
struct held {
    sigset_t mask, pending;
};

static const int held_signals[] = {SIGXFSZ, SIGPIPE};

static void hold_signals(struct held *held) {
    sigset_t both;
    sigemptyset(&both);
    for (size_t i = 0; i < sizeof held_signals / sizeof *held_signals; i++) {
        sigaddset(&both, held_signals[i]);
    }
    sigemptyset(&held->pending);
    sigpending(&held->pending);
    pthread_sigmask(SIG_BLOCK, &both, &held->mask);
}

/* Takes back what came while they were held. */
static void release_signals(const struct held *held) {
    for (size_t i = 0; i < sizeof held_signals / sizeof *held_signals; i++) {
        sigset_t now, one;
        sigemptyset(&now);
        sigpending(&now);
        if (sigismember(&now, held_signals[i]) && !sigismember(&held->pending, held_signals[i])) {
            int number = 0;
            sigemptyset(&one);
            sigaddset(&one, held_signals[i]);
            sigwait(&one, &number);
        }
    }
    pthread_sigmask(SIG_SETMASK, &held->mask, NULL);
}

/* fchmod because the umask may have taken the owner's bits too. */
static int fill(int fd, const void *bytes, size_t length) {
    int failure = fchmod(fd, S_IRUSR | S_IWUSR) != 0 ? errno : 0;
    if (!failure) {
        failure = write_all(fd, bytes, length);
    }
    if (!failure && fsync(fd) != 0) {
        failure = errno;
    }
    if (close(fd) != 0 && !failure) {
        failure = errno;
    }
    return failure;
}

/* Replaces `path` by a new file; without bytes, only tries whether there could be one. */
static int replace(const char *path, const void *bytes, size_t length) {
    char *name = df_malloc(strlen(path) + NAME_EXTRA);
    if (!name) {
        return ENOMEM;
    }
    int failure = 0;
    int fd = open_temporary(path, name);
    if (fd < 0) {
        failure = errno;
    } else if (!bytes) {
        close(fd);
        unlink(name);
    } else {
        failure = fill(fd, bytes, length);
        if (!failure && rename(name, path) != 0) {
            failure = errno;
        }
        if (failure) {
            unlink(name);
        }
    }
    df_free(name);
    return failure;
}

/* Writes into what is there: a device, a FIFO. */
static int write_through(const char *path, const void *bytes, size_t length) {
    if (!bytes) {
        return access(path, W_OK) == 0 ? 0 : errno;
    }
    int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0) {
        return errno;
    }
    int failure = write_all(fd, bytes, length);
    if (close(fd) != 0 && !failure) {
        failure = errno;
    }
    return failure;
}

/* Follows a link, so that it stays one. */
static int replace_behind_link(const char *path, const void *bytes, size_t length) {
    char *target = realpath(path, NULL);
    int failure = target ? replace(target, bytes, length) : errno;
    free(target);
    return failure;
}

int df_file_save(const char *path, const void *bytes, size_t length) {
    struct stat status, link;
    struct held held;
    int failure;
    int is_link = lstat(path, &link) == 0 && S_ISLNK(link.st_mode);
    int exists = stat(path, &status) == 0;
    if (!exists && (is_link || errno != ENOENT)) {
        return errno;
    } else if (exists && S_ISDIR(status.st_mode)) {
        return EISDIR;
    }
    hold_signals(&held);
    if (exists && !S_ISREG(status.st_mode)) {
        failure = write_through(path, bytes, length);
    } else if (is_link) {
        failure = replace_behind_link(path, bytes, length);
    } else {
        failure = replace(path, bytes, length);
    }
    release_signals(&held);
    return failure;
}

/* Reads to the end; one byte more than fits shows that the file is larger. */
static int read_all(int fd, char *bytes, size_t capacity, size_t *length) {
    char extra;
    for (*length = 0;;) {
        size_t left = capacity - *length;
        ssize_t count = read(fd, left ? bytes + *length : &extra, left ? left : 1);
        if (count < 0 && errno == EINTR) {
            continue;
        } else if (count <= 0) {
            return count < 0 ? errno : 0;
        } else if (!left) {
            return EFBIG;
        }
        *length += (size_t)count;
    }
}

int df_file_load(const char *path, void *bytes, size_t capacity, size_t *length) {
    struct stat status;
    *length = 0;
    /* Without waiting: opening a FIFO would wait for its writer. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0) {
        return errno;
    }
    int failure = fstat(fd, &status) != 0    ? errno
                  : S_ISDIR(status.st_mode)  ? EISDIR
                  : !S_ISREG(status.st_mode) ? DF_FILE_NOT_REGULAR
                                             : read_all(fd, bytes, capacity, length);
    close(fd);
    return failure;
}
