/* What the host and sandbox-init say to each other.  sandbox-init is a program of its own (it is
 * the first process inside a sandbox), so this header holds nothing but the shape of messages.
 *
 * They talk over a SOCK_SEQPACKET pair, which sandbox-init inherits as INIT_CONTROL; the instance's
 * channel is INIT_CHANNEL.  First the host sends the plan; then the child that will be the runtime
 * says 'U' (the kernel tells the host who it is, in the host's own numbers), and at the end
 * sandbox-init says 'E'.  When the host closes its end, or dies, everything in the sandbox ends. */
#ifndef HOST_INIT_H
#define HOST_INIT_H

#include <stdint.h>

enum {
    INIT_CHANNEL = 3, /* the runtime keeps it */
    INIT_CONTROL = 4  /* the runtime does not have it */
};

/* A plan and all that is behind it in one message. */
#define INIT_PLAN_MAX (160 * 1024)

/* Behind it: `filter_count` struct sock_filter, then terminated strings: the working folder, the
 * arguments (the first is the executable), the variables of the environment. */
struct init_plan {
    uint32_t filter_count;                   /* 0: no system call is refused */
    uint32_t argument_count, variable_count; /* at most INIT_STRINGS_MAX together */
    uint32_t process_max, file_max;          /* limits; process_max 0: none */
    uint32_t user, group;                    /* to become; 0: stay who we are */
    uint32_t listens; /* 1: open 127.0.0.1:INIT_PORT in here and send it along with 'L' */
};

#define INIT_STRINGS_MAX 4096
#define INIT_PORT 9001

/* To sandbox-init, one byte. */
enum { INIT_KILL = 'K', INIT_STOP = 'Z', INIT_CONTINUE = 'T' };

/* From sandbox-init. */
enum {
    INIT_UP = 'U',       /* the runtime's process is about to run; its id comes beside it */
    INIT_LISTENER = 'L', /* before 'U': a descriptor comes along */
    INIT_FAILED = 'F',   /* value is errno: it could not be set up */
    INIT_ENDED = 'E'     /* nothing runs any more */
};

struct init_report {
    uint32_t what;
    int32_t value;    /* 'E': exit code, or -1; 'F': errno */
    int32_t signal;   /* 'E': what ended the runtime, or 0 */
    uint64_t peak_kb; /* 'E': most memory of one process */
};

#endif
