#define _POSIX_C_SOURCE 200809L

#include "base/clock.h"

#include <errno.h>
#include <time.h>

static double read_clock(clockid_t clock) {
    struct timespec at = {0, 0};
    clock_gettime(clock, &at);
    return (double)at.tv_sec + (double)at.tv_nsec * 1e-9;
}

double df_clock_now(void) {
    return read_clock(CLOCK_REALTIME);
}

double df_clock_monotonic(void) {
    return read_clock(CLOCK_MONOTONIC);
}

void df_clock_sleep(double seconds) {
    const double year = 366.0 * 24 * 3600;
    if (!(seconds > 0)) {
        return;
    }
    if (seconds > year) {
        seconds = year;
    }
    struct timespec left;
    left.tv_sec = (time_t)seconds;
    left.tv_nsec = (long)((seconds - (double)left.tv_sec) * 1e9);
    if (left.tv_nsec > 999999999L) {
        left.tv_nsec = 999999999L;
    }
    while (nanosleep(&left, &left) != 0 && errno == EINTR) {
    }
}
