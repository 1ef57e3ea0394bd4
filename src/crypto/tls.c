/* The client context is made once per worker.  The system's certificates are looked up by hash in
 * their folder when a chain needs them, so that nothing is loaded at start.  Sessions are kept per
 * peer, in memory alone: a ticket is as good as a key until it expires. */
#include "crypto/tls.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/mem.h"

struct tls_client {
    SSL_CTX *context;
};

/* Called for each new session, in TLS 1.3 after the handshake: the newest replaces the older. */
static int keep_session(SSL *tls, SSL_SESSION *session)
{
    struct tls_peer *peer = SSL_get_app_data(tls);

    SSL_SESSION_free(peer->session);
    peer->session = session;
    return 1; /* it is ours now */
}

/* spec/data-plane-rest.md, section 13: without verification only the dates count. */
static int judge_dates_only(int is_fine, X509_STORE_CTX *store)
{
    switch (X509_STORE_CTX_get_error(store)) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CERT_NOT_YET_VALID:
        return is_fine;
    default:
        return 1;
    }
}

struct tls_client *tls_client_new(const char *ca_file, struct problem *why)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    struct tls_client *client;

    if (!context) {
        problem_set(why, FAULT_NO_MEMORY, "OpenSSL has no TLS client");
        return NULL;
    }
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                  SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(context, keep_session);
    SSL_CTX_set_default_verify_paths(context);
    if (ca_file && SSL_CTX_load_verify_file(context, ca_file) != 1) {
        problem_set(why, FAULT_IO, "cannot read certificates from '%s'", ca_file);
        ERR_clear_error();
        SSL_CTX_free(context);
        return NULL;
    }
    client = mem_alloc(sizeof *client);
    client->context = context;
    return client;
}

void tls_client_free(struct tls_client *client)
{
    if (!client)
        return;
    SSL_CTX_free(client->context);
    mem_free(client);
}

static bool is_address(const char *host)
{
    unsigned char bytes[16];

    return inet_pton(AF_INET, host, bytes) == 1 || inet_pton(AF_INET6, host, bytes) == 1;
}

/* What the certificate must be for, and what the server is told (SNI takes names only). */
static bool set_host(SSL *tls, const char *host)
{
    if (is_address(host))
        return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls), host) == 1;
    SSL_set_hostflags(tls, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return SSL_set1_host(tls, host) == 1 && SSL_set_tlsext_host_name(tls, host) == 1;
}

struct ssl_st *tls_client_open(struct tls_client *client, int fd, struct tls_peer *peer)
{
    SSL *tls = SSL_new(client->context);

    if (!tls)
        return NULL;
    if (!set_host(tls, peer->host) || SSL_set_fd(tls, fd) != 1) {
        tls_free(tls);
        return NULL;
    }
    SSL_set_app_data(tls, peer);
    if (peer->is_unverified)
        SSL_set_verify(tls, SSL_VERIFY_PEER, judge_dates_only);
    if (peer->session)
        SSL_set_session(tls, peer->session);
    SSL_set_connect_state(tls);
    return tls;
}

void tls_free(struct ssl_st *tls)
{
    SSL_free(tls);
    ERR_clear_error();
}

void tls_peer_release(struct tls_peer *peer)
{
    SSL_SESSION_free(peer->session);
    peer->session = NULL;
}

const char *tls_failure(const struct ssl_st *tls)
{
    long verdict = SSL_get_verify_result(tls);
    unsigned long error = ERR_peek_last_error();

    if (verdict != X509_V_OK)
        return X509_verify_cert_error_string(verdict);
    return error ? ERR_reason_error_string(error) : "the connection ended";
}
