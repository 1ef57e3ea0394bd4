/* Lines of the access log. */
#include "../unit.h"

#include "telemetry/access_log.h"

static void a_client_cannot_forge_a_line(void **state)
{
    struct access_line line = {.wall = 1000000,
                               .request_id = SPAN("id"),
                               .api = SPAN("api"),
                               .stage = SPAN("dev"),
                               .peer = SPAN("::1"),
                               .method = SPAN("GET"),
                               .path = SPAN("/a\"\n{}"),
                               .status = 200,
                               .bytes = 12,
                               .micros = 1234};
    struct buf out;

    buf_init(&out, 4096);
    access_log_build(&out, &line);
    unit_same_text("the line", buf_span(&out),
                   SPAN("{\"time\":\"1970-01-01T00:00:01.000Z\",\"requestId\":\"id\",\"apiId\":"
                        "\"api\",\"stage\":\"dev\",\"sourceIp\":\"::1\",\"httpMethod\":\"GET\","
                        "\"path\":\"/a\\\"\\n{}\",\"status\":200,\"responseLength\":12,"
                        "\"responseLatency\":1.234}\n"));
    buf_release(&out);
    (void)state;
}

static const struct CMUnitTest TESTS[] = {
    cmocka_unit_test(a_client_cannot_forge_a_line),
};

UNIT_MAIN(TESTS)
