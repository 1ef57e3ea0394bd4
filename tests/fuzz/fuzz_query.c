/* Any form is read by a model with every sort of type, and what was read can be written. */
#include "fuzz.h"

#include <assert.h>

#include "control/query.h"

static const struct model_type TEXT = {.form = FORM_TEXT}, REAL = {.form = FORM_DOUBLE},
                               TEXTS = {.form = FORM_LIST, .of = &TEXT},
                               REALS = {.form = FORM_MAP, .of = &REAL};
static const struct model_shape SHAPE;
static const struct model_type INSIDE = {.form = FORM_SHAPE, .shape = &SHAPE},
                               INSIDES = {.form = FORM_LIST, .of = &INSIDE};
static const struct model_member MEMBERS[] = {
    {.name = SPAN_INIT("a"), .wire = SPAN_INIT("a"), .type = &TEXT},
    {.name = SPAN_INIT("b"), .wire = SPAN_INIT("b"), .type = &TEXTS},
    {.name = SPAN_INIT("c"), .wire = SPAN_INIT("c"), .type = &REALS},
    {.name = SPAN_INIT("d"), .wire = SPAN_INIT("d"), .type = &INSIDES},
};
static const struct model_shape SHAPE = {SPAN_INIT("S"), MEMBERS, COUNT(MEMBERS)};
static const struct model_error ODD = {.code = SPAN_INIT("Odd"), .status = 400};
static const struct model_operation MAKE = {
    .name = SPAN_INIT("Make"), .status = 200, .input = &SHAPE, .output = &SHAPE};
static const struct model_service SERVICE = {.version = SPAN_INIT("1"),
                                             .protocol = PROTOCOL_QUERY,
                                             .serialization = &ODD,
                                             .operations = &MAKE,
                                             .operation_count = 1};
static const struct model_service *const SERVICES[] = {&SERVICE};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct span form = span_make(bytes, size), action, version;
    struct control_match match = {&SERVICE, &MAKE, {{0}}, 0};
    struct model_answer refused = {0};
    struct encoded encoded;
    struct json *tree;
    struct arena arena;
    struct buf out;
    enum fault rc;

    arena_init(&arena, 16 << 20);
    buf_init(&out, 16 << 20);
    query_route(&arena, SERVICES, 1, SPAN(""), form, &match, &action, &version);
    rc = query_decode(&arena, &match, form, &tree, &refused);
    if (rc == OK)
        query_encode(&SERVICE, &MAKE, tree, SPAN("id"), &out, &encoded);
    else
        assert(rc != FAULT_TYPE || refused.text.len);
    buf_release(&out);
    arena_release(&arena);
    return 0;
}
