/* The `api` command: turns a short list of methods into the calls that a user would make. */
#include "base/ascii.h"
#include "scenario.h"

#define RESOURCES_MAX 64

struct builder {
    struct scenario *scenario;
    struct {
        struct span path, id;
    } resources[RESOURCES_MAX];
    size_t resource_count;
    struct span method, resource; /* the method under construction */
    struct json *integration;     /* its integration, until it is put */
    struct span response_status;  /* the response under construction */
    struct json *response;
};

static struct arena *arena_of(struct builder *b)
{
    return &b->scenario->arena;
}

static struct span take_word(struct span *line)
{
    size_t n = span_find(*line, ' ');
    struct span word = span_first(*line, n);

    *line = n < line->len ? span_skip(*line, n + 1) : span_skip(*line, n);
    return word;
}

static struct span to_text(struct builder *b, const struct json *value)
{
    struct buf out;
    struct span text;

    buf_init(&out, 1 << 20);
    json_write(&out, value);
    text = arena_copy(arena_of(b), buf_span(&out));
    buf_release(&out);
    return text;
}

/* A control call that must succeed with a 2xx. */
static bool do_call(struct builder *b, const char *method, struct span path, struct span body)
{
    if (!control_call(b->scenario, span_of(method), path, body))
        return false;
    if (b->scenario->last.status / 100 == 2)
        return true;
    return scenario_fail(b->scenario, "%s %.*s %.*s: %d %.*s", method, SPAN_ARG(path),
                         SPAN_ARG(body), b->scenario->last.status,
                         SPAN_ARG(b->scenario->last.body));
}

static struct span answer_member(struct builder *b, const char *name)
{
    struct json *answer = NULL;

    json_parse(arena_of(b), b->scenario->last.body, &answer, NULL);
    return json_member_text(answer, name, (struct span){NULL, 0});
}

static struct span saved_api(struct builder *b)
{
    return scenario_fill(b->scenario, SPAN("${api}"));
}

/* The resource's id; it and its parents are made when they are not there yet. */
static bool find_resource(struct builder *b, struct span path, struct span *id)
{
    size_t slash = span_find_last(path, '/');
    struct span parent, part;

    for (size_t i = 0; i < b->resource_count; i++)
        if (span_equal(b->resources[i].path, path)) {
            *id = b->resources[i].id;
            return true;
        }
    if (b->resource_count == RESOURCES_MAX || slash == path.len)
        return scenario_fail(b->scenario, "bad path '%.*s'", SPAN_ARG(path));
    if (!find_resource(b, slash ? span_first(path, slash) : SPAN("/"), &parent))
        return false;
    part = span_skip(path, slash + 1);
    if (!do_call(b, "POST",
                 arena_format(arena_of(b), "/restapis/%.*s/resources/%.*s", SPAN_ARG(saved_api(b)),
                              SPAN_ARG(parent)),
                 arena_format(arena_of(b), "{\"pathPart\":\"%.*s\"}", SPAN_ARG(part))))
        return false;
    *id = answer_member(b, "id");
    b->resources[b->resource_count].path = path;
    b->resources[b->resource_count++].id = *id;
    return true;
}

static struct span method_path(struct builder *b, const char *below, struct span last)
{
    return arena_format(arena_of(b), "/restapis/%.*s/resources/%.*s/methods/%.*s%s%.*s",
                        SPAN_ARG(saved_api(b)), SPAN_ARG(b->resource), SPAN_ARG(b->method), below,
                        SPAN_ARG(last));
}

/* Sends the response under construction: its method response, then the integration's. */
static bool end_response(struct builder *b)
{
    const struct json *headers = json_member(b->response, "responseParameters");
    struct json *declared, *body = json_new(arena_of(b), JSON_OBJECT);

    if (!b->response)
        return true;
    declared = json_set(body, "responseParameters", json_new(arena_of(b), JSON_OBJECT));
    for (const struct json *h = headers ? headers->first : NULL; h; h = h->next)
        json_set_span(declared, h->name, json_bool(arena_of(b), true));
    if (!do_call(b, "PUT", method_path(b, "/responses/", b->response_status), to_text(b, body)))
        return false;
    if (!do_call(b, "PUT", method_path(b, "/integration/responses/", b->response_status),
                 to_text(b, b->response)))
        return false;
    b->response = NULL;
    return true;
}

static bool end_method(struct builder *b)
{
    return end_response(b);
}

/* Sends the integration before its first response, which needs it. */
static bool put_integration(struct builder *b)
{
    struct json *integration = b->integration;

    b->integration = NULL;
    return !integration || do_call(b, "PUT", method_path(b, "/integration", (struct span){NULL, 0}),
                                   to_text(b, integration));
}

static bool begin_response(struct builder *b, struct span status, struct span pattern,
                           struct span body)
{
    struct json *templates;

    if (!put_integration(b) || !end_response(b))
        return false;
    b->response_status = status;
    b->response = json_new(arena_of(b), JSON_OBJECT);
    if (pattern.len > 0)
        json_set(b->response, "selectionPattern", json_text(arena_of(b), pattern));
    if (body.len > 0) {
        templates = json_set(b->response, "responseTemplates", json_new(arena_of(b), JSON_OBJECT));
        json_set(templates, "application/json", json_text(arena_of(b), body));
    }
    return true;
}

static void set_template(struct builder *b, struct span text)
{
    struct json *templates = json_new(arena_of(b), JSON_OBJECT);

    json_set(templates, "application/json", json_text(arena_of(b), text));
    json_set(b->integration, "requestTemplates", templates);
}

/* A template for another media type beside what is there. */
static bool add_template(struct builder *b, struct span media, struct span text)
{
    struct json *holder = b->response ? b->response : b->integration;
    const char *name = b->response ? "responseTemplates" : "requestTemplates";
    struct json *templates = json_member(holder, name);

    if (!holder)
        return scenario_fail(b->scenario, "'type' without something above it");
    if (!templates)
        templates = json_set(holder, name, json_new(arena_of(b), JSON_OBJECT));
    json_set_span(templates, media, json_text(arena_of(b), text));
    return true;
}

/* One more line of the newest template. */
static bool add_line(struct builder *b, struct span text)
{
    struct json *holder = b->response ? b->response : b->integration;
    struct json *templates =
        json_member(holder, b->response ? "responseTemplates" : "requestTemplates");

    if (!templates || !templates->last)
        return scenario_fail(b->scenario, "'and' without a template above it");
    templates->last->text =
        arena_format(arena_of(b), "%.*s\n%.*s", SPAN_ARG(templates->last->text), SPAN_ARG(text));
    return true;
}

static bool add_parameter(struct builder *b, struct span target, struct span source)
{
    struct json *parameters = json_member(b->integration, "requestParameters");

    if (!b->integration)
        return scenario_fail(b->scenario, "'map' after the responses");
    if (!parameters)
        parameters =
            json_set(b->integration, "requestParameters", json_new(arena_of(b), JSON_OBJECT));
    json_set_span(parameters, target, json_text(arena_of(b), source));
    return true;
}

/* Declares a parameter of the method, as one that must be there or not. */
static bool declare(struct builder *b, struct span key, bool is_required)
{
    return do_call(b, "PATCH", method_path(b, "", (struct span){NULL, 0}),
                   arena_format(arena_of(b),
                                "{\"patchOperations\":[{\"op\":\"add\",\"path\":"
                                "\"/requestParameters/%.*s\",\"value\":\"%s\"}]}",
                                SPAN_ARG(key), is_required ? "true" : "false"));
}

/* Where and with what a template, a header or a member is added. */
static bool set_more(struct builder *b, struct span word, struct span line)
{
    struct span first;

    if (span_is(word, "and"))
        return add_line(b, line);
    if (span_is(word, "requires") || span_is(word, "declares"))
        return declare(b, line, span_is(word, "requires"));
    first = take_word(&line);
    if (span_is(word, "type"))
        return add_template(b, first, line);
    if (span_is(word, "map"))
        return add_parameter(b, first, line);
    if (span_is(word, "set")) {
        struct json *holder = b->response ? b->response : b->integration, *value;

        if (!holder || json_parse(arena_of(b), line, &value, NULL) != OK)
            return scenario_fail(b->scenario, "bad 'set'");
        json_set_span(holder, first, value);
        return true;
    }
    return scenario_fail(b->scenario, "unknown line '%.*s'", SPAN_ARG(word));
}

static bool add_header(struct builder *b, struct span name, struct span value)
{
    struct json *headers = json_member(b->response, "responseParameters");

    if (!b->response)
        return scenario_fail(b->scenario, "'header' without a response above it");
    if (!headers)
        headers = json_set(b->response, "responseParameters", json_new(arena_of(b), JSON_OBJECT));
    json_set_span(headers, arena_format(arena_of(b), "method.response.header.%.*s", SPAN_ARG(name)),
                  json_text(arena_of(b), value));
    return true;
}

static bool begin_method(struct builder *b, struct span line)
{
    struct span method = take_word(&line);

    if (!end_method(b) || !put_integration(b))
        return false;
    b->method = method;
    if (!find_resource(b, line, &b->resource))
        return false;
    scenario_save(b->scenario, SPAN("resource"), b->resource);
    b->integration = json_new(arena_of(b), JSON_OBJECT);
    json_set(b->integration, "type", json_text(arena_of(b), SPAN("MOCK")));
    set_template(b, SPAN("{\"statusCode\": 200}"));
    return do_call(b, "PUT", method_path(b, "", (struct span){NULL, 0}),
                   SPAN("{\"authorizationType\":\"NONE\"}"));
}

static bool set_proxy(struct builder *b, struct span uri)
{
    struct json *integration = json_new(arena_of(b), JSON_OBJECT), *parameters = NULL;

    json_set(integration, "type", json_text(arena_of(b), SPAN("HTTP_PROXY")));
    json_set(integration, "httpMethod", json_text(arena_of(b), SPAN("ANY")));
    json_set(integration, "uri", json_text(arena_of(b), uri));
    if (span_search(uri, SPAN("{proxy}")) < uri.len) {
        parameters = json_set(integration, "requestParameters", json_new(arena_of(b), JSON_OBJECT));
        json_set(parameters, "integration.request.path.proxy",
                 json_text(arena_of(b), SPAN("method.request.path.proxy")));
    }
    b->integration = integration;
    return !parameters || declare(b, SPAN("method.request.path.proxy"), false);
}

static bool method_line(struct builder *b, struct span line)
{
    struct span word = take_word(&line);
    struct span first;

    if (span_is(word, "mock")) {
        first = take_word(&line);
        set_template(b, arena_format(arena_of(b), "{\"statusCode\": %.*s}", SPAN_ARG(first)));
        return begin_response(b, first, (struct span){NULL, 0}, line);
    }
    if (span_is(word, "template")) {
        set_template(b, line);
        return true;
    }
    if (span_is(word, "passthrough")) {
        json_set(b->integration, "passthroughBehavior", json_text(arena_of(b), line));
        return true;
    }
    if (span_is(word, "integration"))
        return json_parse(arena_of(b), line, &b->integration, NULL) == OK ||
               scenario_fail(b->scenario, "bad JSON");
    if (span_is(word, "proxy"))
        return set_proxy(b, line);
    if (span_is(word, "response")) {
        struct span pattern;

        first = take_word(&line);
        pattern = take_word(&line);
        return begin_response(b, first, span_is(pattern, "-") ? (struct span){NULL, 0} : pattern,
                              line);
    }
    if (span_is(word, "header")) {
        first = take_word(&line);
        return add_header(b, first, line);
    }
    return set_more(b, word, line);
}

bool api_create(struct scenario *scenario, struct span members, struct span block)
{
    struct builder b = {.scenario = scenario};
    struct span line;

    if (!do_call(&b, "POST", SPAN("/restapis"),
                 members.len ? members : SPAN("{\"name\":\"scenario\"}")))
        return false;
    scenario_save(scenario, SPAN("api"), answer_member(&b, "id"));
    scenario_save(
        scenario, SPAN("host"),
        arena_format(&scenario->arena, "%s:%u", scenario->server->address, scenario->server->port));
    scenario_save(scenario, SPAN("root"), answer_member(&b, "rootResourceId"));
    b.resources[0].path = SPAN("/");
    b.resources[0].id = answer_member(&b, "rootResourceId");
    b.resource_count = 1;
    while (span_split(&block, '\n', &line)) {
        bool is_method = line.len > 0 && line.at[0] != ' ';

        scenario->line++;
        line = span_trim(line);
        if (line.len == 0)
            continue;
        line = scenario_fill(scenario, line);
        if (!(is_method ? begin_method(&b, line) : method_line(&b, line)))
            return false;
    }
    return put_integration(&b) && end_method(&b);
}

bool api_deploy(struct scenario *scenario, struct span stage)
{
    struct builder b = {.scenario = scenario};

    scenario_save(scenario, SPAN("stage"), stage);
    if (!do_call(&b, "POST", scenario_fill(scenario, SPAN("/restapis/${api}/deployments")),
                 arena_format(&scenario->arena, "{\"stageName\":\"%.*s\"}", SPAN_ARG(stage))))
        return false;
    scenario_save(scenario, SPAN("deployment"), answer_member(&b, "id"));
    return true;
}
