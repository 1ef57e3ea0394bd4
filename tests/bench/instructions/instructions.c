/* instructions - one worker, one client and one backend on one thread, for callgrind to count.
 *
 *     instructions mock|proxy COUNT
 *
 * Makes COUNT requests on one connection.  tests/bench/instructions/run runs it twice and takes the
 * difference, so that what happens once is not counted. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "compile/follow.h"
#include "gateway/worker.h"

static struct gateway gateway;
static struct worker worker;
static struct shelf shelf;

/* What is asked, as a browser or an SDK would. */
#define HEADERS                                                                              \
    "Host: 127.0.0.1:4566\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101\r\n" \
    "Accept: application/json, text/plain, */*\r\nAccept-Language: en-US,en;q=0.5\r\n"       \
    "Accept-Encoding: gzip, deflate\r\nConnection: keep-alive\r\n\r\n"

static const struct {
    const char *name, *request;
} KINDS[] = {
    {"mock", "GET /_aws/execute-api/api1/dev/mock HTTP/1.1\r\n" HEADERS},
    {"proxy", "GET /_aws/execute-api/api1/dev/a/b?c=d HTTP/1.1\r\n" HEADERS},
};

#define DOCUMENT                                                                          \
    "{\"resources\":[{\"id\":\"r\",\"path\":\"/mock\",\"resourceMethods\":{"              \
    "\"GET\":{\"methodResponses\":{\"200\":{}},\"methodIntegration\":{\"type\":\"MOCK\"," \
    "\"requestTemplates\":{\"application/json\":\"{\\\"statusCode\\\":200}\"},"           \
    "\"integrationResponses\":{\"200\":{\"responseTemplates\":{\"application/json\":"     \
    "\"{}\"}}}}}}},{\"id\":\"p\",\"path\":\"/{proxy+}\",\"resourceMethods\":{"            \
    "\"ANY\":{\"methodIntegration\":{\"type\":\"HTTP_PROXY\",\"httpMethod\":\"ANY\","     \
    "\"uri\":\"http://127.0.0.1:%u/{proxy}\",\"requestParameters\":"                      \
    "{\"integration.request.path.proxy\":\"method.request.path.proxy\"}}}}}]}"

static void publish(uint16_t backend)
{
    static char document[4096];
    struct json *deployment, *stage, *api;
    struct feed_record records[3];
    struct feed_blob blob = {SPAN("hash"), {document, 0}};
    struct feed_batch batch = {.revision = 1,
                               .is_whole = true,
                               .records = records,
                               .record_count = COUNT(records),
                               .blobs = &blob,
                               .blob_count = 1};
    struct snapshot *snap;

    blob.bytes.len = (size_t)snprintf(document, sizeof document, DOCUMENT, backend);
    arena_init(&batch.arena, 1 << 20);
    json_parse(&batch.arena, SPAN("{\"document\":\"hash\"}"), &deployment, NULL);
    json_parse(&batch.arena, SPAN("{\"deploymentId\":\"d1\"}"), &stage, NULL);
    json_parse(&batch.arena, SPAN("{}"), &api, NULL);
    records[0] = (struct feed_record){
        {SPAN("1"), SPAN("r"), SPAN("RestApi"), SPAN(""), SPAN("api1")}, 1, api};
    records[1] = (struct feed_record){
        {SPAN("1"), SPAN("r"), SPAN("Deployment"), SPAN("api1"), SPAN("d1")}, 2, deployment};
    records[2] = (struct feed_record){
        {SPAN("1"), SPAN("r"), SPAN("Stage"), SPAN("api1"), SPAN("dev")}, 3, stage};
    snap = follow_build(&shelf, &batch, NULL);
    publication_offer(&gateway.publication, snap);
    part_leave(&snap->part);
    feed_batch_release(&batch);
}

static int listen_somewhere(uint16_t *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(fd, 4) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &len) != 0)
        exit(2);
    *port = ntohs(address.sin_port);
    return fd;
}

/* Answers what has come to the backend, if anything has. */
static void run_backend(int listener)
{
    static char answer[1200], request[65536];
    static int fd = -1;
    static size_t len;

    if (len == 0) {
        len = (size_t)snprintf(answer, sizeof answer,
                               "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                               "Date: Tue, 01 Jan 2030 00:00:00 GMT\r\nServer: backend\r\n"
                               "Cache-Control: no-store\r\nContent-Length: 1000\r\n\r\n");
        memset(answer + len, 'x', 1000);
        len += 1000;
    }
    if (fd < 0)
        fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0 && recv(fd, request, sizeof request, 0) > 0)
        send(fd, answer, len, MSG_NOSIGNAL);
}

static bool ask(int client, const char *request, int listener)
{
    char answer[8192];

    if (send(client, request, strlen(request), MSG_NOSIGNAL) < 0)
        return false;
    for (int turns = 0; turns < 100; turns++) {
        ssize_t n = recv(client, answer, sizeof answer, 0);

        if (n > 0)
            return strncmp(answer, "HTTP/1.1 200", 12) == 0;
        loop_turn(&worker.loop, 1);
        run_backend(listener);
    }
    return false;
}

int main(int argc, char **argv)
{
    const char *request = NULL;
    struct problem why;
    uint16_t port;
    int pair[2], listener = listen_somewhere(&port);

    for (size_t i = 0; argc == 3 && i < COUNT(KINDS); i++)
        if (strcmp(argv[1], KINDS[i].name) == 0)
            request = KINDS[i].request;
    if (!request)
        return 2;
    shelf_init(&shelf);
    gateway.shelf = &shelf;
    gateway.control_socket = "/nonexistent/control.sock";
    gateway.connections_max = 100;
    if (!publication_init(&gateway.publication) || worker_init(&worker, &gateway, &why) != OK ||
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) != 0 ||
        !http_server_adopt(&worker.server, pair[0]))
        return 2;
    publish(port);
    for (long i = strtol(argv[2], NULL, 10); i > 0; i--)
        if (!ask(pair[1], request, listener)) {
            fprintf(stderr, "a request was not answered with 200\n");
            return 1;
        }
    return 0;
}
