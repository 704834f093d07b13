/* The engine without Lua, against a server in this process. */

#include "support.h"

#include "net/engine.h"
#include "loopback.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static int port;
static struct df_http_engine *engine;
static struct df_route *route;

static int start_server(void **state) {
    (void)state;
    port = loopback_start();
    route = port ? loopback_route(port, false) : NULL;
    return route ? 0 : -1;
}

static int stop_server(void **state) {
    (void)state;
    df_route_drop(route);
    loopback_stop();
    return 0;
}

static int open_engine(void **state) {
    (void)state;
    const struct df_http_options options = {.pool_size = 64, .pool_idle_time = 60, .silence = 5};
    engine = df_http_engine_new(&options);
    return engine ? 0 : -1;
}

static int close_engine(void **state) {
    (void)state;
    if (engine) {
        df_http_engine_free(engine);
    }
    engine = NULL;
    return 0;
}

static struct df_text text(const char *bytes) {
    return (struct df_text){bytes, strlen(bytes)};
}

static struct df_http_request request_for(const char *target) {
    return (struct df_http_request){.route = route,
                                    .method = text("GET"),
                                    .target = text(target),
                                    .max_response_bytes = 100,
                                    .timeout = 5,
                                    .connect_timeout = 5};
}

static struct df_http_transfer *start(const char *target) {
    struct df_http_error error;
    struct df_http_request request = request_for(target);
    struct df_http_transfer *transfer = df_http_start(engine, &request, &error);
    if (!transfer) {
        fail_msg("%s", error.message);
    }
    return transfer;
}

/* Waits, signals and long times notwithstanding. */
static void wait_for(struct df_http_transfer *transfer) {
    while (!df_http_wait(engine, transfer)) {
    }
}

/* The response's body, which is a number; releases the transfer. */
static int number_in(struct df_http_transfer *transfer) {
    char digits[16] = "";
    const struct df_http_error *error = df_http_transfer_error(transfer);
    if (error) {
        fail_msg("%s", error->message);
    }
    struct df_text body = df_http1_reader_body(df_http_transfer_response(transfer));
    assert_true(body.length < sizeof digits);
    memcpy(digits, body.data, body.length);
    assert_int_equal(df_http_transfer_response(transfer)->status, 200);
    df_http_release(transfer);
    return (int)strtol(digits, NULL, 10);
}

static int ask_number(void) {
    struct df_http_transfer *transfer = start("/number");
    wait_for(transfer);
    return number_in(transfer);
}

static void uses_a_connection_again(void **state) {
    (void)state;
    int first = ask_number();
    for (int i = 0; i < 20; i++) {
        assert_int_equal(ask_number(), first);
    }
}

/* This process's socket that is connected to the server; -1 if there is none. */
static int socket_to_server(void) {
    for (int fd = 3; fd < 1024; fd++) {
        struct sockaddr_in peer;
        socklen_t length = sizeof peer;
        if (getpeername(fd, (struct sockaddr *)&peer, &length) == 0 && peer.sin_family == AF_INET &&
            ntohs(peer.sin_port) == port) {
            return fd;
        }
    }
    return -1;
}

static unsigned socket_option(int fd, int level, int name) {
    unsigned value = 0;
    socklen_t length = sizeof value;
    assert_int_equal(0, getsockopt(fd, level, name, &value, &length));
    return value;
}

static void lets_tcp_find_dead_paths(void **state) {
    (void)state;
    (void)ask_number();
    int fd = socket_to_server();
    assert_true(fd >= 0);
    assert_true(socket_option(fd, SOL_SOCKET, SO_KEEPALIVE));
#ifdef TCP_KEEPIDLE
    assert_int_equal(30, socket_option(fd, IPPROTO_TCP, TCP_KEEPIDLE));
    assert_int_equal(10, socket_option(fd, IPPROTO_TCP, TCP_KEEPINTVL));
#endif
#ifdef TCP_USER_TIMEOUT
    assert_int_equal(30000, socket_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT));
#endif
}

static void opens_nothing_before_the_first_call(void **state) {
    (void)state;
    struct df_http_descriptor descriptor;
    assert_int_equal(df_http_descriptors(engine, &descriptor, 1), 0);
    assert_true(df_http_timeout(engine) < 0);
    assert_int_equal(df_http_step(engine, 1), 0);
    assert_int_equal(df_http_next_ended(engine), 0);
}

static void refuses_before_it_opens_a_connection(void **state) {
    (void)state;
    struct df_http_error error;
    int before = loopback_connections();
    struct df_http_request request = request_for("/number");
    request.method = (struct df_text){"GET\0", 4};
    assert_null(df_http_start(engine, &request, &error));
    assert_int_equal(error.kind, DF_KIND_ARGUMENT);
    assert_false(error.sent);
    assert_int_equal(loopback_connections(), before);
}

static void sends_once_what_must_arrive_once(void **state) {
    (void)state;
    struct df_http_error error;
    int before = loopback_drops();
    ask_number();
    struct df_http_request request = request_for("/drop");
    request.once = true;
    struct df_http_transfer *transfer = df_http_start(engine, &request, &error);
    assert_non_null(transfer);
    wait_for(transfer);
    assert_non_null(df_http_transfer_error(transfer));
    assert_int_equal(df_http_transfer_error(transfer)->kind, DF_KIND_NETWORK);
    assert_true(df_http_transfer_error(transfer)->sent);
    df_http_release(transfer);
    assert_int_equal(loopback_drops(), before + 1);
}

static void runs_many_at_once(void **state) {
    (void)state;
    enum { MANY = 100 };
    struct df_http_transfer *transfers[MANY];
    bool ended[MANY] = {false};
    int before = loopback_connections(), left = MANY;
    for (int i = 0; i < MANY; i++) {
        transfers[i] = start("/later");
    }
    unsigned long first = df_http_transfer_number(transfers[0]);
    while (left > 0) {
        unsigned long number;
        df_http_step(engine, 5);
        while ((number = df_http_next_ended(engine))) {
            assert_true(number - first < MANY);
            assert_false(ended[number - first]);
            ended[number - first] = true;
            assert_true(number_in(transfers[number - first]) > before);
            left--;
        }
    }
    assert_int_equal(df_http_step(engine, 0), 0);
    assert_int_equal(loopback_connections(), before + MANY);
}

static void can_be_waited_for_by_others(void **state) {
    (void)state;
    struct df_http_transfer *transfer = start("/later");
    for (int turns = 0; !df_http_transfer_ended(transfer); turns++) {
        struct df_http_descriptor descriptors[8];
        struct pollfd fds[8];
        assert_true(turns < 100);
        size_t count = df_http_descriptors(engine, descriptors, 8);
        double timeout = df_http_timeout(engine);
        assert_true(count <= 8 && (count > 0 || timeout >= 0));
        for (size_t i = 0; i < count; i++) {
            fds[i].fd = descriptors[i].fd;
            fds[i].events =
                (short)((descriptors[i].read ? POLLIN : 0) | (descriptors[i].write ? POLLOUT : 0));
        }
        poll(fds, (nfds_t)count, timeout < 0 ? -1 : (int)(timeout * 1000 + 1));
        df_http_step(engine, 0);
    }
    assert_true(number_in(transfer) > 0);
}

static void cancels(void **state) {
    (void)state;
    struct df_http_transfer *transfer = start("/hold");
    df_http_step(engine, 0.01);
    df_http_cancel(transfer);
    assert_true(df_http_transfer_ended(transfer));
    df_http_cancel(transfer);
    assert_int_equal(df_http_transfer_error(transfer)->kind, DF_KIND_CLOSED);
    assert_int_equal(df_http_next_ended(engine), df_http_transfer_number(transfer));
    df_http_release(transfer);
    assert_true(ask_number() > 0);
}

static void releases_in_flight(void **state) {
    (void)state;
    struct df_http_transfer *transfer = start("/hold");
    df_http_step(engine, 0.01);
    df_http_release(transfer);
    df_http_release(start("/hold"));
    assert_int_equal(df_http_step(engine, 0), 0);
    assert_int_equal(df_http_next_ended(engine), 0);
}

static void transfers_outlive_the_engine(void **state) {
    (void)state;
    struct df_http_transfer *held = start("/hold");
    struct df_http_transfer *answered = start("/number");
    wait_for(answered);
    struct df_http_transfer *fresh = start("/number");
    close_engine(NULL);
    assert_true(df_http_transfer_ended(held));
    assert_int_equal(df_http_transfer_error(held)->kind, DF_KIND_CLOSED);
    assert_int_equal(df_http_transfer_error(fresh)->kind, DF_KIND_CLOSED);
    assert_true(number_in(answered) > 0);
    df_http_cancel(held);
    df_http_release(held);
    df_http_release(fresh);
}

/* ---- after a fork ---- */

/* Runs `run` in a child process; returns what it returned. */
static int in_child(int (*run)(struct df_http_transfer *), struct df_http_transfer *transfer) {
    int status;
    fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        alarm(20);
        _exit(run(transfer));
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static int child_asks(struct df_http_transfer *unused) {
    (void)unused;
    int number = ask_number();
    int again = ask_number();
    close_engine(NULL);
    return number == again ? number : 0;
}

static void a_child_has_its_own_connections(void **state) {
    (void)state;
    int number = ask_number();
    assert_int_equal(ask_number(), number);
    for (int i = 0; i < 3; i++) {
        int before = loopback_connections();
        assert_int_equal(in_child(child_asks, NULL), before + 1);
        assert_int_equal(ask_number(), number);
    }
}

static int child_closes(struct df_http_transfer *unused) {
    (void)unused;
    close_engine(NULL);
    return 7;
}

static void a_child_that_only_closes_disturbs_nothing(void **state) {
    (void)state;
    int number = ask_number();
    assert_int_equal(in_child(child_closes, NULL), 7);
    assert_int_equal(ask_number(), number);
}

static int child_has_a_transfer(struct df_http_transfer *transfer) {
    if (!df_http_transfer_ended(transfer) ||
        df_http_transfer_error(transfer)->kind != DF_KIND_CLOSED ||
        !df_http_transfer_error(transfer)->sent) {
        return 1;
    }
    df_http_release(transfer);
    int number = ask_number();
    if (df_http_step(engine, 0) != 0) {
        return 2;
    }
    close_engine(NULL);
    return number > 0 ? 7 : 3;
}

static void a_child_leaves_the_parents_transfers_alone(void **state) {
    (void)state;
    struct df_http_transfer *transfer = start("/later");
    df_http_step(engine, 0.02);
    assert_false(df_http_transfer_ended(transfer));
    assert_int_equal(in_child(child_has_a_transfer, transfer), 7);
    wait_for(transfer);
    assert_true(number_in(transfer) > 0);
}

static int child_keeps_an_answer(struct df_http_transfer *transfer) {
    int number = number_in(transfer);
    close_engine(NULL);
    return number;
}

static void a_child_may_read_an_answer_that_the_parent_had(void **state) {
    (void)state;
    struct df_http_transfer *transfer = start("/number");
    wait_for(transfer);
    int number = in_child(child_keeps_an_answer, transfer);
    assert_int_equal(number_in(transfer), number);
    assert_int_equal(ask_number(), number);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_engine, close_engine)
    const struct CMUnitTest tests[] = {
        TEST(uses_a_connection_again),
        TEST(lets_tcp_find_dead_paths),
        TEST(opens_nothing_before_the_first_call),
        TEST(refuses_before_it_opens_a_connection),
        TEST(sends_once_what_must_arrive_once),
        TEST(runs_many_at_once),
        TEST(can_be_waited_for_by_others),
        TEST(cancels),
        TEST(releases_in_flight),
        TEST(transfers_outlive_the_engine),
        TEST(a_child_has_its_own_connections),
        TEST(a_child_that_only_closes_disturbs_nothing),
        TEST(a_child_leaves_the_parents_transfers_alone),
        TEST(a_child_may_read_an_answer_that_the_parent_had),
    };
    return cmocka_run_group_tests(tests, start_server, stop_server);
}
