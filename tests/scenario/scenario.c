/* Reads a scenario file and does what its commands say. */
#include "scenario.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/number.h"

#define FILE_MAX (1 << 20)

bool scenario_fail(struct scenario *scenario, const char *format, ...)
{
    va_list words;
    int n;

    if (scenario->has_failed)
        return false;
    scenario->has_failed = true;
    n = snprintf(scenario->failure, sizeof scenario->failure, "%s:%u: ", scenario->path,
                 scenario->line);
    va_start(words, format);
    vsnprintf(scenario->failure + n, sizeof scenario->failure - (size_t)n, format, words);
    va_end(words);
    return false;
}

void scenario_save(struct scenario *scenario, struct span name, struct span value)
{
    for (size_t i = 0; i < scenario->saved_count; i++)
        if (span_equal(scenario->saved[i].name, name)) {
            scenario->saved[i].value = value;
            return;
        }
    if (scenario->saved_count == SAVED_MAX) {
        scenario_fail(scenario, "too many saved values");
        return;
    }
    scenario->saved[scenario->saved_count].name = name;
    scenario->saved[scenario->saved_count++].value = value;
}

static struct span saved_value(struct scenario *scenario, struct span name)
{
    for (size_t i = 0; i < scenario->saved_count; i++)
        if (span_equal(scenario->saved[i].name, name))
            return scenario->saved[i].value;
    scenario_fail(scenario, "'%.*s' was not saved", SPAN_ARG(name));
    return (struct span){NULL, 0};
}

struct span scenario_fill(struct scenario *scenario, struct span text)
{
    struct buf out;
    struct span filled;

    buf_init(&out, FILE_MAX);
    while (text.len > 0) {
        size_t at = span_search(text, SPAN("${"));
        size_t end;

        buf_add(&out, span_first(text, at));
        text = span_skip(text, at);
        if (text.len == 0)
            break;
        end = span_find(text, '}');
        if (end == text.len || !ascii_is_lower(text.at[2]) ||
            span_find(span_first(text, end), '.') < end) { /* ${stageVariables.x} is a template's */
            buf_add(&out, span_first(text, 2));
            text = span_skip(text, 2);
            continue;
        }
        buf_add(&out, saved_value(scenario, span_make(text.at + 2, end - 2)));
        text = span_skip(text, end + 1);
    }
    filled = arena_copy(&scenario->arena, buf_span(&out));
    buf_release(&out);
    return filled;
}

bool hole_match(struct span pattern, struct span text)
{
    size_t hole = span_search(pattern, SPAN("<*>"));

    if (hole == pattern.len)
        return span_equal(pattern, text);
    if (!span_starts(text, span_first(pattern, hole)))
        return false;
    pattern = span_skip(pattern, hole + 3);
    text = span_skip(text, hole);
    for (;;) { /* the next literal piece, as early as it comes; the last one at the end */
        size_t at, piece_len = span_search(pattern, SPAN("<*>"));

        if (piece_len == pattern.len)
            return span_ends(text, pattern);
        at = span_search(text, span_first(pattern, piece_len));
        if (at == text.len && piece_len > 0)
            return false;
        text = span_skip(text, at + piece_len);
        pattern = span_skip(pattern, piece_len + 3);
    }
}

struct span scenario_unescape(struct scenario *scenario, struct span in)
{
    char *out = arena_try(&scenario->arena, in.len + 1);
    size_t n = 0;

    for (size_t i = 0; out && i < in.len; i++) {
        if (in.at[i] != '\\' || i + 1 == in.len) {
            out[n++] = in.at[i];
            continue;
        }
        switch (in.at[++i]) {
        case 'r':
            out[n++] = '\r';
            break;
        case 'n':
            out[n++] = '\n';
            break;
        case 't':
            out[n++] = '\t';
            break;
        case '0':
            out[n++] = '\0';
            break;
        case 'x':
            if (i + 2 < in.len)
                out[n++] = (char)(ascii_hex(in.at[i + 1]) << 4 | ascii_hex(in.at[i + 2]));
            i += 2;
            break;
        default:
            out[n++] = in.at[i];
        }
    }
    return (struct span){out, n};
}

static struct span take_word(struct span *line)
{
    size_t n = span_find(*line, ' ');
    struct span word = span_first(*line, n);

    *line = n < line->len ? span_skip(*line, n + 1) : span_skip(*line, n);
    return word;
}

/* A body of so many bytes. */
static struct span fill_body(struct scenario *scenario, struct span size)
{
    uint64_t n;
    char *at = number_u64(size, &n) ? arena_try(&scenario->arena, (size_t)n) : NULL;

    if (!at) {
        scenario_fail(scenario, "'%.*s' is no size", SPAN_ARG(size));
        return (struct span){NULL, 0};
    }
    return span_make(memset(at, 'x', (size_t)n), (size_t)n);
}

/* A call: block lines are headers, `body: TEXT` is the body. */
static bool do_call(struct scenario *scenario, struct span method, struct span target,
                    struct span block)
{
    struct span line, body = {NULL, 0};
    struct buf headers;
    bool done;

    buf_init(&headers, FILE_MAX);
    while (span_split(&block, '\n', &line)) {
        if (span_starts(line, SPAN("body: ")))
            body = scenario_unescape(scenario, span_skip(line, 6));
        else if (span_starts(line, SPAN("body-size: ")))
            body = fill_body(scenario, span_skip(line, strlen("body-size: ")));
        else if (span_trim(line).len > 0)
            buf_addf(&headers, "%.*s\r\n", SPAN_ARG(line));
    }
    done = http_exchange(scenario, method, target, buf_span(&headers), body);
    buf_release(&headers);
    return done;
}

static bool run_call(struct scenario *scenario, struct span line, struct span block)
{
    struct span method = take_word(&line);
    struct span form = SPAN("/_aws/execute-api/${api}/${stage}");

    return do_call(scenario, method,
                   arena_format(&scenario->arena, "%.*s%.*s",
                                SPAN_ARG(scenario_fill(scenario, form)), SPAN_ARG(line)),
                   block);
}

static bool run_at(struct scenario *scenario, struct span line, struct span block)
{
    struct span method = take_word(&line);

    return do_call(scenario, method, line, block);
}

static bool run_control(struct scenario *scenario, struct span line, struct span block)
{
    struct span method = take_word(&line);
    struct span path = take_word(&line);

    (void)block;
    return control_call(scenario, method, path, line);
}

static struct span join_lines(struct scenario *scenario, struct span block)
{
    struct span piece, joined;
    struct buf bytes;

    buf_init(&bytes, FILE_MAX);
    while (span_split(&block, '\n', &piece))
        buf_add(&bytes, piece);
    joined = scenario_unescape(scenario, buf_span(&bytes));
    buf_release(&bytes);
    return joined;
}

static bool run_raw(struct scenario *scenario, struct span line, struct span block)
{
    (void)line;
    return http_raw(scenario, join_lines(scenario, block));
}

/* How many headers of this name the last answer has; *value is the last one's. */
static size_t find_header(const struct answer *answer, struct span name, struct span *value)
{
    struct span head = answer->head, line;
    size_t count = 0;

    while (span_split(&head, '\n', &line)) {
        size_t colon = span_find(line, ':');

        if (colon == line.len || !span_equal_nocase(span_first(line, colon), name))
            continue;
        *value = span_trim(span_skip(line, colon + 1));
        count++;
    }
    return count;
}

static bool expect_header(struct scenario *scenario, struct span line)
{
    size_t colon = span_search(line, SPAN(": "));
    struct span name = span_first(line, colon), value = {NULL, 0};
    size_t count = find_header(&scenario->last, name, &value);

    if (colon == line.len)
        return scenario_fail(scenario, "no ': ' in '%.*s'", SPAN_ARG(line));
    if (count != 1)
        return scenario_fail(scenario, "%zu headers '%.*s' in\n%.*s", count, SPAN_ARG(name),
                             SPAN_ARG(scenario->last.head));
    if (!hole_match(span_skip(line, colon + 2), value))
        return scenario_fail(scenario, "header '%.*s' is '%.*s'", SPAN_ARG(name), SPAN_ARG(value));
    return true;
}

/* The element of a list whose member `key` has the value. */
static const struct json *find_element(const struct json *list, struct span key, struct span value)
{
    const struct json *one = list ? list->first : NULL;

    while (one &&
           !(json_member_span(one, key) && span_equal(json_member_span(one, key)->text, value)))
        one = one->next;
    return one;
}

/* "a.b", or "a[key=value].b" for that element of the list a. */
static const struct json *find_member(const struct json *at, struct span path)
{
    while (at && path.len > 0) {
        size_t dot = span_find(path, '.'), bracket = span_find(path, '[');

        at = json_member_span(at, span_first(path, dot < bracket ? dot : bracket));
        if (bracket < dot) {
            size_t end = span_find(path, ']'), equals = span_find(path, '=');

            at = find_element(at, span_make(path.at + bracket + 1, equals - bracket - 1),
                              span_make(path.at + equals + 1, end - equals - 1));
            dot = end + 1;
        }
        path = span_skip(path, dot < path.len ? dot + 1 : path.len);
    }
    return at;
}

static bool expect_json(struct scenario *scenario, struct span line)
{
    size_t colon = span_search(line, SPAN(": "));
    struct json *answer = NULL;
    const struct json *member;
    struct buf text;
    bool holds;

    json_parse(&scenario->arena, scenario->last.body, &answer, NULL);
    member = find_member(answer, span_first(line, colon));
    if (!member || colon == line.len)
        return scenario_fail(scenario, "no member '%.*s' in %.*s", SPAN_ARG(line),
                             SPAN_ARG(scenario->last.body));
    buf_init(&text, FILE_MAX);
    json_write(&text, member);
    holds = hole_match(span_skip(line, colon + 2), buf_span(&text)) ||
            scenario_fail(scenario, "'%.*s', but it is %.*s", SPAN_ARG(line),
                          SPAN_ARG(buf_span(&text)));
    buf_release(&text);
    return holds;
}

static bool expect_size(struct scenario *scenario, struct span line)
{
    uint64_t size;

    if (!number_u64(line, &size))
        return scenario_fail(scenario, "'%.*s' is no size", SPAN_ARG(line));
    return scenario->last.body.len == size ||
           scenario_fail(scenario, "the body has %zu bytes", scenario->last.body.len);
}

static bool expect_head(struct scenario *scenario, struct span line)
{
    struct span head = scenario->last.head, value;

    if (span_starts(line, SPAN("head: "))) {
        line = scenario_unescape(scenario, span_skip(line, strlen("head: ")));
        return span_search(head, line) < head.len ||
               scenario_fail(scenario, "the head is\n%.*s", SPAN_ARG(head));
    }
    if (line.at[0] == '!')
        return find_header(&scenario->last, span_skip(line, 1), &value) == 0 ||
               scenario_fail(scenario, "there is a header '%.*s'", SPAN_ARG(line));
    return expect_header(scenario, line);
}

static bool expect_line(struct scenario *scenario, struct span line)
{
    struct span body = scenario->last.body;

    if (span_starts(line, SPAN("body:"))) {
        line = span_skip(line, line.len > 5 ? 6 : 5);
        return hole_match(scenario_unescape(scenario, line), body) ||
               scenario_fail(scenario, "body is '%.*s'", SPAN_ARG(body));
    }
    if (span_starts(line, SPAN("contains: "))) {
        line = span_skip(line, strlen("contains: "));
        return span_search(body, line) < body.len ||
               scenario_fail(scenario, "body is '%.*s'", SPAN_ARG(body));
    }
    if (span_starts(line, SPAN("lacks: "))) {
        line = span_skip(line, strlen("lacks: "));
        return span_search(body, line) == body.len ||
               scenario_fail(scenario, "body is '%.*s'", SPAN_ARG(body));
    }
    if (span_starts(line, SPAN("size: ")))
        return expect_size(scenario, span_skip(line, strlen("size: ")));
    if (span_is(line, "is-cut"))
        return scenario->last.is_cut || scenario_fail(scenario, "the answer is whole");
    if (span_starts(line, SPAN("json ")))
        return expect_json(scenario, span_skip(line, strlen("json ")));
    return expect_head(scenario, line);
}

static bool run_expect(struct scenario *scenario, struct span line, struct span block)
{
    struct span each;
    uint64_t status;

    if (!number_u64(line, &status) || (int)status != scenario->last.status)
        return scenario_fail(scenario, "status is %d, not %.*s; body: %.*s", scenario->last.status,
                             SPAN_ARG(line), SPAN_ARG(scenario->last.body));
    while (span_split(&block, '\n', &each)) {
        scenario->line++;
        if (span_trim(each).len > 0 && !expect_line(scenario, each))
            return false;
    }
    return true;
}

static bool run_backend(struct scenario *scenario, struct span line, struct span block)
{
    return backend_start(scenario, line, block);
}

static bool run_seen(struct scenario *scenario, struct span line, struct span block)
{
    struct answer last = scenario->last;
    struct span each, first = SPAN("line: ");
    bool holds = backend_seen(scenario, line, &scenario->last);

    while (holds && span_split(&block, '\n', &each)) {
        scenario->line++;
        if (span_trim(each).len == 0)
            continue;
        if (!span_starts(each, first))
            holds = expect_line(scenario, each);
        else if (!hole_match(span_skip(each, first.len), scenario->last.raw))
            holds = scenario_fail(scenario, "the request is '%.*s'", SPAN_ARG(scenario->last.raw));
    }
    scenario->last = last;
    return holds;
}

static bool run_repeat(struct scenario *scenario, struct span line, struct span block)
{
    uint64_t count;
    int status = 0;

    if (!number_u64(take_word(&line), &count))
        return scenario_fail(scenario, "repeat how often?");
    for (uint64_t i = 0; i < count; i++) {
        if (!run_call(scenario, line, block))
            return false;
        if (i > 0 && scenario->last.status != status)
            return scenario_fail(scenario, "call %d answers %d, the one before %d", (int)i,
                                 scenario->last.status, status);
        status = scenario->last.status;
    }
    return true;
}

static bool run_hang_up(struct scenario *scenario, struct span line, struct span block)
{
    uint64_t count;
    struct span method;

    (void)block;
    if (!number_u64(take_word(&line), &count))
        return scenario_fail(scenario, "hang up after how many bytes?");
    method = take_word(&line);
    return http_hang_up(
        scenario, method,
        arena_format(&scenario->arena, "%.*s%.*s",
                     SPAN_ARG(scenario_fill(scenario, SPAN("/_aws/execute-api/${api}/${stage}"))),
                     SPAN_ARG(line)),
        (size_t)count);
}

static bool run_leave(struct scenario *scenario, struct span line, struct span block)
{
    (void)line;
    return http_leave(scenario, join_lines(scenario, block));
}

static bool run_answer(struct scenario *scenario, struct span line, struct span block)
{
    (void)block;
    return hole_match(scenario_unescape(scenario, line), scenario->last.raw) ||
           scenario_fail(scenario, "the answer is '%.*s'", SPAN_ARG(scenario->last.raw));
}

static bool run_save(struct scenario *scenario, struct span line, struct span block)
{
    struct span name = take_word(&line), value;
    struct json *answer = NULL;
    const struct json *member;

    (void)block;
    json_parse(&scenario->arena, scenario->last.body, &answer, NULL);
    member = find_member(answer, line);
    value = member ? member->text : (struct span){NULL, 0};
    if (!value.at)
        return scenario_fail(scenario, "no member '%.*s' in %.*s", SPAN_ARG(line),
                             SPAN_ARG(scenario->last.body));
    scenario_save(scenario, name, value);
    return true;
}

static bool run_api(struct scenario *scenario, struct span line, struct span block)
{
    return api_create(scenario, line, block);
}

static bool run_deploy(struct scenario *scenario, struct span line, struct span block)
{
    (void)block;
    return api_deploy(scenario, line);
}

static const struct {
    const char *name;
    bool (*run)(struct scenario *scenario, struct span line, struct span block);
    bool fills; /* ${NAME} is replaced in the block; `api` does it line by line */
} COMMANDS[] = {
    {"api", run_api, false},        {"deploy", run_deploy, true}, {"control", run_control, true},
    {"call", run_call, true},       {"at", run_at, true},         {"raw", run_raw, true},
    {"expect", run_expect, true},   {"answer", run_answer, true}, {"save", run_save, true},
    {"backend", run_backend, true}, {"seen", run_seen, true},     {"repeat", run_repeat, true},
    {"hang-up", run_hang_up, true}, {"leave", run_leave, true},
};

static bool run_command(struct scenario *scenario, struct span line, struct span block)
{
    struct span name = take_word(&line);

    for (size_t i = 0; i < COUNT(COMMANDS); i++)
        if (span_is(name, COMMANDS[i].name))
            return COMMANDS[i].run(scenario, scenario_fill(scenario, line),
                                   COMMANDS[i].fills ? scenario_fill(scenario, block) : block);
    return scenario_fail(scenario, "unknown command '%.*s'", SPAN_ARG(name));
}

/* Takes the indented lines at the front, without four of their blanks each. */
static struct span take_block(struct scenario *scenario, struct span *rest, unsigned *lines)
{
    struct buf block;
    struct span text;

    *lines = 0;
    buf_init(&block, FILE_MAX);
    while (rest->at && (span_starts(*rest, SPAN("    ")) ||
                        (rest->len > 1 && rest->at[0] == '\n' && rest->at[1] == ' '))) {
        struct span line;

        span_split(rest, '\n', &line);
        buf_addf(&block, *lines ? "\n%.*s" : "%.*s",
                 SPAN_ARG(line.len >= 4 ? span_skip(line, 4) : line));
        (*lines)++;
    }
    text = *lines ? arena_copy(&scenario->arena, buf_span(&block)) : (struct span){NULL, 0};
    buf_release(&block);
    return text;
}

bool scenario_run(struct scenario *scenario)
{
    char *text = arena_try(&scenario->arena, FILE_MAX);
    int fd = open(scenario->path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 || !text ? -1 : read(fd, text, FILE_MAX);
    struct span rest, line;
    unsigned at = 0;

    if (fd >= 0)
        close(fd);
    if (n <= 0 || text[0] != '#')
        return scenario_fail(scenario, "cannot be read or does not open with '# sentence'");
    rest = span_make(text, (size_t)n);
    while (span_split(&rest, '\n', &line)) {
        struct span block;
        unsigned lines;

        scenario->line = ++at;
        if (line.len == 0 || line.at[0] == '#')
            continue;
        block = take_block(scenario, &rest, &lines);
        if (!run_command(scenario, line, block) || scenario->has_failed)
            return false;
        at += lines;
    }
    return true;
}
