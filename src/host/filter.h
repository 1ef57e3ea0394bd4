/* The system calls that no function may make, as a program for the kernel. */
#ifndef HOST_FILTER_H
#define HOST_FILTER_H

#include <stdint.h>

#include "base/fault.h"

struct filter {
    void *program;  /* struct sock_filter; NULL when there is none */
    uint32_t count; /* instructions */
};

/* Compiles the filter.  FAULT_IO when libseccomp refuses. */
enum fault filter_make(struct filter *filter, struct problem *why);
void filter_release(struct filter *filter);

#endif
