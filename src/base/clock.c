#define _POSIX_C_SOURCE 200809L

#include "base/clock.h"

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

double df_clock_sleep(double seconds) {
    const double longest = 1;
    if (!(seconds > 0)) {
        return 0;
    }
    double now = df_clock_monotonic();
    double end = now + seconds;
    double piece = seconds < longest ? seconds : longest;
    struct timespec left;
    left.tv_sec = (time_t)piece;
    left.tv_nsec = (long)((piece - (double)left.tv_sec) * 1e9);
    if (left.tv_nsec > 999999999L) {
        left.tv_nsec = 999999999L;
    }
    nanosleep(&left, NULL);
    now = df_clock_monotonic();
    return end > now ? end - now : 0;
}
