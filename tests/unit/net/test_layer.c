/* TLS to a backend: who is trusted, and that sessions are used again.  The peer is a thread with
 * OpenSSL's server and a certificate that is made here. */
#include "../unit.h"

#include <arpa/inet.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http/client.h"

static char ca_file[] = "/tmp/portico-ca-XXXXXX";
static SSL_CTX *server_context;
static struct loop loop;
static bool has_ended;

static void on_end(struct task *task)
{
    (void)task;
    has_ended = true;
}

static struct task waiter = {.run = on_end};

/* A certificate for localhost, signed by itself, valid from `from` to `to` seconds from now. */
static X509 *make_certificate(EVP_PKEY *key, long from, long to)
{
    X509 *certificate = X509_new();
    X509_NAME *name = X509_get_subject_name(certificate);
    X509V3_CTX context;
    X509_EXTENSION *extension;

    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), from);
    X509_gmtime_adj(X509_getm_notAfter(certificate), to);
    X509_set_pubkey(certificate, key);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"portico test", -1,
                               -1, 0);
    X509_set_issuer_name(certificate, name);
    X509V3_set_ctx(&context, certificate, certificate, NULL, NULL, 0);
    extension = X509V3_EXT_conf_nid(NULL, &context, NID_subject_alt_name, "DNS:localhost");
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
    X509_sign(certificate, key, EVP_sha256());
    return certificate;
}

static void use_certificate(long from, long to)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = make_certificate(key, from, to);
    FILE *out = fopen(ca_file, "w");

    SSL_CTX_free(server_context);
    server_context = SSL_CTX_new(TLS_server_method());
    SSL_CTX_use_certificate(server_context, certificate);
    SSL_CTX_use_PrivateKey(server_context, key);
    PEM_write_X509(out, certificate);
    fclose(out);
    X509_free(certificate);
    EVP_PKEY_free(key);
}

struct peer {
    pthread_t thread;
    int listener, connections;
    uint16_t port;
    int resumed;
};

/* One request and one answer on each connection, which it then ends. */
static void *serve(void *ctx)
{
    static const char ANSWER[] = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
    struct peer *peer = ctx;

    for (int i = 0; i < peer->connections; i++) {
        int fd = accept4(peer->listener, NULL, NULL, SOCK_CLOEXEC);
        SSL *tls = SSL_new(server_context);
        char request[1000];

        SSL_set_fd(tls, fd);
        if (SSL_accept(tls) == 1 && SSL_read(tls, request, sizeof request) > 0) {
            peer->resumed += SSL_session_reused(tls);
            SSL_write(tls, ANSWER, sizeof ANSWER - 1);
            SSL_shutdown(tls);
        }
        SSL_free(tls);
        close(fd);
    }
    return NULL;
}

static void start_peer(struct peer *peer, int connections)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;

    *peer = (struct peer){.connections = connections};
    peer->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(peer->listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(peer->listener, 4), 0);
    getsockname(peer->listener, (struct sockaddr *)&address, &len);
    peer->port = ntohs(address.sin_port);
    assert_int_equal(pthread_create(&peer->thread, NULL, serve, peer), 0);
}

static void stop_peer(struct peer *peer)
{
    pthread_join(peer->thread, NULL);
    close(peer->listener);
}

static enum op_result call_once(struct http_client *client, const char *host, uint16_t port,
                                bool is_unverified)
{
    struct http_target target = {span_of(host), port, true, is_unverified};
    struct http_call call = {.method = SPAN("GET"),
                             .head = SPAN("GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
                             .answer_max = 1000,
                             .time_max = 20 * MICROS_PER_SECOND};
    enum op_result result;

    has_ended = false;
    http_call_start(&call, http_client_pool(client, &target), &waiter);
    while (!has_ended)
        loop_turn(&loop, 100);
    result = call.op.result;
    if (result == OP_DONE)
        unit_same_text("the answer", call.answer, SPAN("hello"));
    http_call_release(&call);
    for (int i = 0; i < 3; i++)
        loop_turn(&loop, 10);
    return result;
}

static void certificates_must_be_trusted_and_name_the_host(void **state)
{
    static const struct {
        const char *about, *host;
        bool knows_ca, is_unverified;
        long from, to;
        enum op_result result;
    } CASES[] = {
        {"a known issuer", "localhost", true, false, -10, 1000, OP_DONE},
        {"an unknown issuer", "localhost", false, false, -10, 1000, OP_REFUSED},
        {"another host", "127.0.0.1", true, false, -10, 1000, OP_REFUSED},
        {"nothing is verified", "127.0.0.1", false, true, -10, 1000, OP_DONE},
        {"expired, but known", "localhost", true, false, -1000, -10, OP_REFUSED},
        {"expired, and nothing else is verified", "localhost", false, true, -1000, -10, OP_REFUSED},
    };

    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct http_client client;
        struct problem why;
        struct peer peer;
        enum op_result result;

        use_certificate(CASES[i].from, CASES[i].to);
        start_peer(&peer, 1);
        assert_true(
            http_client_init(&client, &loop, NULL, CASES[i].knows_ca ? ca_file : NULL, &why));
        result = call_once(&client, CASES[i].host, peer.port, CASES[i].is_unverified);
        if (result != CASES[i].result)
            fail_msg("%s: result %d", CASES[i].about, result);
        http_client_release(&client);
        stop_peer(&peer);
    }
    (void)state;
}

static void sessions_are_resumed(void **state)
{
    struct http_client client;
    struct problem why;
    struct peer peer;

    use_certificate(-10, 1000);
    start_peer(&peer, 3);
    assert_true(http_client_init(&client, &loop, NULL, ca_file, &why));
    for (int i = 0; i < 3; i++)
        assert_int_equal(call_once(&client, "localhost", peer.port, false), OP_DONE);
    http_client_release(&client);
    stop_peer(&peer);
    assert_int_equal(peer.resumed, 2);
    (void)state;
}

static void a_file_without_certificates_is_refused_at_the_start(void **state)
{
    struct http_client client;
    struct problem why;

    assert_false(http_client_init(&client, &loop, NULL, "/nonexistent.pem", &why));
    assert_string_equal(why.text, "cannot read certificates from '/nonexistent.pem'");
    (void)state;
}

static int set_up(void **state)
{
    int fd = mkstemp(ca_file);

    (void)state;
    if (fd < 0)
        return -1;
    close(fd);
    return loop_init(&loop, &CLOCK_SYSTEM, NULL) == OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    unlink(ca_file);
    SSL_CTX_free(server_context);
    loop_release(&loop);
    return 0;
}

static const struct CMUnitTest TESTS[] = {
    cmocka_unit_test(certificates_must_be_trusted_and_name_the_host),
    cmocka_unit_test(sessions_are_resumed),
    cmocka_unit_test(a_file_without_certificates_is_refused_at_the_start),
};

int main(void)
{
    return cmocka_run_group_tests(TESTS, set_up, tear_down);
}
