/* Waits are for messages, bytes and ends, each with a deadline. */
#include "host_rig.h"

#include "../unit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

bool rig_has_sandbox(size_t tests)
{
    pid_t pid = fork();
    int status = 1;

    if (pid == 0) {
        execlp("bwrap", "bwrap", "--unshare-all", "--ro-bind", "/", "/", "true", (char *)NULL);
        _exit(127);
    }
    waitpid(pid, &status, 0);
    if (status != 0)
        printf("no sandboxes here\n0 passed, 0 failed, %zu skipped\n", tests);
    return status == 0;
}

static int listen_at(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int made = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    assert_int_equal(bind(made, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(made, 8), 0);
    return made;
}

static void wait_readable(int fd, const char *what)
{
    struct pollfd polled = {.fd = fd, .events = POLLIN};

    if (poll(&polled, 1, RIG_WAIT_MS) != 1)
        fail_msg("nothing came: %s", what);
}

void rig_connect(struct rig *rig)
{
    char path[96];

    snprintf(path, sizeof path, "%s/run/host.sock", rig->data);
    rig->socket = host_connect(path);
    assert_true(rig->socket >= 0);
}

void rig_open(struct rig *rig, const char *setting)
{
    static const char *const FOLDERS[] = {"run", "blobs", "packages"};
    char path[96], words[4][128], said[64] = "";
    char *argv[6] = {(char *)(uintptr_t)RIG_EXECUTABLE, words[0], words[1], words[2], NULL};
    int ends[2], listener;

    *rig = (struct rig){.socket = -1};
    snprintf(rig->data, sizeof rig->data, "/tmp/portico-host-XXXXXX");
    assert_non_null(mkdtemp(rig->data));
    for (size_t i = 0; i < COUNT(FOLDERS); i++) {
        snprintf(path, sizeof path, "%s/%s", rig->data, FOLDERS[i]);
        assert_int_equal(mkdir(path, 0700), 0);
    }
    snprintf(path, sizeof path, "%s/run/host.sock", rig->data);
    listener = listen_at(path);
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
    snprintf(words[0], sizeof words[0], "lifeline=%d", ends[1]);
    snprintf(words[1], sizeof words[1], "host-listener=%d", listener);
    snprintf(words[2], sizeof words[2], "data=%s", rig->data);
    argv[4] = (char *)(uintptr_t)setting;
    rig->pid = fork();
    if (rig->pid == 0) {
        fcntl(ends[1], F_SETFD, 0);
        fcntl(listener, F_SETFD, 0);
        execv(argv[0], argv);
        _exit(127);
    }
    close(ends[1]);
    close(listener);
    rig->lifeline = ends[0];
    wait_readable(rig->lifeline, "ready");
    if (recv(rig->lifeline, said, sizeof said - 1, 0) <= 0 || strcmp(said, "ready") != 0)
        fail_msg("the host says '%s' instead of 'ready'", said);
    arena_init(&rig->arena, HOST_ARENA_MAX);
    rig_connect(rig);
}

static int remove_one(const char *path, const struct stat *about, int kind, struct FTW *where)
{
    (void)about;
    (void)kind;
    (void)where;
    return remove(path);
}

void rig_close(struct rig *rig)
{
    int status = 0;

    if (rig->pid > 0) {
        send(rig->lifeline, "drain", 5, MSG_NOSIGNAL);
        waitpid(rig->pid, &status, 0);
    }
    close(rig->lifeline);
    close(rig->socket);
    arena_release(&rig->arena);
    nftw(rig->data, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    assert_int_equal(status, 0); /* what AddressSanitizer found is another status */
}

void rig_write(const struct rig *rig, char letter, const char *name, const char *text)
{
    char path[256], sha[HOST_PACKAGE_LEN + 1];
    FILE *out;

    memset(sha, letter, HOST_PACKAGE_LEN);
    sha[HOST_PACKAGE_LEN] = '\0';
    snprintf(path, sizeof path, "%s/packages/%s", rig->data, sha);
    mkdir(path, 0755);
    snprintf(path, sizeof path, "%s/packages/%s/%s", rig->data, sha, name);
    out = fopen(path, "we");
    assert_non_null(out);
    fputs(text, out);
    fclose(out);
    chmod(path, 0755);
}

void rig_folder(const struct rig *rig, char letter, const char *name)
{
    char path[256], sha[HOST_PACKAGE_LEN + 1];

    memset(sha, letter, HOST_PACKAGE_LEN);
    sha[HOST_PACKAGE_LEN] = '\0';
    snprintf(path, sizeof path, "%s/packages/%s", rig->data, sha);
    mkdir(path, 0755);
    snprintf(path, sizeof path, "%s/packages/%s/%s", rig->data, sha, name);
    assert_int_equal(mkdir(path, 0755), 0);
}

struct host_message rig_hear(struct rig *rig, int descriptors[static HOST_DESCRIPTORS_MAX])
{
    struct host_message message;
    struct problem why;

    wait_readable(rig->socket, "a message of the host");
    arena_reset(&rig->arena);
    if (host_receive(rig->socket, &rig->arena, &message, descriptors, &why) != HOST_DONE)
        fail_msg("the host is gone: %s", why.text);
    return message;
}

void rig_ask_with(struct rig *rig, uint64_t id, char letter, const char *runtime,
                  const char *handler, void (*change)(struct host_start *start))
{
    struct host_message message = {.op = HOST_START, .id = id};
    char sha[HOST_PACKAGE_LEN];
    struct json *variables;
    struct arena arena;

    arena_init(&arena, HOST_ARENA_MAX);
    memset(sha, letter, sizeof sha);
    variables = json_new(&arena, JSON_OBJECT);
    json_set(variables, "_HANDLER", json_text(&arena, span_of(handler)));
    json_set(variables, "PATH", json_text(&arena, SPAN("/usr/local/bin:/usr/bin:/bin")));
    json_set(variables, "TZ", json_text(&arena, SPAN(":UTC")));
    json_set(variables, "AWS_LAMBDA_FUNCTION_NAME", json_text(&arena, SPAN("f")));
    json_set(variables, "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", json_text(&arena, SPAN("128")));
    json_set(variables, "LAMBDA_TASK_ROOT", json_text(&arena, SPAN("/var/task")));
    message.start = (struct host_start){.function = SPAN("arn:f"),
                                        .version = SPAN("$LATEST"),
                                        .package = span_make(sha, sizeof sha),
                                        .runtime = span_of(runtime),
                                        .handler = span_of(handler),
                                        .memory_mb = 128,
                                        .timeout_s = 3,
                                        .storage_mb = 16,
                                        .environment = variables};
    if (change)
        change(&message.start);
    assert_int_equal(host_send(rig->socket, &message, NULL, 0), HOST_DONE);
    arena_release(&arena);
}

void rig_ask(struct rig *rig, uint64_t id, char letter, const char *runtime, const char *handler)
{
    rig_ask_with(rig, id, letter, runtime, handler, NULL);
}

void rig_take(struct rig *rig, struct rig_instance *instance, uint64_t id)
{
    int descriptors[HOST_DESCRIPTORS_MAX];
    struct host_message message = rig_hear(rig, descriptors);

    if (message.op == HOST_REFUSED)
        fail_msg("refused: %.*s", SPAN_ARG(message.refused.message));
    assert_int_equal(message.op, HOST_STARTED);
    assert_int_equal(message.id, id);
    assert_true(message.started.pid > 0);
    *instance = (struct rig_instance){.id = id,
                                      .pid = (pid_t)message.started.pid,
                                      .channel = descriptors[0],
                                      .out = descriptors[1],
                                      .err = descriptors[2]};
    for (int i = 0; i < HOST_DESCRIPTORS_MAX; i++)
        assert_true(descriptors[i] >= 0);
    instance_reader_init(&instance->reader);
}

void rig_start(struct rig *rig, struct rig_instance *instance, uint64_t id, char letter,
               const char *runtime, const char *handler)
{
    rig_ask(rig, id, letter, runtime, handler);
    rig_take(rig, instance, id);
}

void rig_release(struct rig_instance *instance)
{
    close(instance->channel);
    close(instance->out);
    close(instance->err);
    instance_reader_release(&instance->reader);
}

static void show_log(int from)
{
    char text[4096];
    ssize_t n = read(from, text, sizeof text);

    if (n > 0)
        print_message("%.*s\n", (int)n, text);
}

struct instance_frame rig_frame(struct rig_instance *instance)
{
    struct instance_frame frame;
    enum instance_status status;

    while ((status = instance_reader_take(&instance->reader, &instance->rest, &frame)) ==
           INSTANCE_MORE) {
        ssize_t n;

        wait_readable(instance->channel, "a frame");
        n = read(instance->channel, instance->received, sizeof instance->received);
        if (n <= 0) {
            show_log(instance->out);
            show_log(instance->err);
            fail_msg("the instance has closed its channel");
        }
        instance->rest = span_make(instance->received, (size_t)n);
    }
    assert_int_equal(status, INSTANCE_FRAME);
    return frame;
}

static void write_all(int to, struct span bytes)
{
    while (bytes.len > 0) {
        struct pollfd polled = {.fd = to, .events = POLLOUT};
        ssize_t n;

        assert_int_equal(poll(&polled, 1, RIG_WAIT_MS), 1);
        n = send(to, bytes.at, bytes.len, MSG_NOSIGNAL);
        assert_true(n > 0);
        bytes = span_skip(bytes, (size_t)n);
    }
}

void rig_send(struct rig_instance *instance, const char *event)
{
    struct timespec now;
    struct instance_invoke invoke = {.request_id = SPAN("8476a536-e9f4-11e8-9739-2dfe598c3fcd"),
                                     .function_arn = SPAN("arn:f"),
                                     .trace_id = SPAN("Root=1-2-3")};
    struct buf out;

    clock_gettime(CLOCK_REALTIME, &now);
    invoke.deadline_ms = (int64_t)now.tv_sec * 1000 + 3000;
    buf_init(&out, 16 << 20);
    assert_true(instance_invoke_write(&out, &invoke, strlen(event)));
    buf_add_text(&out, event);
    write_all(instance->channel, buf_span(&out));
    buf_release(&out);
}

struct instance_frame rig_invoke(struct rig_instance *instance, const char *event)
{
    rig_send(instance, event);
    return rig_frame(instance);
}

void rig_log(int from, const char *text)
{
    static char log[65536];
    size_t len = 0;

    while (span_search(span_make(log, len), span_of(text)) == len) {
        struct pollfd polled = {.fd = from, .events = POLLIN};
        ssize_t n = 0;

        if (poll(&polled, 1, RIG_WAIT_MS) == 1)
            n = read(from, log + len, sizeof log - len);
        if (n <= 0)
            fail_msg("the log has no '%s': %.*s", text, (int)len, log);
        len += (size_t)n;
    }
}

struct host_ended rig_ended(struct rig *rig, uint64_t id)
{
    int descriptors[HOST_DESCRIPTORS_MAX];
    struct host_message message = rig_hear(rig, descriptors);

    assert_int_equal(message.op, HOST_ENDED);
    assert_int_equal(message.id, id);
    return message.ended;
}

/* The process's command line, or an empty text. */
static struct span command_line(const char *pid, char *out, size_t size)
{
    char path[300];
    ssize_t n = 0;
    int file;

    snprintf(path, sizeof path, "/proc/%s/cmdline", pid);
    file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return SPAN("");
    n = read(file, out, size);
    close(file);
    return span_make(out, n > 0 ? (size_t)n : 0);
}

bool rig_is_running(const char *mark)
{
    DIR *all = opendir("/proc");
    struct dirent *entry;
    static char text[65536];
    bool is_running = false;

    assert_non_null(all);
    while (!is_running && (entry = readdir(all)) != NULL) {
        struct span line;

        if (entry->d_name[0] < '0' || entry->d_name[0] > '9')
            continue;
        line = command_line(entry->d_name, text, sizeof text);
        is_running = span_search(line, span_of(mark)) < line.len;
    }
    closedir(all);
    return is_running;
}

static char state_of(pid_t pid)
{
    char path[64], text[512] = "";
    struct span stat;
    size_t at;
    FILE *in;

    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    in = fopen(path, "re");
    if (!in)
        return '-';
    stat = span_make(text, fread(text, 1, sizeof text, in));
    fclose(in);
    at = span_find_last(stat, ')');
    return stat.len - at > 2 ? stat.at[at + 2] : '-';
}

void rig_wait_state(pid_t pid, char state)
{
    struct timespec moment = {.tv_nsec = 5000000};

    for (int i = 0; state_of(pid) != state; i++) {
        if (i > RIG_WAIT_MS / 5)
            fail_msg("process %d does not become '%c'", (int)pid, state);
        nanosleep(&moment, NULL);
    }
}

void rig_wait_gone(const char *mark)
{
    struct timespec moment = {.tv_nsec = 5000000};

    for (int i = 0; rig_is_running(mark); i++) {
        if (i > RIG_WAIT_MS / 5)
            fail_msg("a process with '%s' is left", mark);
        nanosleep(&moment, NULL);
    }
}
