/* What the library is measured against: libcurl in plain C, which signs and sends the same requests
 * and throws the answers away.
 *
 *   libcurl easy CALLS      one after another over one kept connection
 *   libcurl multi CALLS     64 at once: curl_multi_perform and curl_multi_poll
 *   libcurl socket CALLS    the same over curl_multi_socket_action and epoll
 *
 * BENCH_URL, BENCH_TARGET, BENCH_BODY, BENCH_CA, BENCH_ACCESS_KEY and BENCH_SECRET_KEY say what is
 * sent to whom. Prints the seconds that the calls took, and the CPU seconds of this process. */

#include "base/clock.h"
#include "sign/sign.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

enum { HANDLES = 64, HEADERS = 6, LINE = 160, EVENTS = 64 };

struct call {
    CURL *easy;
    struct curl_slist nodes[HEADERS];
    char lines[HEADERS][LINE];
};

static struct df_signer signer;
static const char *target;

static void fail(const char *what, const char *why) {
    fprintf(stderr, "libcurl: %s: %s\n", what, why);
    exit(1);
}

static const char *setting(const char *name) {
    const char *value = getenv(name);
    if (!value) {
        fail(name, "is not set");
    }
    return value;
}

static size_t throw_away(char *bytes, size_t size, size_t count, void *context) {
    (void)bytes;
    (void)context;
    return size * count;
}

static void prepare(struct call *call) {
    call->easy = curl_easy_init();
    if (!call->easy) {
        fail("curl_easy_init", "failed");
    }
    snprintf(call->lines[0], LINE, "Content-Type: application/json");
    snprintf(call->lines[1], LINE, "Accept: application/json");
    snprintf(call->lines[2], LINE, "User-Agent: dataforest/%s (libcurl)", DATAFOREST_VERSION);
    snprintf(call->lines[3], LINE, "x-ncp-iam-access-key: %s", setting("BENCH_ACCESS_KEY"));
    for (int i = 0; i < HEADERS; i++) {
        call->nodes[i].data = call->lines[i];
        call->nodes[i].next = i + 1 < HEADERS ? &call->nodes[i + 1] : NULL;
    }
    curl_easy_setopt(call->easy, CURLOPT_URL, setting("BENCH_URL"));
    curl_easy_setopt(call->easy, CURLOPT_POST, 1L);
    curl_easy_setopt(call->easy, CURLOPT_POSTFIELDS, setting("BENCH_BODY"));
    curl_easy_setopt(call->easy, CURLOPT_HTTPHEADER, call->nodes);
    curl_easy_setopt(call->easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(call->easy, CURLOPT_CAINFO, setting("BENCH_CA"));
    curl_easy_setopt(call->easy, CURLOPT_WRITEFUNCTION, throw_away);
    curl_easy_setopt(call->easy, CURLOPT_TIMEOUT_MS, 30000L);
    curl_easy_setopt(call->easy, CURLOPT_CONNECTTIMEOUT_MS, 5000L);
    curl_easy_setopt(call->easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(call->easy, CURLOPT_PROXY, "");
}

/* A fresh timestamp and signature, written over those of the call before. */
static void sign(struct call *call) {
    char digits[24];
    char signature[DF_SIGNATURE_SIZE];
    int count = snprintf(digits, sizeof digits, "%lld", (long long)(df_clock_now() * 1000));
    const struct df_sign_request request = {
        {"POST", 4}, {target, strlen(target)}, {digits, (size_t)count}};
    const char *problem = df_signer_sign(&signer, &request, signature);
    if (problem) {
        fail("sign", problem);
    }
    snprintf(call->lines[4], LINE, "x-ncp-apigw-timestamp: %s", digits);
    snprintf(call->lines[5], LINE, "x-ncp-apigw-signature-v2: %s", signature);
}

static void check(CURL *easy, CURLcode code) {
    long status = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    if (code != CURLE_OK) {
        fail("a call", curl_easy_strerror(code));
    }
    if (status != 200) {
        fail("a call", "its status is not 200");
    }
}

static void run_easy(long calls) {
    static struct call call;
    if (!call.easy) {
        prepare(&call);
    }
    for (long i = 0; i < calls; i++) {
        sign(&call);
        check(call.easy, curl_easy_perform(call.easy));
    }
}

/* ---- many at once ---- */

static CURLM *multi;
static struct call calls_at_once[HANDLES];
static long left_to_start, left_to_end;

static void start_next(struct call *call) {
    if (left_to_start > 0) {
        left_to_start--;
        sign(call);
        curl_multi_add_handle(multi, call->easy);
    }
}

static void begin(long calls) {
    left_to_start = left_to_end = calls;
    for (int i = 0; i < HANDLES; i++) {
        if (!calls_at_once[i].easy) {
            prepare(&calls_at_once[i]);
            curl_easy_setopt(calls_at_once[i].easy, CURLOPT_PRIVATE, &calls_at_once[i]);
        }
        start_next(&calls_at_once[i]);
    }
}

static void collect(void) {
    CURLMsg *message;
    int left;
    while ((message = curl_multi_info_read(multi, &left))) {
        struct call *call;
        CURL *easy = message->easy_handle;
        check(easy, message->data.result);
        curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&call);
        curl_multi_remove_handle(multi, easy);
        left_to_end--;
        start_next(call);
    }
}

static void run_multi(long calls) {
    int running;
    begin(calls);
    while (left_to_end > 0) {
        curl_multi_perform(multi, &running);
        collect();
        if (left_to_end > 0) {
            curl_multi_poll(multi, NULL, 0, 1000, NULL);
        }
    }
}

/* ---- the same over epoll ---- */

static int poller;
static double wake_at = -1;

/* cppcheck-suppress constParameter ; its type is libcurl's */
static int want_socket(CURL *easy, curl_socket_t fd, int what, void *context, void *known) {
    struct epoll_event event = {0};
    (void)easy;
    (void)context;
    event.data.fd = fd;
    event.events = ((what & CURL_POLL_IN) ? EPOLLIN : 0) | ((what & CURL_POLL_OUT) ? EPOLLOUT : 0);
    if (what == CURL_POLL_REMOVE) {
        epoll_ctl(poller, EPOLL_CTL_DEL, fd, &event);
        curl_multi_assign(multi, fd, NULL);
    } else {
        epoll_ctl(poller, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event);
        curl_multi_assign(multi, fd, &poller);
    }
    return 0;
}

static int want_timer(CURLM *from, long milliseconds, void *context) {
    (void)from;
    (void)context;
    wake_at = milliseconds < 0 ? -1 : df_clock_monotonic() + (double)milliseconds / 1000;
    return 0;
}

static void run_socket(long calls) {
    struct epoll_event events[EVENTS];
    int running;
    curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, want_socket);
    curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, want_timer);
    begin(calls);
    while (left_to_end > 0) {
        double left = wake_at < 0 ? 1 : wake_at - df_clock_monotonic();
        int count = epoll_wait(poller, events, EVENTS, left > 0 ? (int)(left * 1000 + 0.999) : 0);
        for (int i = 0; i < count; i++) {
            int mask = ((events[i].events & (EPOLLIN | EPOLLHUP)) ? CURL_CSELECT_IN : 0) |
                       ((events[i].events & EPOLLOUT) ? CURL_CSELECT_OUT : 0);
            curl_multi_socket_action(multi, events[i].data.fd, mask, &running);
        }
        if (wake_at >= 0 && wake_at <= df_clock_monotonic()) {
            wake_at = -1;
            curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &running);
        }
        collect();
    }
}

int main(int count, char **arguments) {
    long calls = count == 3 ? atol(arguments[2]) : 0;
    void (*run)(long) = NULL;
    if (calls > 0) {
        run = strcmp(arguments[1], "easy") == 0     ? run_easy
              : strcmp(arguments[1], "multi") == 0  ? run_multi
              : strcmp(arguments[1], "socket") == 0 ? run_socket
                                                    : NULL;
    }
    if (!run) {
        fail("usage", "libcurl easy|multi|socket CALLS");
    }
    const char *access_key = setting("BENCH_ACCESS_KEY");
    const char *secret_key = setting("BENCH_SECRET_KEY");
    target = setting("BENCH_TARGET");
    curl_global_init(CURL_GLOBAL_DEFAULT);
    multi = curl_multi_init();
    poller = epoll_create1(EPOLL_CLOEXEC);
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)HANDLES * 2);
    if (df_signer_open(&signer, (struct df_text){access_key, strlen(access_key)},
                       (struct df_text){secret_key, strlen(secret_key)})) {
        fail("sign", "the keys cannot be used");
    }
    run(calls / 10 > HANDLES ? calls / 10 : HANDLES); /* connects, and warms up */
    double started = df_clock_monotonic();
    clock_t cpu_started = clock();
    run(calls);
    printf("%.6f %.6f\n", df_clock_monotonic() - started,
           (double)(clock() - cpu_started) / CLOCKS_PER_SEC);
    return 0;
}
