#include "support.h"

#include "base/clock.h"

#include <math.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

static void tells_the_time(void **state) {
    (void)state;
    time_t before = time(NULL);
    double now = df_clock_now();
    assert_true(now >= (double)before && now <= (double)before + 10);
    double first = df_clock_monotonic();
    assert_true(df_clock_monotonic() >= first);
}

/* Sleeps to the end; returns in how many pieces. */
static int sleep_in_pieces(double seconds) {
    int pieces = 0;
    while (seconds > 0) {
        seconds = df_clock_sleep(seconds);
        pieces++;
    }
    return pieces;
}

static void sleeps_no_shorter_than_asked(void **state) {
    (void)state;
    double before = df_clock_monotonic();
    sleep_in_pieces(0.02);
    double slept = df_clock_monotonic() - before;
    assert_true(slept >= 0.02 && slept < 5);
}

static void does_not_sleep_for_nothing(void **state) {
    (void)state;
    double before = df_clock_monotonic();
    df_clock_sleep(0);
    df_clock_sleep(-1);
    df_clock_sleep(-INFINITY);
    df_clock_sleep(NAN);
    df_clock_sleep(1e-9);
    assert_true(df_clock_monotonic() - before < 1);
}

static volatile sig_atomic_t rings;

static void ring(int number) {
    (void)number;
    rings++;
}

static void wakes_up_for_signals(void **state) {
    (void)state;
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = ring;
    assert_int_equal(sigaction(SIGALRM, &action, NULL), 0);
    const struct itimerval often = {{0, 5000}, {0, 5000}};
    const struct itimerval never = {{0, 0}, {0, 0}};
    setitimer(ITIMER_REAL, &often, NULL);
    double before = df_clock_monotonic();
    int pieces = sleep_in_pieces(0.05);
    double slept = df_clock_monotonic() - before;
    setitimer(ITIMER_REAL, &never, NULL);
    assert_true(rings > 1);
    assert_true(pieces > 1);
    assert_true(slept >= 0.05);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_the_time),
        cmocka_unit_test(sleeps_no_shorter_than_asked),
        cmocka_unit_test(does_not_sleep_for_nothing),
        cmocka_unit_test(wakes_up_for_signals),
    };
    return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}
