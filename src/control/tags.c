/* The ARN names a kind by its pattern ("/restapis/{restApiId}/stages/{stageName}") and a record by
 * what stands at the labels; the tags are a member of that record. */
#include "control/tags.h"

struct tagged {
    const struct model_kind *kind;
    struct span parent, id;
};

/* Takes "arn:PARTITION:SERVICE:REGION::" off; false when it is no ARN of this call's service,
 * region and, if it names one, account. */
static bool take_prefix(const struct call *call, struct span *arn)
{
    struct span parts[5];

    for (size_t i = 0; i < COUNT(parts); i++)
        if (!span_split(arn, ':', &parts[i]) || !arn->at)
            return false;
    return span_is(parts[0], "arn") && span_equal(parts[2], call->match->service->signing) &&
           span_equal(parts[3], call->region) &&
           (parts[4].len == 0 || span_equal(parts[4], call->account));
}

/* Matches "/a/{x}/b/{y}"; the values of the labels become the path of ids. */
static bool match_pattern(struct call *call, struct span pattern, struct span resource,
                          struct tagged *out)
{
    struct span want, have;

    out->parent = out->id = SPAN("");
    while (pattern.at && resource.at) {
        span_split(&pattern, '/', &want);
        span_split(&resource, '/', &have);
        if (want.len == 0 || want.at[0] != '{') {
            if (!span_equal(want, have))
                return false;
            continue;
        }
        if (have.len == 0)
            return false;
        if (out->id.len > 0)
            out->parent = out->parent.len ? arena_format(call->arena, "%.*s/%.*s",
                                                         SPAN_ARG(out->parent), SPAN_ARG(out->id))
                                          : out->id;
        out->id = have;
    }
    return !pattern.at && !resource.at;
}

static bool find_tagged(struct call *call, struct span arn, struct tagged *out)
{
    const struct model_service *service = call->match->service;

    if (!take_prefix(call, &arn))
        return false;
    for (size_t i = 0; i < service->kind_count; i++) {
        out->kind = &service->kinds[i];
        if (out->kind->arn.len > 0 && match_pattern(call, out->kind->arn, arn, out))
            return true;
    }
    return false;
}

static enum fault add_tags(struct call *call, struct json *tree)
{
    const struct json *added = json_member(call->input, "tags");
    struct json *tags = json_member(tree, "tags");

    if (!tags)
        tags = json_set(tree, "tags", json_new(call->arena, JSON_OBJECT));
    for (const struct json *one = added ? added->first : NULL; one; one = one->next) {
        if (span_starts(one->name, SPAN("aws:")))
            return call_refuse_as(call, "BadRequestException",
                                  "Tag keys may not begin with aws: (they are AWS's own)");
        json_set_span(tags, one->name, json_copy(call->arena, one));
    }
    if (tags->count > TAGS_MAX)
        return call_refuse_as(call, "BadRequestException", "A resource has at most 50 tags");
    return OK;
}

static void drop_tags(struct call *call, struct json *tree)
{
    const struct json *keys = json_member(call->input, "tagKeys");
    struct json *tags = json_member(tree, "tags");

    for (const struct json *one = keys && tags ? keys->first : NULL; one; one = one->next)
        json_remove(tags, one->text);
    if (tags && tags->count == 0)
        json_remove(tree, SPAN("tags"));
}

static void show_tags(struct call *call, const struct json *tree)
{
    const struct json *tags = json_member(tree, "tags");

    call->output = json_new(call->arena, JSON_OBJECT);
    json_set(call->output, "tags",
             tags ? json_copy(call->arena, tags) : json_new(call->arena, JSON_OBJECT));
}

enum fault tags_run(struct call *call)
{
    enum model_verb verb = call->match->operation->verb;
    struct span arn = json_member_text(call->input, "resourceArn", SPAN(""));
    struct tagged at;
    struct json *tree;
    enum fault rc;

    if (!find_tagged(call, arn, &at))
        return call_refuse_as(call, "BadRequestException", "Invalid ARN specified in the request");
    rc = call_load(call, at.kind, at.parent, at.id, &tree);
    if (rc == FAULT_NOT_FOUND)
        return call_refuse_as(call, "NotFoundException", "Invalid Resource identifier specified");
    if (rc)
        return rc;
    if (verb == VERB_TAGS) {
        show_tags(call, tree);
        return OK;
    }
    if (verb == VERB_TAG)
        rc = add_tags(call, tree);
    else
        drop_tags(call, tree);
    return rc ? rc : call_save(call, at.kind, at.parent, at.id, tree, false);
}
