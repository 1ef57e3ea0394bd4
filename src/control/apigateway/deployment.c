/* Deployment: an immutable document of the whole API; with a stage name also the stage. */
#include <sys/stat.h>
#include <unistd.h>

#include "control/call.h"
#include "control/validate.h"

/* Every resource with its methods, whole, by path.  *problem says what cannot be deployed. */
static enum fault gather(struct call *call, struct span api, struct json **out,
                         const char **problem)
{
    struct json *all, *resources = json_new(call->arena, JSON_ARRAY);
    enum fault rc = call_load_all(call, "Resource", api, &all);
    struct json *one = rc ? NULL : all->first, *next;
    size_t methods = 0;

    for (; one && !rc; one = next) {
        struct span path = arena_format(call->arena, "%.*s/%.*s", SPAN_ARG(api),
                                        SPAN_ARG(json_member_text(one, "id", SPAN(""))));
        struct json *list, *shown = json_new(call->arena, JSON_OBJECT), *method, *after;

        next = one->next;
        one->next = NULL;
        rc = call_load_all(call, "Method", path, &list);
        for (method = rc ? NULL : list->first; method && !rc; method = after, methods++) {
            after = method->next;
            method->next = NULL;
            rc = METHOD_HOOKS.show(call, path, method);
            if (!json_member(method, "methodIntegration"))
                *problem = "No integration defined for method";
            json_set_span(shown, json_member_text(method, "httpMethod", SPAN("")), method);
        }
        json_set(one, "resourceMethods", shown);
        json_append(resources, one);
    }
    if (!rc && methods == 0)
        *problem = "The REST API doesn't contain any methods";
    *out = resources;
    return rc;
}

/* The records of a kind below the API as an object by their key. */
static enum fault add_all(struct call *call, struct span api, const char *kind, const char *key,
                          struct json *document, const char *member)
{
    struct json *all, *shown = json_new(call->arena, JSON_OBJECT), *next;
    enum fault rc = call_load_all(call, kind, api, &all);

    for (struct json *one = rc ? NULL : all->first; one; one = next) {
        next = one->next;
        one->next = NULL;
        json_set_span(shown, json_member_text(one, key, SPAN("")), one);
    }
    json_set(document, member, shown);
    return rc;
}

static enum fault write_document(struct call *call, struct json *document, struct json *tree)
{
    struct span name;
    struct buf text;
    enum fault rc = FAULT_TOO_LARGE;

    buf_init(&text, FEED_BLOB_MAX);
    if (json_write(&text, document))
        rc = call_put_blob(call, buf_span(&text), &name);
    buf_release(&text);
    if (!rc)
        json_set(tree, "document", json_text(call->arena, name));
    return rc;
}

/* A private API is closed until a policy says who may call it. */
static bool is_private_without_policy(const struct json *api)
{
    const struct json *types = json_member(json_member(api, "endpointConfiguration"), "types");

    return types && types->first && span_is(types->first->text, "PRIVATE") &&
           json_member_text(api, "policy", SPAN("")).len == 0;
}

static enum fault check(struct call *call, struct span parent, struct json *tree)
{
    struct json *document = json_new(call->arena, JSON_OBJECT), *api, *resources;
    const char *problem = NULL;
    enum fault rc;

    if (json_member(call->input, "canarySettings"))
        return call_not_yet(call, "canarySettings");
    if ((rc = call_load(call, model_kind(call->match->service, SPAN("RestApi")), SPAN(""), parent,
                        &api)) ||
        (rc = gather(call, parent, &resources, &problem)))
        return rc;
    if (!problem && is_private_without_policy(api))
        problem = "Private REST API doesn't have a resource policy attached to it";
    if (problem)
        return call_refuse_as(call, "BadRequestException", problem);
    json_set(document, "restApi", api);
    json_set(document, "resources", resources);
    if ((rc = add_all(call, parent, "Model", "name", document, "models")) ||
        (rc = add_all(call, parent, "RequestValidator", "id", document, "requestValidators")) ||
        (rc = add_all(call, parent, "GatewayResponse", "responseType", document,
                      "gatewayResponses")))
        return rc;
    return write_document(call, document, tree);
}

/* Members of CreateDeployment that belong to the stage, under the stage's names. */
static void set_stage_members(struct call *call, struct json *stage)
{
    static const char *const MEMBERS[][2] = {
        {"stageDescription", "description"},
        {"cacheClusterEnabled", "cacheClusterEnabled"},
        {"cacheClusterSize", "cacheClusterSize"},
        {"tracingEnabled", "tracingEnabled"},
    };
    const struct json *variables = json_member(call->input, "variables");
    struct json *own = json_member(stage, "variables");

    for (size_t i = 0; i < COUNT(MEMBERS); i++) {
        const struct json *value = json_member(call->input, MEMBERS[i][0]);

        if (value)
            json_set(stage, MEMBERS[i][1], json_copy(call->arena, value));
    }
    if (!variables)
        return;
    if (!own)
        own = json_set(stage, "variables", json_new(call->arena, JSON_OBJECT));
    for (const struct json *one = variables->first; one; one = one->next)
        json_set_span(own, one->name, json_copy(call->arena, one));
}

/* stageName creates the stage or moves the one there is. */
static enum fault created(struct call *call, struct span parent, struct json *tree)
{
    const struct model_kind *kind = model_kind(call->match->service, SPAN("Stage"));
    struct span name = json_member_text(call->input, "stageName", SPAN(""));
    struct words words = {NULL, NULL, 0};
    struct json *stage;
    enum fault rc;

    if (name.len == 0)
        return OK;
    rc = call_load(call, kind, parent, name, &stage);
    if (rc == FAULT_NOT_FOUND) {
        stage = json_new(call->arena, JSON_OBJECT);
        json_set(stage, "stageName", json_text(call->arena, name));
        json_set(stage, "createdDate", call_time(call));
        rc = OK;
    }
    if (rc)
        return rc;
    json_set(stage, "deploymentId", json_text(call->arena, json_member_text(tree, "id", SPAN(""))));
    json_set(stage, "lastUpdatedDate", call_time(call));
    set_stage_members(call, stage);
    if (!decode_fallbacks(call->arena, kind->shape, stage, NULL))
        return FAULT_NO_MEMORY;
    rc = validate_rules(call->arena, kind->shape, stage, &words, &call->refused);
    if (rc == FAULT_TYPE)
        return FAULT_DENIED;
    if (!rc)
        rc = STAGE_HOOKS.check(call, parent, stage);
    return rc ? rc : call_save(call, kind, parent, name, stage, false);
}

/* ---- what it froze ------------------------------------------------------------------------- */

static bool read_all(int fd, char *room, size_t size)
{
    for (size_t n = 0; n < size;) {
        ssize_t got = read(fd, room + n, size - n);

        if (got <= 0)
            return false;
        n += (size_t)got;
    }
    return true;
}

static enum fault read_document(struct call *call, struct span name, struct json **out)
{
    struct stat about;
    enum fault rc;
    char *room;
    int fd;

    if ((rc = store_blob_open(call->control->store, name, &fd, NULL)))
        return rc;
    rc = FAULT_IO;
    if (fstat(fd, &about) == 0 && about.st_size > 0 && (size_t)about.st_size <= FEED_BLOB_MAX) {
        room = arena_try(call->arena, (size_t)about.st_size);
        if (!room)
            rc = FAULT_NO_MEMORY;
        else if (read_all(fd, room, (size_t)about.st_size))
            rc = json_parse(call->arena, span_make(room, (size_t)about.st_size), out, NULL);
    }
    close(fd);
    return rc;
}

/* {"/pets": {"GET": {"authorizationType": "NONE", "apiKeyRequired": false}}} */
static struct json *summary_of(struct call *call, const struct json *document)
{
    const struct json *resources = json_member(document, "resources");
    struct json *summary = json_new(call->arena, JSON_OBJECT);

    for (const struct json *one = resources ? resources->first : NULL; one; one = one->next) {
        const struct json *methods = json_member(one, "resourceMethods");
        struct json *shown = json_new(call->arena, JSON_OBJECT);

        for (const struct json *m = methods ? methods->first : NULL; m; m = m->next) {
            struct json *method = json_set_span(shown, m->name, json_new(call->arena, JSON_OBJECT));

            json_set(
                method, "authorizationType",
                json_text(call->arena, json_member_text(m, "authorizationType", SPAN("NONE"))));
            json_set(method, "apiKeyRequired",
                     json_bool(call->arena, json_member_bool(m, "apiKeyRequired", false)));
        }
        if (shown->count > 0)
            json_set_span(summary, json_member_text(one, "path", SPAN("/")), shown);
    }
    return summary;
}

static enum fault show(struct call *call, struct span parent, struct json *tree)
{
    const struct json *embed = json_member(call->input, "embed");
    bool is_asked = false;
    struct json *document;
    enum fault rc;

    (void)parent;
    for (const struct json *one = embed ? embed->first : NULL; one; one = one->next)
        is_asked = is_asked || span_equal_nocase(one->text, SPAN("apisummary"));
    if (!is_asked)
        return OK;
    rc = read_document(call, json_member_text(tree, "document", SPAN("")), &document);
    if (!rc)
        json_set(tree, "apiSummary", summary_of(call, document));
    return rc;
}

const struct kind_hooks DEPLOYMENT_HOOKS = {
    .kind = "Deployment", .blob = "document", .check = check, .created = created, .show = show};
