/* TLS towards backends, by OpenSSL: whom to trust, and sessions that are used again. */
#ifndef CRYPTO_TLS_H
#define CRYPTO_TLS_H

#include <stdbool.h>

#include "base/fault.h"

struct ssl_st;         /* OpenSSL's SSL */
struct ssl_session_st; /* OpenSSL's SSL_SESSION */
struct tls_client;

/* What is known about one peer; embedded in what outlives its connections.  Zero-initialise. */
struct tls_peer {
    const char *host;               /* a name, or an IPv4 or IPv6 address without brackets */
    bool is_unverified;             /* any certificate that has not expired will do */
    struct ssl_session_st *session; /* of the newest connection, to be resumed */
};

/* Trusts the system's certificates and those of `ca_file` (PEM; NULL: none).  Not shared between
 * threads.  NULL, and *why says so, when the file cannot be used. */
struct tls_client *tls_client_new(const char *ca_file, struct problem *why);
void tls_client_free(struct tls_client *client);

/* A connection to be on `fd`, which is connected or connecting and stays the caller's.  `peer`
 * must outlive it.  NULL when memory is gone or the host is no host. */
struct ssl_st *tls_client_open(struct tls_client *client, int fd, struct tls_peer *peer);
void tls_free(struct ssl_st *tls);

/* Drops the kept session. */
void tls_peer_release(struct tls_peer *peer);

/* Why the last handshake on `tls` failed, in OpenSSL's words; for logs. */
const char *tls_failure(const struct ssl_st *tls);

#endif
