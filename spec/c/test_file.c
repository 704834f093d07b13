#include "support.h"

#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[64];
static char path[128];

static int make_folder(void **state) {
    (void)state;
    strcpy(folder, "/tmp/dataforest-test-XXXXXX");
    if (!mkdtemp(folder)) {
        return -1;
    }
    snprintf(path, sizeof path, "%s/keytab", folder);
    return 0;
}

static int entries(void) {
    int count = 0;
    DIR *listing = opendir(folder);
    assert_non_null(listing);
    while (readdir(listing)) {
        count++;
    }
    closedir(listing);
    return count - 2; /* itself and its parent */
}

static int remove_folder(void **state) {
    (void)state;
    chmod(folder, 0700);
    unlink(path);
    rmdir(path);
    return rmdir(folder); /* fails if a test left anything behind */
}

static void assert_contents(const char *expected, size_t count) {
    char bytes[256];
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t read = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    assert_int_equal(read, count);
    assert_memory_equal(bytes, expected, count);
}

static void assert_private(void) {
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
}

static void saves_bytes_for_the_owner_alone(void **state) {
    (void)state;
    assert_int_equal(df_file_save(path, "a\0b\n", 4), 0);
    assert_contents("a\0b\n", 4);
    assert_private();
    assert_int_equal(entries(), 1);
}

static void saves_nothing_as_an_empty_file(void **state) {
    (void)state;
    assert_int_equal(df_file_save(path, "", 0), 0);
    assert_contents("", 0);
    assert_private();
}

static void takes_no_bits_from_the_umask(void **state) {
    (void)state;
    mode_t before = umask(0777);
    int failure = df_file_save(path, "x", 1);
    umask(before);
    assert_int_equal(failure, 0);
    assert_private();
}

static void replaces_a_file_and_its_mode(void **state) {
    (void)state;
    FILE *file = fopen(path, "wb");
    fputs("what was there before, and is longer", file);
    fclose(file);
    chmod(path, 0644);
    assert_int_equal(df_file_save(path, "new", 3), 0);
    assert_contents("new", 3);
    assert_private();
    assert_int_equal(entries(), 1);
}

static void saves_beside_the_current_folder_too(void **state) {
    (void)state;
    char before[1024];
    assert_non_null(getcwd(before, sizeof before));
    assert_int_equal(chdir(folder), 0);
    int failure = df_file_save("keytab", "x", 1);
    assert_int_equal(chdir(before), 0);
    assert_int_equal(failure, 0);
    assert_contents("x", 1);
    assert_int_equal(entries(), 1);
}

static void reports_a_missing_folder(void **state) {
    (void)state;
    char missing[256];
    snprintf(missing, sizeof missing, "%s/none/keytab", folder);
    assert_int_equal(df_file_save(missing, "x", 1), ENOENT);
    assert_int_equal(df_file_save("", "x", 1) != 0, 1);
    assert_int_equal(entries(), 0);
}

static void leaves_a_folder_in_the_way_alone(void **state) {
    (void)state;
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_not_equal(df_file_save(path, "x", 1), 0);
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    assert_true(S_ISDIR(status.st_mode));
    assert_int_equal(entries(), 1);
}

/* In a child, because root has to give up its rights, and to limit the size of files. */
static int in_child(int (*body)(void)) {
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        _exit(body());
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static int save_without_rights(void) {
    if (geteuid() == 0 && setuid(65534) != 0) {
        return 255;
    }
    return df_file_save(path, "new", 3);
}

static void keeps_the_old_file_in_a_folder_it_may_not_write(void **state) {
    (void)state;
    assert_int_equal(df_file_save(path, "old", 3), 0);
    assert_int_equal(chmod(folder, 0555), 0);
    assert_int_equal(in_child(save_without_rights), EACCES);
    assert_int_equal(chmod(folder, 0700), 0);
    assert_contents("old", 3);
    assert_int_equal(entries(), 1);
}

static int save_without_room(void) {
    const struct rlimit limit = {1000, 1000};
    static char bytes[5000];
    signal(SIGXFSZ, SIG_IGN);
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0) {
        return 255;
    }
    return df_file_save(path, bytes, sizeof bytes);
}

static void keeps_the_old_file_when_there_is_no_room(void **state) {
    (void)state;
    assert_int_equal(df_file_save(path, "old", 3), 0);
    assert_int_equal(in_child(save_without_room), EFBIG);
    assert_contents("old", 3);
    assert_int_equal(entries(), 1);
}

static void keeps_the_old_file_when_memory_runs_out(void **state) {
    (void)state;
    assert_int_equal(df_file_save(path, "old", 3), 0);
    support_fail_allocation(1);
    int failure = df_file_save(path, "new", 3);
    assert_true(support_allocation_failed());
    assert_int_equal(support_end_allocation(), 0);
    assert_int_equal(failure, ENOMEM);
    assert_contents("old", 3);
    assert_int_equal(entries(), 1);
}

static void follows_a_link_and_leaves_it_one(void **state) {
    (void)state;
    char target[256];
    snprintf(target, sizeof target, "%s/other", folder);
    assert_int_equal(symlink("other", path), 0);
    assert_int_equal(df_file_save(path, "new", 3), ENOENT); /* a link to nothing */
    assert_int_equal(entries(), 1);
    assert_int_equal(df_file_save(target, "theirs", 6), 0);
    assert_int_equal(df_file_save(path, "ours", 4), 0);
    struct stat status;
    assert_int_equal(lstat(path, &status), 0);
    assert_true(S_ISLNK(status.st_mode));
    assert_int_equal(stat(target, &status), 0);
    assert_int_equal(status.st_size, 4);
    assert_int_equal(status.st_mode & 07777, 0600);
    assert_int_equal(entries(), 2);
    assert_contents("ours", 4);
    assert_int_equal(unlink(target), 0);
}

static void writes_through_a_fifo(void **state) {
    (void)state;
    char bytes[16];
    assert_int_equal(mkfifo(path, 0600), 0);
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        _exit(df_file_save(path, "through", 7));
    }
    int fd = open(path, O_RDONLY);
    assert_true(fd >= 0);
    size_t length = 0;
    ssize_t got;
    while ((got = read(fd, bytes + length, sizeof bytes - length)) > 0) {
        length += (size_t)got;
    }
    close(fd);
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(length, 7);
    assert_memory_equal(bytes, "through", 7);
    assert_int_equal(entries(), 1);
    struct stat after;
    assert_int_equal(lstat(path, &after), 0);
    assert_true(S_ISFIFO(after.st_mode));
}

static void writes_through_a_device(void **state) {
    (void)state;
    struct stat status;
    assert_int_equal(df_file_save("/dev/null", "x", 1), 0);
    assert_int_equal(df_file_save("/dev/null", NULL, 0), 0);
    assert_int_equal(stat("/dev/null", &status), 0);
    assert_true(S_ISCHR(status.st_mode));
    if (stat("/dev/full", &status) == 0) {
        assert_int_equal(df_file_save("/dev/full", "x", 1), ENOSPC);
    }
}

static void tries_without_changing_anything(void **state) {
    (void)state;
    char missing[256];
    assert_int_equal(df_file_save(path, NULL, 0), 0);
    assert_int_equal(entries(), 0);
    assert_int_equal(df_file_save(path, "old", 3), 0);
    assert_int_equal(df_file_save(path, NULL, 0), 0);
    assert_contents("old", 3);
    assert_int_equal(entries(), 1);
    snprintf(missing, sizeof missing, "%s/none/keytab", folder);
    assert_int_equal(df_file_save(missing, NULL, 0), ENOENT);
    assert_int_equal(df_file_save(folder, NULL, 0), EISDIR);
}

/* The signal for it has its usual meaning: it would end the process. */
static int save_beyond_the_limit(void) {
    const struct rlimit limit = {1000, 1000};
    static char bytes[5000];
    signal(SIGXFSZ, SIG_DFL);
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0) {
        return 255;
    }
    return df_file_save(path, bytes, sizeof bytes);
}

static void survives_the_limit_of_a_file(void **state) {
    (void)state;
    assert_int_equal(df_file_save(path, "old", 3), 0);
    assert_int_equal(in_child(save_beyond_the_limit), EFBIG);
    assert_contents("old", 3);
    assert_int_equal(entries(), 1);
}

static void loads_a_file_up_to_its_limit(void **state) {
    (void)state;
    char bytes[8];
    size_t length = 99;
    assert_int_equal(df_file_save(path, "12345678", 8), 0);
    assert_int_equal(df_file_load(path, bytes, 8, &length), 0);
    assert_int_equal(length, 8);
    assert_memory_equal(bytes, "12345678", 8);
    assert_int_equal(df_file_load(path, bytes, 7, &length), EFBIG);
    assert_int_equal(df_file_save(path, "", 0), 0);
    assert_int_equal(df_file_load(path, bytes, 8, &length), 0);
    assert_int_equal(length, 0);
}

static void loads_nothing_that_is_no_file_and_never_waits(void **state) {
    (void)state;
    char bytes[8];
    size_t length = 99;
    assert_int_equal(df_file_load(path, bytes, sizeof bytes, &length), ENOENT);
    assert_int_equal(df_file_load(folder, bytes, sizeof bytes, &length), EISDIR);
    assert_int_equal(df_file_load("/dev/zero", bytes, sizeof bytes, &length), DF_FILE_NOT_REGULAR);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(df_file_load(path, bytes, sizeof bytes, &length), DF_FILE_NOT_REGULAR);
    assert_int_equal(length, 0);
}

#define FOLDER_TEST(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

int main(void) {
    const struct CMUnitTest tests[] = {
        FOLDER_TEST(saves_bytes_for_the_owner_alone),
        FOLDER_TEST(saves_nothing_as_an_empty_file),
        FOLDER_TEST(takes_no_bits_from_the_umask),
        FOLDER_TEST(replaces_a_file_and_its_mode),
        FOLDER_TEST(saves_beside_the_current_folder_too),
        FOLDER_TEST(reports_a_missing_folder),
        FOLDER_TEST(leaves_a_folder_in_the_way_alone),
        FOLDER_TEST(keeps_the_old_file_in_a_folder_it_may_not_write),
        FOLDER_TEST(keeps_the_old_file_when_there_is_no_room),
        FOLDER_TEST(keeps_the_old_file_when_memory_runs_out),
        FOLDER_TEST(follows_a_link_and_leaves_it_one),
        FOLDER_TEST(writes_through_a_fifo),
        FOLDER_TEST(writes_through_a_device),
        FOLDER_TEST(tries_without_changing_anything),
        FOLDER_TEST(survives_the_limit_of_a_file),
        FOLDER_TEST(loads_a_file_up_to_its_limit),
        FOLDER_TEST(loads_nothing_that_is_no_file_and_never_waits),
    };
    return cmocka_run_group_tests_name("file", tests, NULL, NULL);
}
