/* The data directory as the supervisor sees it: made, locked, and with a run folder in it for pid
 * files and unix sockets.  What is kept in it is control's business. */
#ifndef SUPERVISE_FOLDER_H
#define SUPERVISE_FOLDER_H

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/fault.h"

#define SOCKET_PATH_MAX 100 /* a unix socket's address holds 107 bytes */

struct folder {
    char path[PATH_MAX];    /* absolute */
    char sockets[PATH_MAX]; /* PATH/run, or a short folder elsewhere when PATH is long */
    int lock;               /* held while open; control inherits it */
    int run;                /* PATH/run */
    bool is_memory;         /* removed by folder_close */
};

/* Where data is when nobody says so: $XDG_DATA_HOME/portico or ~/.local/share/portico.  False
 * when there is neither that variable nor a home. */
bool folder_default(char out[static PATH_MAX]);

/* Makes (0700), locks and prepares the folder; `:memory:` makes one on a tmpfs.  FAULT_EXISTS when
 * another Portico has it (the words name it), FAULT_IO otherwise. */
enum fault folder_open(struct folder *folder, const char *path, struct problem *why);

/* Removes what the run folder holds, and the whole folder when it was `:memory:`. */
void folder_close(struct folder *folder);

/* A unix socket of that type (SOCK_STREAM, SOCK_SEQPACKET) in `sockets` that listens; -1 with errno
 * in the problem. */
int folder_listen(const struct folder *folder, const char *name, int type, struct problem *why);

/* Writes a small file of the run folder, whole or not at all: NAME gets `text`. */
void folder_note(const struct folder *folder, const char *name, const char *text);

/* Reads a small file of PATH/run, without its newline; false when it is not there. */
bool folder_read(const char *path, const char *name, char *out, size_t size);

/* The path of a socket of the Portico on PATH, wherever its sockets are; false when it is too long
 * for an address. */
bool folder_socket(const char *path, const char *name, char *out, size_t size);

/* True when a Portico holds PATH's lock; *pid is its process, 0 when not known. */
bool folder_is_held(const char *path, pid_t *pid);

#endif
