/* control/route: which operation a call means. */
#include "../unit.h"

#include "base/buf.h"
#include "control/route.h"

static void a_path_means_one_operation(void **state)
{
    static const struct {
        const char *about, *method, *path, *query;
        const char *operation; /* or "none", or "method" */
        const char *label;     /* the value of the last one */
    } CASES[] = {
        {"a literal", "GET", "/account", "", "GetAccount", NULL},
        {"a label", "GET", "/restapis/abc", "", "GetRestApi", "abc"},
        {"a slash at the end", "GET", "/restapis/", "", "GetRestApis", NULL},
        {"percent-decoded", "GET", "/restapis/a%20b%2Fc", "", "GetRestApi", "a b/c"},
        {"an encoded literal", "GET", "/%61ccount", "", "GetAccount", NULL},
        {"a literal outranks a label", "PUT", "/restapis/a/documentation/parts", "",
         "ImportDocumentationParts", "a"},
        {"another method", "DELETE", "/restapis/a/resources/b", "", "DeleteResource", "b"},
        {"deep", "PUT", "/restapis/a/resources/b/methods/GET/integration/responses/200", "",
         "PutIntegrationResponse", "200"},
        {"a constant", "POST", "/restapis", "mode=import", "ImportRestApi", NULL},
        {"a constant among others", "POST", "/restapis", "a=b&mode=import&c", "ImportRestApi",
         NULL},
        {"another value", "POST", "/restapis", "mode=merge", "CreateRestApi", NULL},
        {"a stage with dots", "GET", "/restapis/a/stages/..", "", "GetStage", ".."},
        {"an ARN in one segment", "GET", "/tags/arn%3Aaws%3Aa%3A%3A%2Frestapis%2Fx", "", "GetTags",
         "arn:aws:a::/restapis/x"},
        {"an empty label", "GET", "/restapis//stages", "", "none", NULL},
        {"an unknown path", "GET", "/rest", "", "none", NULL},
        {"too deep", "GET", "/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q/r/s/t/u/v/w/x/y/z", "", "none",
         NULL},
        {"no slash", "GET", "account", "", "none", NULL},
        {"nothing", "GET", "", "", "none", NULL},
        {"a method that it has not", "PUT", "/account", "", "method", NULL},
    };
    const struct model_service *service = model_service("apigateway");
    struct control_routes *routes = control_routes_new(&service, 1);
    struct arena arena;

    arena_init(&arena, 1 << 20);
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct control_match match;
        enum fault rc = control_route(routes, &arena, SPAN("apigateway"), span_of(CASES[i].method),
                                      span_of(CASES[i].path), span_of(CASES[i].query), &match);
        struct span got = rc == OK                  ? match.operation->name
                          : rc == FAULT_UNSUPPORTED ? SPAN("method")
                                                    : SPAN("none");

        unit_same_text(CASES[i].about, got, span_of(CASES[i].operation));
        if (CASES[i].label)
            unit_same_text(CASES[i].about, match.labels[match.label_count - 1].value,
                           span_of(CASES[i].label));
    }
    arena_release(&arena);
    control_routes_free(routes);
    (void)state;
}

/* Each row of each model must be found by a path made of its own segments. */
static void every_operation_is_found(void **state)
{
    struct control_routes *routes = control_routes_new(MODEL_SERVICES, MODEL_SERVICE_COUNT);

    for (size_t s = 0; s < MODEL_SERVICE_COUNT; s++)
        for (size_t i = 0; i < MODEL_SERVICES[s]->operation_count; i++) {
            const struct model_operation *operation = &MODEL_SERVICES[s]->operations[i];
            struct control_match match;
            struct arena arena;
            struct buf path, query;

            if (MODEL_SERVICES[s]->protocol != PROTOCOL_REST_JSON)
                continue;
            arena_init(&arena, 1 << 20);
            buf_init(&path, 4096);
            buf_init(&query, 4096);
            for (size_t k = 0; k < operation->path_count; k++) {
                buf_add_char(&path, '/');
                buf_add(&path, operation->path[k].member ? SPAN("x") : operation->path[k].literal);
            }
            for (size_t k = 0; k < operation->constant_count; k++)
                buf_addf(&query, "%.*s=%.*s&", SPAN_ARG(operation->constants[k].name),
                         SPAN_ARG(operation->constants[k].value));
            if (control_route(routes, &arena, MODEL_SERVICES[s]->signing, operation->method,
                              buf_span(&path), buf_span(&query), &match) != OK ||
                match.operation != operation)
                fail_msg("%.*s is not found", SPAN_ARG(operation->name));
            buf_release(&query);
            buf_release(&path);
            arena_release(&arena);
        }
    control_routes_free(routes);
    (void)state;
}

static const struct CMUnitTest TESTS[] = {
    cmocka_unit_test(a_path_means_one_operation),
    cmocka_unit_test(every_operation_is_found),
};

UNIT_MAIN(TESTS)
