/* A control call: "METHOD /path?query\nbody".  Whatever it holds, it is answered; and what was
 * understood keeps its meaning when it is decoded once more from what it became. */
#include "fuzz.h"

#include <assert.h>

#include "control/decode.h"
#include "control/encode.h"
#include "control/validate.h"

static struct control_routes *routes(void)
{
    static struct control_routes *all;

    if (!all)
        all = control_routes_new(MODEL_SERVICES, MODEL_SERVICE_COUNT);
    return all;
}

static void check(struct arena *arena, const struct control_match *match, struct json *input)
{
    const struct model_shape *shape = match->operation->input;
    struct model_type type = {.form = FORM_SHAPE, .shape = shape};
    struct model_answer refused = {0};
    struct words words = {.input = input};
    struct json *again = NULL, *parsed = NULL;
    const char *why;
    struct buf out;

    if (validate_wire(arena, match->service, match->operation, input, &refused) == FAULT_TYPE)
        assert(refused.text.len && refused.error);
    if (validate_rules(arena, shape, input, &words, &refused) == FAULT_TYPE)
        assert(refused.error);
    buf_init(&out, 16 << 20);
    if (decode_fallbacks(arena, shape, input, input) &&
        encode_value(&out, match->service, &type, input) &&
        json_parse(arena, buf_span(&out), &parsed, NULL) == OK)
        assert(decode_value(arena, &type, parsed, &again, &why) != FAULT_TYPE);
    buf_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct rest_request request = {.body = span_make(bytes, size)};
    struct control_match match;
    struct model_answer refused = {0};
    struct span line, method;
    struct json *input;
    struct arena arena;
    size_t question;

    if (!span_split(&request.body, '\n', &line) || !span_split(&line, ' ', &method) || !line.at)
        return 0;
    question = span_find(line, '?');
    request.query = question < line.len ? span_skip(line, question + 1) : SPAN("");
    line.len = question;
    arena_init(&arena, 16 << 20);
    if (control_route(routes(), &arena, SPAN(""), method, line, request.query, &match) == OK) {
        enum fault rc = decode_rest_json(&arena, &match, &request, &input, &refused);

        assert(rc != FAULT_TYPE || (refused.error && refused.text.len));
        if (rc == OK)
            check(&arena, &match, input);
    }
    arena_release(&arena);
    return 0;
}
