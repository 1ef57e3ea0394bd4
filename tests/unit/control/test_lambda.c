/* The Lambda API from request to answer, over a real store and a host that is played here: a
 * package that begins with "PK" unpacks, others do not. */
#include "../unit.h"

#include <dirent.h>
#include <ftw.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/base64.h"
#include "caller/function_name.h"
#include "control/dispatch.h"
#include "control/lambda/package.h"
#include "control/lambda/statement.h"
#include "link/host.h"

static char folder[64], socket_path[96];
static struct control control;
static struct clock fixed;
static int listener = -1;
static pthread_t host;
static struct arena arena;
static struct buf answer;
static struct encoded head;

/* ---- the host ------------------------------------------------------------------------------ */

static void play_one(int fd)
{
    struct host_message message = {0}, reply = {.op = HOST_UNPACKED, .id = 1, .size = 1000};
    int descriptors[HOST_DESCRIPTORS_MAX], zip;
    struct arena memory;
    struct problem why;
    char start[3] = "";

    arena_init(&memory, HOST_ARENA_MAX);
    if (host_receive(fd, &memory, &message, descriptors, &why) == HOST_DONE &&
        store_blob_open(control.store, message.package, &zip, &why) == OK) {
        if (read(zip, start, 2) == 2 && strcmp(start, "!!") == 0) {
            reply.op = HOST_REFUSED;
            reply.refused =
                (struct host_refused){SPAN_INIT(HOST_TROUBLE), SPAN_INIT("the disk is full")};
        } else if (strcmp(start, "PK") != 0) {
            reply.op = HOST_REFUSED;
            reply.refused = (struct host_refused){
                .message = SPAN_INIT("Could not unzip uploaded file. Please check your file, then "
                                     "try to upload again.")};
        }
        close(zip);
        host_send(fd, &reply, NULL, 0);
    }
    close(fd);
    arena_release(&memory);
}

static void *play_host(void *unused)
{
    int fd;

    while ((fd = accept(listener, NULL, NULL)) >= 0)
        play_one(fd);
    return unused;
}

static int remove_one(const char *path, const struct stat *about, int type, struct FTW *ftw)
{
    (void)about;
    (void)type;
    (void)ftw;
    return remove(path);
}

static int set_up(void **state)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct problem why;

    (void)state;
    snprintf(folder, sizeof folder, "/tmp/portico-lambda-XXXXXX");
    if (!mkdtemp(folder) || store_open(folder, &control.store, &why) != OK)
        return -1;
    snprintf(socket_path, sizeof socket_path, "%s/host.sock", folder);
    memcpy(address.sun_path, socket_path, strlen(socket_path) + 1);
    listener = socket(AF_UNIX, SOCK_SEQPACKET, 0);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 8) ||
        pthread_create(&host, NULL, play_host, NULL))
        return -1;
    fixed = clock_fixed(0, 1700000000L * MICROS_PER_SECOND + 123000);
    control.routes = control_routes_new(MODEL_SERVICES, MODEL_SERVICE_COUNT);
    control.account = SPAN("000000000000");
    control.region = SPAN("us-east-1");
    control.clock = &fixed;
    control.host_path = socket_path;
    arena_init(&arena, CALL_MEMORY_MAX);
    buf_init(&answer, 1 << 20);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    shutdown(listener, SHUT_RDWR);
    pthread_join(host, NULL);
    close(listener);
    control_routes_free(control.routes);
    store_close(control.store);
    arena_release(&arena);
    buf_release(&answer);
    return nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* ---- calls --------------------------------------------------------------------------------- */

static unsigned ask(const char *method, const char *target, const char *body)
{
    struct http_request r = {
        .method = span_of(method), .target = span_of(target), .host = SPAN("127.0.0.1:4566")};
    size_t question = span_find(r.target, '?');

    r.path = span_first(r.target, question);
    if (question < r.target.len)
        r.query = span_skip(r.target, question + 1);
    r.headers[r.header_count++] = (struct http_header){
        SPAN("Authorization"), SPAN("AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/lambda/"
                                    "aws4_request, SignedHeaders=host, Signature=00")};
    buf_clear(&answer);
    arena_reset(&arena);
    dispatch(&control, &arena, &r, span_of(body), &answer, &head);
    if (head.has_file) {
        char *at = buf_room(&answer, head.file_size);

        assert_int_equal(read(head.file, at, head.file_size), head.file_size);
        answer.len += head.file_size;
        close(head.file);
    }
    return head.status;
}

#define NAME "/2015-03-31/functions/f"
#define ROLE "\"Role\":\"arn:aws:iam::000000000000:role/r\""
#define ARN "arn:aws:lambda:us-east-1:000000000000:function:f"
#define CODE(base64)                                                               \
    "{\"FunctionName\":\"f\",\"Runtime\":\"python3.11\",\"Handler\":\"a.b\"," ROLE \
    ",\"Code\":{\"ZipFile\":\"" base64 "\"}"
#define PK1 "UEsxMTE=" /* PK111 */
#define PK1_BLOB SPAN("03f572314a4fd9ff78f8fcd28324347fd95644582f5cfaf94b2d1e5793f97d9f")
#define PK2 "UEsyMjI=" /* PK222 */

static void expect(const char *about, unsigned status, const char *part)
{
    struct span text = buf_span(&answer);

    if (head.status != status || (part && span_search(text, span_of(part)) == text.len))
        fail_msg("%s: got %u %.*s, want %u with %s", about, head.status, SPAN_ARG(text), status,
                 part ? part : "anything");
}

static struct span member(const char *name)
{
    struct json *tree = NULL;

    json_parse(&arena, buf_span(&answer), &tree, NULL);
    return json_member_text(tree, name, SPAN(""));
}

static unsigned count_blobs(void)
{
    struct dirent *entry;
    unsigned n = 0;
    char path[96];
    DIR *list;

    snprintf(path, sizeof path, "%s/blobs", folder);
    list = opendir(path);
    assert_non_null(list);
    while ((entry = readdir(list)) != NULL)
        n += entry->d_name[0] != '.';
    closedir(list);
    return n;
}

/* ---- names --------------------------------------------------------------------------------- */

static void names_of_functions_are_taken_apart(void **state)
{
    static const struct {
        const char *text, *region, *account, *name, *qualifier; /* name NULL: refused */
    } CASES[] = {
        {"f", "", "", "f", ""},
        {"my_fun-1:prod", "", "", "my_fun-1", "prod"},
        {"f:$LATEST", "", "", "f", "$LATEST"},
        {"function:f", "", "", "f", ""},
        {"function", "", "", "function", ""},
        {"123456789012:function:f:3", "", "123456789012", "f", "3"},
        {"123456789012:f", "", "123456789012", "f", ""},
        {"arn:aws:lambda:eu-west-1:123456789012:function:f", "eu-west-1", "123456789012", "f", ""},
        {"arn:aws-us-gov:lambda:us-gov-east-1:123456789012:function:f:v", "us-gov-east-1",
         "123456789012", "f", "v"},
        {"123456789012", "", "", "123456789012", ""},
        {"us-east-1", "", "", "us-east-1", ""},
        {"us-east-1:f", "us-east-1", "", "f", ""},
        {"us-east-1:$LATEST", "", "", "us-east-1", "$LATEST"},
        {"arn:x", "", "", "arn", "x"},
        {"", NULL, NULL, NULL, NULL},
        {"a b", NULL, NULL, NULL, NULL},
        {"f:", NULL, NULL, NULL, NULL},
        {"f:a:b", NULL, NULL, NULL, NULL},
        {"f:$OLDEST", NULL, NULL, NULL, NULL},
        {"arn:aws:s3:::bucket", NULL, NULL, NULL, NULL},
    };

    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct function_name name;
        bool fits = function_name_parse(span_of(CASES[i].text), &name);

        if (fits != (CASES[i].name != NULL))
            fail_msg("%s: %s", CASES[i].text, fits ? "taken" : "refused");
        if (!fits)
            continue;
        unit_same_text(CASES[i].text, name.region, span_of(CASES[i].region));
        unit_same_text(CASES[i].text, name.account, span_of(CASES[i].account));
        unit_same_text(CASES[i].text, name.name, span_of(CASES[i].name));
        unit_same_text(CASES[i].text, name.qualifier, span_of(CASES[i].qualifier));
    }
    (void)state;
}

static void statements_are_written_as_aws_writes_them(void **state)
{
#define START(principal)                                                                       \
    "{\"Sid\":\"s\",\"Effect\":\"Allow\",\"Principal\":" principal ",\"Action\":\"lambda:I\"," \
    "\"Resource\":\"A\""
    static const struct {
        const char *about, *input, *statement; /* NULL: no principal */
    } CASES[] = {
        {"a service", "\"Principal\":\"apigateway.amazonaws.com\"",
         START("{\"Service\":\"apigateway.amazonaws.com\"}") "}"},
        {"an account", "\"Principal\":\"123456789012\"",
         START("{\"AWS\":\"arn:aws:iam::123456789012:root\"}") "}"},
        {"an ARN", "\"Principal\":\"arn:aws:iam::123456789012:user/u\"",
         START("{\"AWS\":\"arn:aws:iam::123456789012:user/u\"}") "}"},
        {"everybody", "\"Principal\":\"*\",\"FunctionUrlAuthType\":\"NONE\"",
         START("\"*\"") ",\"Condition\":{\"StringEquals\":{\"lambda:FunctionUrlAuthType\":"
                        "\"NONE\"}}}"},
        {"all conditions",
         "\"Principal\":\"s3.amazonaws.com\",\"SourceArn\":\"arn:aws:s3:::b\","
         "\"SourceAccount\":\"123456789012\",\"EventSourceToken\":\"t\",\"PrincipalOrgID\":\"o-1\","
         "\"InvokedViaFunctionUrl\":true",
         START(
             "{\"Service\":\"s3.amazonaws.com\"}") ",\"Condition\":{\"StringEquals\":"
                                                   "{\"AWS:SourceAccount\":\"123456789012\","
                                                   "\"lambda:EventSourceToken\":\"t\","
                                                   "\"aws:PrincipalOrgID\":\"o-1\"},"
                                                   "\"ArnLike\":{\"AWS:SourceArn\":"
                                                   "\"arn:aws:s3:::b\"},\"Bool\":{"
                                                   "\"lambda:InvokedViaFunctionUrl\":\"true\"}}}"},
        {"nobody", "\"Principal\":\"somebody\"", NULL},
        {"a name that ends like a service", "\"Principal\":\"amazonaws.com\"", NULL},
    };

    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct span text;
        struct json *input, *statement;

        arena_reset(&arena);
        buf_clear(&answer);
        text = arena_format(&arena, "{\"StatementId\":\"s\",\"Action\":\"lambda:I\",%s}",
                            CASES[i].input);
        assert_int_equal(json_parse(&arena, text, &input, NULL), OK);
        statement = statement_make(&arena, input, SPAN("A"));
        if (!statement != !CASES[i].statement)
            fail_msg("%s", CASES[i].about);
        if (!statement)
            continue;
        json_write(&answer, statement);
        unit_same_text(CASES[i].about, buf_span(&answer), span_of(CASES[i].statement));
    }
    (void)state;
}

/* ---- functions ----------------------------------------------------------------------------- */

static void a_function_is_created_read_changed_and_deleted(void **state)
{
    char revision[64], body[256];

    ask("POST", "/2015-03-31/functions", CODE(PK1) ",\"Tags\":{\"a\":\"1\"}}");
    expect("create", 201,
           "\"State\":\"Pending\",\"StateReason\":\"The function is being created."
           "\",\"StateReasonCode\":\"Creating\",\"PackageType\":\"Zip\"");
    expect("its name", 201, "{\"FunctionName\":\"f\",\"FunctionArn\":\"" ARN "\",\"Runtime\":");
    expect("its defaults", 201,
           "\"CodeSize\":5,\"Description\":\"\",\"Timeout\":3,"
           "\"MemorySize\":128,\"LastModified\":"
           "\"2023-11-14T22:13:20.123+0000\",\"CodeSha256\":");
    expect("its logs", 201, "\"LogGroup\":\"/aws/lambda/f\"");
    assert_int_equal(count_blobs(), 1);

    ask("POST", "/2015-03-31/functions", CODE(PK2) "}");
    expect("again", 409, "{\"Type\":\"User\",\"message\":\"Function already exist: f\"}");
    assert_int_equal(count_blobs(), 1);

    ask("GET",
        "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A000000000000%3Afunction%3Af"
        "/configuration?Qualifier=$LATEST",
        "");
    expect("read", 200, "\"State\":\"Active\",\"LastUpdateStatus\":\"Successful\"");
    expect("read by qualifier", 200, ARN ":$LATEST\"");
    snprintf(revision, sizeof revision, "%.*s", SPAN_ARG(member("RevisionId")));
    ask("GET", NAME, "");
    expect("tags", 200, "\"Tags\":{\"a\":\"1\"}");

    ask("PUT", NAME "/configuration", "{\"Timeout\":9,\"RevisionId\":\"no\"}");
    expect("another revision", 412,
           "The Revision Id provided does not match the latest Revision Id. Call the "
           "GetFunction/GetAlias API to retrieve the latest Revision Id");
    snprintf(body, sizeof body,
             "{\"Timeout\":9,\"Environment\":{\"Variables\":{\"AA\":\"b\"}},\"RevisionId\":\"%s\"}",
             revision);
    ask("PUT", NAME "/configuration", body);
    expect("configured", 200, "\"Environment\":{\"Variables\":{\"AA\":\"b\"}}");
    expect("configured", 200, "\"LastUpdateStatus\":\"InProgress\"");

    ask("PUT", NAME "/code", "{\"ZipFile\":\"" PK2 "\",\"DryRun\":true}");
    expect("dry run", 200, "\"LastUpdateStatus\":\"Successful\"");
    assert_int_equal(count_blobs(), 1);
    ask("PUT", NAME "/code", "{\"ZipFile\":\"" PK2 "\"}");
    expect("new code", 200, "\"Timeout\":9");
    assert_int_equal(count_blobs(), 1); /* the old package is gone */

    ask("DELETE", NAME, "");
    expect("delete", 204, NULL);
    assert_int_equal(count_blobs(), 0);
    ask("GET", NAME, "");
    expect("gone", 404, "{\"Type\":\"User\",\"Message\":\"Function not found: " ARN "\"}");
    (void)state;
}

static void what_cannot_be_is_refused_and_leaves_nothing(void **state)
{
    static const struct {
        const char *about, *body;
        unsigned status;
        const char *part;
    } CASES[] = {
        {"a bad zip", CODE("eHh4") "}", 400,
         "{\"Type\":\"User\",\"message\":\"Could not unzip uploaded file. Please check your file, "
         "then try to upload again.\"}"},
        {"trouble of the host", CODE("ISEh") "}", 500,
         "{\"Type\":\"Service\",\"Message\":\"the disk is full\"}"},
        {"no base64", CODE("???") "}", 400, "Could not unzip uploaded file."},
        {"nothing", CODE("") "}", 400, "Uploaded file must be a non-empty zip"},
        {"no source",
         "{\"FunctionName\":\"f\",\"Runtime\":\"python3.11\",\"Handler\":\"h\"," ROLE
         ",\"Code\":{}}",
         400, "Please provide a source for function code."},
        {"S3",
         "{\"FunctionName\":\"f\",\"Runtime\":\"python3.11\",\"Handler\":\"h\"," ROLE
         ",\"Code\":{\"S3Bucket\":\"b\",\"S3Key\":\"k\"}}",
         501, "Not yet in Portico: code from S3; send the package as ZipFile"},
        {"an image",
         "{\"FunctionName\":\"f\"," ROLE ",\"PackageType\":\"Image\",\"Code\":{"
         "\"ImageUri\":\"x\"}}",
         501, "functions from container images"},
        {"no handler", "{\"FunctionName\":\"f\"," ROLE ",\"Code\":{\"ZipFile\":\"" PK1 "\"}}", 400,
         "Runtime and Handler are mandatory parameters"},
        {"an old runtime",
         "{\"FunctionName\":\"f\",\"Runtime\":\"nodejs12.x\",\"Handler\":\"h\"," ROLE
         ",\"Code\":{\"ZipFile\":\"" PK1 "\"}}",
         400, "The runtime parameter of nodejs12.x is no longer supported"},
        {"no runtime",
         "{\"FunctionName\":\"f\",\"Runtime\":\"cobol\",\"Handler\":\"h\"," ROLE
         ",\"Code\":{\"ZipFile\":\"" PK1 "\"}}",
         400,
         "Value cobol at 'runtime' failed to satisfy constraint: Member must satisfy enum value "
         "set: [nodejs20.x, "},
        {"a runtime that is not there",
         "{\"FunctionName\":\"f\",\"Runtime\":\"java21\","
         "\"Handler\":\"h\"," ROLE ",\"Code\":{\"ZipFile\":\"" PK1 "\"}}",
         501, "Not yet in Portico: the runtime java21"},
        {"a reserved variable",
         CODE(PK1) ",\"Environment\":{\"Variables\":{\"AWS_REGION\":\"x\",\"OK\":\"y\"}}}", 400,
         "Reserved keys used in this request: AWS_REGION\""},
        {"a bad variable, whose value is not told",
         CODE(PK1) ",\"Environment\":{\"Variables\":{\"1\":\"x\"}}}", 400,
         "Value at 'environment.variables' failed to satisfy constraint: Map keys must satisfy"},
        {"a layer", CODE(PK1) ",\"Layers\":[\"l\"]}", 501, "Not yet in Portico: Layers"},
        {"a version", CODE(PK1) ",\"Publish\":true}", 501, "Not yet in Portico: Publish"},
        {"a role that is none", "{\"FunctionName\":\"f\",\"Role\":\"r\",\"Code\":{}}", 400,
         "Value 'r' at 'role' failed to satisfy constraint: Member must satisfy regular expression "
         "pattern: arn:(aws[a-zA-Z-]*)?:iam::"},
        {"too long", CODE(PK1) ",\"Timeout\":901}", 400,
         "Value '901' at 'timeout' failed to satisfy constraint: Member must have value less than "
         "or equal to 900"},
        {"another region",
         "{\"FunctionName\":\"arn:aws:lambda:eu-west-1:000000000000:function:f\"," ROLE
         ",\"Code\":{}}",
         404, "Functions from 'eu-west-1' are not reachable in this region ('us-east-1')"},
        {"another account", "{\"FunctionName\":\"123456789012:f\"," ROLE ",\"Code\":{}}", 403,
         "is not authorized to perform: lambda:CreateFunction"},
    };

    for (size_t i = 0; i < COUNT(CASES); i++) {
        ask("POST", "/2015-03-31/functions", CASES[i].body);
        expect(CASES[i].about, CASES[i].status, CASES[i].part);
    }
    assert_int_equal(count_blobs(), 0);
    ask("GET", "/2015-03-31/functions", "");
    expect("nothing", 200, "{\"Functions\":[]}");
    ask("PUT", NAME "/code", "{\"ZipFile\":\"" PK1 "\"}");
    expect("code of none", 404, "Function not found");
    assert_int_equal(count_blobs(), 0);
    (void)state;
}

static void without_a_host_nothing_is_created(void **state)
{
    control.host_path = NULL;
    ask("POST", "/2015-03-31/functions", CODE(PK1) "}");
    expect("no host", 500, "{\"Type\":\"Service\",\"Message\":\"Portico's function host is not");
    assert_int_equal(count_blobs(), 0);
    (void)state;
}

static void variables_of_over_four_kilobytes_are_refused(void **state)
{
    static char body[8192];
    size_t len = strlen(CODE(PK1) ",\"Environment\":{\"Variables\":{\"AA\":\"");

    snprintf(body, sizeof body, "%s", CODE(PK1) ",\"Environment\":{\"Variables\":{\"AA\":\"");
    memset(body + len, 'x', 4096);
    snprintf(body + len + 4096, 16, "\"}}}");
    ask("POST", "/2015-03-31/functions", body);
    expect("4 KB", 400, "exceeded the 4KB limit. String measured: {\\\"AA\\\":\\\"xxx");
    (void)state;
}

static void lists_are_paged(void **state)
{
    char target[200];
    struct span marker;

    ask("POST", "/2015-03-31/functions", CODE(PK1) "}");
    expect("first", 201, NULL);
    ask("POST", "/2015-03-31/functions",
        "{\"FunctionName\":\"g\",\"Runtime\":\"nodejs20.x\",\"Handler\":\"a.b\"," ROLE
        ",\"Code\":{\"ZipFile\":\"" PK1 "\"}}");
    expect("second", 201, NULL);
    ask("GET", "/2015-03-31/functions?MaxItems=1&FunctionVersion=ALL", "");
    expect("first page", 200, "\"FunctionArn\":\"" ARN ":$LATEST\"");
    marker = member("NextMarker");
    assert_true(marker.len > 0);
    assert_int_equal(span_search(buf_span(&answer), SPAN("\"State\"")), answer.len);
    snprintf(target, sizeof target, "/2015-03-31/functions?MaxItems=10000&Marker=%.*s",
             SPAN_ARG(marker));
    ask("GET", target, "");
    expect("second page", 200, "{\"Functions\":[{\"FunctionName\":\"g\"");
    ask("GET", "/2015-03-31/functions?MasterRegion=us-east-1", "");
    expect("at the edge", 200, "{\"Functions\":[]}");
    ask("GET", NAME "/versions?MaxItems=10000", "");
    expect("versions", 200, "\"Version\":\"$LATEST\"");
    ask("GET", "/2016-08-19/account-settings", "");
    expect("usage", 200, "\"AccountUsage\":{\"TotalCodeSize\":10,\"FunctionCount\":2}");
    /* one package, used by both */
    assert_int_equal(count_blobs(), 1);
    ask("DELETE", NAME, "");
    assert_int_equal(count_blobs(), 1);
    (void)state;
}

/* ---- permissions --------------------------------------------------------------------------- */

#define PERMIT(sid)                                                                    \
    "{\"StatementId\":\"" sid "\",\"Action\":\"lambda:InvokeFunction\",\"Principal\":" \
    "\"apigateway.amazonaws.com\"}"

static void permissions_are_added_shown_and_removed(void **state)
{
    char target[200];

    ask("POST", NAME "/policy", PERMIT("s1"));
    expect("no function", 404, "Function not found");
    ask("DELETE", NAME "/policy/s1", "");
    expect("no function", 404, "No policy found for: " ARN "\"");
    ask("POST", "/2015-03-31/functions", CODE(PK1) "}");
    ask("GET", NAME "/policy", "");
    expect("none", 404, "The resource you requested does not exist.");
    ask("DELETE", NAME "/policy/s1", "");
    expect("none", 404, "No policy is associated with the given resource.");

    ask("POST", NAME "/policy", PERMIT("s1"));
    expect("add", 201, "{\"Statement\":\"{\\\"Sid\\\":\\\"s1\\\",\\\"Effect\\\":\\\"Allow\\\",");
    ask("POST", NAME "/policy", PERMIT("s1"));
    expect("twice", 409, "The statement id (s1) provided already exists.");
    ask("POST", NAME "/policy?Qualifier=$LATEST", PERMIT("s2"));
    expect("latest", 400, "We currently do not support adding policies for $LATEST.");
    ask("POST", NAME "/policy",
        "{\"StatementId\":\"s3\",\"Action\":\"lambda:*\",\"Principal\":\"me\"}");
    expect("nobody", 400, "The provided principal was invalid.");
    ask("POST", NAME "/policy",
        "{\"StatementId\":\"s3\",\"Action\":\"lambda:*\",\"Principal\":\"*\",\"RevisionId\":"
        "\"x\"}");
    expect("revision", 412, "Call the GetPolicy API");

    ask("GET", NAME "/policy", "");
    expect("get", 200,
           "{\"Policy\":\"{\\\"Version\\\":\\\"2012-10-17\\\",\\\"Id\\\":\\\"default\\\""
           ",\\\"Statement\\\":[{\\\"Sid\\\":\\\"s1\\\"");
    snprintf(target, sizeof target, NAME "/policy/s1?RevisionId=%.*s",
             SPAN_ARG(member("RevisionId")));
    ask("DELETE", NAME "/policy/s2", "");
    expect("unknown", 404, "Statement s2 is not found in resource policy.");
    ask("DELETE", target, "");
    expect("remove", 204, NULL);
    ask("GET", NAME "/policy", "");
    expect("none again", 404, NULL);
    (void)state;
}

static void tags_and_concurrency_are_kept_apart_from_the_configuration(void **state)
{
    ask("POST", "/2015-03-31/functions", CODE(PK1) "}");
    ask("POST", "/2017-03-31/tags/arn%3Aaws%3Alambda%3Aus-east-1%3A000000000000%3Afunction%3Af",
        "{\"Tags\":{\"a\":\"1\",\"b\":\"2\"}}");
    expect("tag", 204, NULL);
    ask("DELETE", "/2017-03-31/tags/" ARN "?tagKeys=a&tagKeys=c", "");
    expect("untag", 204, NULL);
    ask("GET", "/2017-03-31/tags/" ARN, "");
    expect("tags", 200, "{\"Tags\":{\"b\":\"2\"}}");
    ask("GET", "/2017-03-31/tags/" ARN ":1", "");
    expect("of a version", 400, "Tags on function aliases and versions are not supported.");

    ask("GET", "/2019-09-30/functions/f/concurrency", "");
    expect("none", 200, "{}");
    ask("PUT", "/2017-10-31/functions/f/concurrency", "{\"ReservedConcurrentExecutions\":901}");
    expect("too many", 400, "below its minimum value of [100].");
    ask("PUT", "/2017-10-31/functions/f/concurrency", "{\"ReservedConcurrentExecutions\":0}");
    expect("none may run", 200, "{\"ReservedConcurrentExecutions\":0}");
    ask("GET", NAME, "");
    expect("shown", 200, "\"Concurrency\":{\"ReservedConcurrentExecutions\":0}");
    ask("DELETE", "/2017-10-31/functions/f/concurrency", "");
    expect("deleted", 204, NULL);
    ask("GET", "/2020-06-30/functions/f/code-signing-config", "");
    expect("code signing", 200, "{\"CodeSigningConfigArn\":\"\",\"FunctionName\":\"f\"}");
    (void)state;
}

/* ---- the package's link -------------------------------------------------------------------- */

static void a_package_can_be_had_by_its_link_for_a_while(void **state)
{
    static const char PREFIX[] = "\"Location\":\"http://127.0.0.1:4566";
    struct span text;
    char link[300];

    ask("POST", "/2015-03-31/functions", CODE(PK1) "}");
    ask("GET", NAME, "");
    expect("location", 200, PREFIX);
    text = buf_span(&answer);
    text = span_skip(text, span_search(text, span_of(PREFIX)) + strlen(PREFIX));
    snprintf(link, sizeof link, "%.*s", (int)span_find(text, '"'), text.at);

    ask("GET", link, "");
    assert_int_equal(head.status, 200);
    unit_same_text("the package", buf_span(&answer), SPAN("PK111"));
    unit_same_text("its type", head.headers[0].value, SPAN("application/zip"));

    fixed.fixed_wall += (PACKAGE_LINK_SECONDS + 1) * MICROS_PER_SECOND;
    ask("GET", link, "");
    expect("later", 403, "This link is not valid any more");
    fixed.fixed_wall -= (PACKAGE_LINK_SECONDS + 1) * MICROS_PER_SECOND;
    link[strlen(link) - 1] ^= 1;
    ask("GET", link, "");
    expect("forged", 403, NULL);
    link[strlen(link) - 1] ^= 1;
    ask("DELETE", NAME, "");
    ask("GET", link, "");
    expect("deleted", 404, NULL);
    (void)state;
}

/* ---- many at once -------------------------------------------------------------------------- */

#define THREADS 4 /* more would be told to come back */
#define ROUNDS 8

struct storm {
    pthread_t thread;
    unsigned number, failures;
};

static unsigned storm_ask(struct arena *memory, struct buf *out, const char *method,
                          const char *target, const char *body)
{
    struct http_request r = {.method = span_of(method),
                             .target = span_of(target),
                             .path = span_of(target),
                             .host = SPAN("127.0.0.1:4566")};
    struct encoded encoded;

    r.headers[r.header_count++] = (struct http_header){
        SPAN("Authorization"), SPAN("AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/lambda/"
                                    "aws4_request, SignedHeaders=host, Signature=00")};
    buf_clear(out);
    arena_reset(memory);
    dispatch(&control, memory, &r, span_of(body), out, &encoded);
    return encoded.status;
}

/* All create and delete functions of the same package: its blob comes and goes all the time. */
static void *run_storm(void *context)
{
    struct storm *storm = context;
    char target[64], body[512];
    struct arena memory;
    struct buf out;

    arena_init(&memory, CALL_MEMORY_MAX);
    buf_init(&out, 1 << 20);
    snprintf(target, sizeof target, "/2015-03-31/functions/f%u", storm->number);
    snprintf(body, sizeof body,
             "{\"FunctionName\":\"f%u\",\"Runtime\":\"python3.11\",\"Handler\":\"a.b\"," ROLE
             ",\"Code\":{\"ZipFile\":\"" PK1 "\"}}",
             storm->number);
    for (unsigned i = 0; i < ROUNDS; i++) {
        int zip = -1;

        storm->failures += storm_ask(&memory, &out, "POST", "/2015-03-31/functions", body) != 201;
        /* the blob that is named by the record must be there */
        if (store_blob_open(control.store, PK1_BLOB, &zip, NULL) == OK)
            close(zip);
        else
            storm->failures++;
        storm->failures += storm_ask(&memory, &out, "DELETE", target, "") != 204;
    }
    buf_release(&out);
    arena_release(&memory);
    return NULL;
}

static void a_package_lives_exactly_as_long_as_its_functions(void **state)
{
    struct storm storms[THREADS];

    for (unsigned i = 0; i < THREADS; i++) {
        storms[i] = (struct storm){.number = i};
        assert_int_equal(pthread_create(&storms[i].thread, NULL, run_storm, &storms[i]), 0);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        pthread_join(storms[i].thread, NULL);
        assert_int_equal(storms[i].failures, 0);
    }
    assert_int_equal(count_blobs(), 0);
    (void)state;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static const struct CMUnitTest TESTS[] = {
    cmocka_unit_test(names_of_functions_are_taken_apart),
    TEST(statements_are_written_as_aws_writes_them),
    TEST(a_function_is_created_read_changed_and_deleted),
    TEST(what_cannot_be_is_refused_and_leaves_nothing),
    TEST(without_a_host_nothing_is_created),
    TEST(variables_of_over_four_kilobytes_are_refused),
    TEST(lists_are_paged),
    TEST(permissions_are_added_shown_and_removed),
    TEST(tags_and_concurrency_are_kept_apart_from_the_configuration),
    TEST(a_package_can_be_had_by_its_link_for_a_while),
    TEST(a_package_lives_exactly_as_long_as_its_functions),
};

UNIT_MAIN(TESTS)
