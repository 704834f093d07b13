#define _POSIX_C_SOURCE 200809L

#include "base/file.h"

#include "base/alloc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { NAME_ROOM = 48, TRIES = 100 };

/* Opens a new file beside `path`, where rename cannot cross file systems. Its name goes into
 * `name`, which has room for the folder and NAME_ROOM more. */
static int open_temporary(const char *path, char *name) {
    const char *slash = strrchr(path, '/');
    size_t folder = slash ? (size_t)(slash - path) + 1 : 0;
    memcpy(name, path, folder);
    for (int i = 0; i < TRIES; i++) {
        struct timespec at = {0, 0};
        clock_gettime(CLOCK_REALTIME, &at);
        snprintf(name + folder, NAME_ROOM, ".dataforest-%lx-%lx-%x", (unsigned long)getpid(),
                 (unsigned long)at.tv_nsec, (unsigned)i);
        int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
        if (fd >= 0 || errno != EEXIST) {
            return fd;
        }
    }
    return -1;
}

static int write_all(int fd, const char *bytes, size_t count) {
    while (count > 0) {
        ssize_t written = write(fd, bytes, count);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written < 0) {
            return errno;
        }
        bytes += written;
        count -= (size_t)written;
    }
    return 0;
}

/* fchmod because the umask may have taken the owner's bits too. */
static int fill(int fd, const void *bytes, size_t count) {
    int failure = fchmod(fd, S_IRUSR | S_IWUSR) != 0 ? errno : 0;
    if (!failure) {
        failure = write_all(fd, bytes, count);
    }
    if (!failure && fsync(fd) != 0) {
        failure = errno;
    }
    if (close(fd) != 0 && !failure) {
        failure = errno;
    }
    return failure;
}

int df_file_save(const char *path, const void *bytes, size_t count) {
    char *name = df_malloc(strlen(path) + NAME_ROOM);
    if (!name) {
        return ENOMEM;
    }
    int failure = 0;
    int fd = open_temporary(path, name);
    if (fd < 0) {
        failure = errno;
    } else {
        failure = fill(fd, bytes, count);
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
