/* clang-format off */
/* A scenario: one behaviour as data.  The file's first line is the sentence it proves; then come
 * commands at the start of a line, each followed by its block, indented by four blanks.
 *
 *     # data-plane-rest.md 3: a literal segment outranks a variable one.
 *     api
 *         GET /users/{id}
 *             mock 200 {"who":"variable"}
 *         GET /users/me
 *             mock 200 {"who":"literal"}
 *     deploy dev
 *     call GET /users/me
 *     expect 200
 *         content-type: application/json
 *         body: {"who":"literal"}
 *
 * Commands
 *   api [JSON]          creates a REST API with that input; the block lists methods: METHOD PATH,
 *                       and four blanks further in what belongs to the method (see below)
 *   deploy STAGE        creates a deployment and points the stage at it
 *   control METHOD PATH [JSON]
 *                       a signed-looking call to the service API
 *   call METHOD PATH    a call of the deployed API; block: header lines, then `body: TEXT`
 *                       or `body-size: N` (N times x)
 *   at METHOD TARGET    the same with the whole target given, for Host and path forms
 *   raw                 bytes for a fresh connection; the block's lines are joined, with
 *                       \r \n \t \0 \xHH \\
 *   expect STATUS       of the last answer; block: `name: value` (one such header), `!name` (none),
 *                       `body: TEXT` (whole), `contains: TEXT`, `head: TEXT` (lines with
 *                       \r\n between them), `lacks: TEXT`, `json PATH: VALUE`
 *                       (a member; PATH is NAME, A.B, or LIST[KEY=VALUE].NAME), `size: N` (of the
 *                       body), `is-cut` (it ended before its end)
 *   answer TEXT         of `raw`: all bytes until the server closes; escapes as above
 *   save NAME PATH      keeps a member of the last JSON answer as ${NAME}
 *
 *   backend NAME        a server at ${NAME}; the block is its script, run for every connection:
 *                       `read` (one request), `say TEXT` (escapes as above), `say-cut TEXT` (of it
 *                       one byte more for each connection, from none on), `fill N` (bytes),
 *                       `wait` (for the gateway's end), `reset`, `again` (from the first line); at
 *                       the end it closes.  Without a script nobody listens there
 *   seen NAME           the last request that backend has read; block: `line: TEXT`, then as for
 *                       `expect`
 *   repeat N METHOD PATH
 *                       as `call`, N times with the same status each time
 *   hang-up N METHOD PATH
 *                       calls, reads at least N bytes of the answer, and resets the connection
 *   leave               as `raw`, once for each number of first bytes; then resets
 *
 * Below a method, in this order: the integration, then its responses
 *   mock STATUS [BODY]             a mock of that status and the response for it
 *   template TEXT                  the mock's template for application/json
 *   type MEDIA TEXT                a template for another type (below a response: of the response)
 *   and TEXT                       one more line of the template above
 *   integration JSON               instead of a mock
 *   proxy URI                      an HTTP_PROXY for any method; {proxy} is that of the path
 *   passthrough WORD
 *   map TARGET SOURCE              a request parameter
 *   set MEMBER JSON                any member of what is under construction
 *   requires KEY, declares KEY     a parameter of the method: method.request.querystring.q
 *   response STATUS PATTERN [BODY] - for no pattern
 *   header NAME SOURCE             of the response above it; declared as well
 *
 * Everywhere ${NAME} stands for a saved value; ${api}, ${root}, ${resource} (of the last method),
 * ${stage}, ${deployment} and ${host} are set by the commands above.  In expected texts `<*>` is a
 * hole that any text fills. */
/* clang-format on */
#ifndef TESTS_SCENARIO_H
#define TESTS_SCENARIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/span.h"
#include "text/json.h"

#define SAVED_MAX 64

struct answer {
    int status;             /* 0: no answer */
    struct span head, body; /* head: the header lines without the status line */
    struct span raw;
    bool is_cut; /* the connection ended before the answer did */
};

struct backend;

struct scenario {
    const char *path;
    const struct server *server;
    struct arena arena; /* everything of this run */
    struct {
        struct span name, value;
    } saved[SAVED_MAX];
    size_t saved_count;
    struct answer last;
    struct span account_path; /* of the last call, for messages */
    unsigned line;
    struct backend *backends;
    bool has_failed;
    char failure[2048];
};

/* The server under test. */
struct server {
    char address[64]; /* 127.0.0.N */
    uint16_t port;
};

/* Runs the file.  False when something did not hold; `failure` then says what, with the line. */
bool scenario_run(struct scenario *scenario);

/* Marks the run as failed with words and the current line.  Returns false. */
bool scenario_fail(struct scenario *scenario, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* `text` with every ${NAME} replaced; in the scenario's arena. */
struct span scenario_fill(struct scenario *scenario, struct span text);

void scenario_save(struct scenario *scenario, struct span name, struct span value);

/* One HTTP exchange on a fresh connection.  `headers` are whole lines with CRLF.  False, and the
 * scenario failed, when there was no answer. */
bool http_exchange(struct scenario *scenario, struct span method, struct span target,
                   struct span headers, struct span body);

/* Sends the bytes, half-closes when asked, and reads until the server closes or goes silent for
 * a second after its last byte. */
bool http_raw(struct scenario *scenario, struct span bytes);

/* A control call with credentials; the answer becomes scenario->last. */
bool control_call(struct scenario *scenario, struct span method, struct span path,
                  struct span body);

/* Creates the API that the block describes (api.c); `members` is the input of CreateRestApi, or
 * empty. */
bool api_create(struct scenario *scenario, struct span members, struct span block);
bool api_deploy(struct scenario *scenario, struct span stage);

/* A call of which at least `count` bytes of the answer are read; then the connection is reset. */
bool http_hang_up(struct scenario *scenario, struct span method, struct span target, size_t count);

/* Sends every beginning of the bytes on a connection of its own, and resets it. */
bool http_leave(struct scenario *scenario, struct span bytes);

/* A backend with a script; ${name} becomes its address and port (backend.c). */
bool backend_start(struct scenario *scenario, struct span name, struct span script);

/* The last request that it has read: the request line in `raw`. */
bool backend_seen(struct scenario *scenario, struct span name, struct answer *seen);

void backend_stop_all(struct scenario *scenario);

/* \r \n \t \0 \xHH \\ */
struct span scenario_unescape(struct scenario *scenario, struct span in);

/* True when `text` is `pattern`, where each <*> stands for any text. */
bool hole_match(struct span pattern, struct span text);

#endif
