#ifndef DF_CLOCK_H
#define DF_CLOCK_H

/* Seconds since the epoch, and seconds of a clock that nobody sets. */
double df_clock_now(void);
double df_clock_monotonic(void);

/* Sleeps so many seconds, but not longer than until a signal comes, nor than a second. Returns how
 * many are left. Negative and NaN sleep not at all. */
double df_clock_sleep(double seconds);

#endif
