/* Look-ups within one service.  They are linear: a service has at most two hundred rows, and
 * what is asked for per request (route.h) is prepared at start. */
#include "control/model.h"

const struct model_kind *model_kind(const struct model_service *service, struct span name)
{
    for (size_t i = 0; i < service->kind_count; i++)
        if (span_equal(service->kinds[i].name, name))
            return &service->kinds[i];
    return NULL;
}

const struct model_operation *model_operation(const struct model_service *service, struct span name)
{
    for (size_t i = 0; i < service->operation_count; i++)
        if (span_equal(service->operations[i].name, name))
            return &service->operations[i];
    return NULL;
}

const struct model_error *model_error(const struct model_service *service, const char *code)
{
    for (size_t i = 0; i < service->error_count; i++)
        if (span_is(service->errors[i].code, code))
            return &service->errors[i];
    return NULL;
}

const struct model_member *model_member(const struct model_shape *shape, struct span name)
{
    for (size_t i = 0; i < shape->count; i++)
        if (span_equal(shape->members[i].name, name))
            return &shape->members[i];
    return NULL;
}

const char *model_verb_name(enum model_verb verb)
{
    switch (verb) {
    case VERB_CREATE:
        return "create";
    case VERB_PUT:
        return "put";
    case VERB_GET:
        return "get";
    case VERB_LIST:
        return "list";
    case VERB_UPDATE:
        return "patch";
    case VERB_DELETE:
        return "delete";
    case VERB_TAG:
        return "tag";
    case VERB_UNTAG:
        return "untag";
    case VERB_TAGS:
        return "tags";
    case VERB_HANDLER:
        return "handler";
    case VERB_REFUSED:
        return "refused";
    case VERB_LATER:
        return "later";
    }
    return "";
}

bool model_patch_is_later(const struct model_patch *patch, unsigned op)
{
    return patch->is_later || op == PATCH_COPY;
}
