/* Who holds a TCP port: for the words of a refusal. */
#ifndef SUPERVISE_OWNER_H
#define SUPERVISE_OWNER_H

#include <stdbool.h>
#include <stdint.h>

#define OWNER_NAME_MAX 64

struct owner {
    int pid;
    char name[OWNER_NAME_MAX];
};

/* Looks through /proc.  False when no process is found, as for those of other users. */
bool owner_of_port(uint16_t port, struct owner *out);

#endif
