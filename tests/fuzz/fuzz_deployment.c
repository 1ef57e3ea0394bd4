/* Deployment documents and mock templates: whatever control stored must compile and answer. */
#include "compile/deployment.h"
#include "snapshot/mock_status.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct span in = span_make(bytes, size);
    struct deployment *deployment;
    struct json *document;
    struct arena arena;
    struct shelf shelf;
    int64_t status;

    arena_init(&arena, 64 << 20);
    shelf_init(&shelf);
    mock_status(&arena, in, &status);
    if (json_parse(&arena, in, &document, NULL) == OK) {
        deployment = deployment_compile(&shelf, SPAN("id"), document);
        route_find(deployment, SPAN("GET"), in);
        route_find(deployment, SPAN("GET"), SPAN("/a/b%2f/c/"));
        part_leave(&deployment->part);
        shelf_reclaim(&shelf);
    }
    arena_release(&arena);
    return 0;
}
