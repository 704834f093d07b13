#ifndef DF_CLOCK_H
#define DF_CLOCK_H

/* Seconds since the epoch, and seconds of a clock that nobody sets. */
double df_clock_now(void);
double df_clock_monotonic(void);

/* Sleeps so many seconds, signals notwithstanding. Negative and NaN sleep not at all; more than a
 * year sleeps a year. */
void df_clock_sleep(double seconds);

#endif
