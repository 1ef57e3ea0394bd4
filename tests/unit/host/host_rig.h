/* A real host (the build under AddressSanitizer) with a data directory of its own, and a peer's end
 * of its protocol: what the tests of real processes stand on. */
#ifndef TESTS_HOST_RIG_H
#define TESTS_HOST_RIG_H

#include <sys/types.h>

#include "link/host.h"
#include "link/instance.h"

#define RIG_EXECUTABLE "build/check/bin/portico-host"
#define RIG_WAIT_MS 20000 /* far more than anything here takes */

struct rig {
    char data[64];
    pid_t pid;            /* of the host; 0 when it was killed */
    int lifeline, socket; /* the supervisor's end, the peer's end */
    struct arena arena;   /* of the last message */
};

/* What `started` brings, and the frames that came. */
struct rig_instance {
    uint64_t id;
    pid_t pid;
    int channel, out, err;
    struct instance_reader reader;
    char received[65536];
    struct span rest;
};

/* Whether this machine allows sandboxes at all: some containers do not.  Says so when not, as the
 * summary of `tests` skipped tests. */
bool rig_has_sandbox(size_t tests);

/* Starts a host; `setting` is one more argument ("sandbox=off") or NULL.  Fails the test when it
 * does not come up. */
void rig_open(struct rig *rig, const char *setting);
void rig_close(struct rig *rig);
void rig_connect(struct rig *rig);

/* Writes a file into the unpacked package `letter` (its name is 64 times that letter). */
void rig_write(const struct rig *rig, char letter, const char *name, const char *text);

void rig_folder(const struct rig *rig, char letter, const char *name);

/* Waits for the next message. */
struct host_message rig_hear(struct rig *rig, int descriptors[static HOST_DESCRIPTORS_MAX]);

/* Asks for an instance of package `letter`; the caller hears the answer. */
void rig_ask(struct rig *rig, uint64_t id, char letter, const char *runtime, const char *handler);

/* The same with the changes `change` makes to the message. */
void rig_ask_with(struct rig *rig, uint64_t id, char letter, const char *runtime,
                  const char *handler, void (*change)(struct host_start *start));

/* Asks and expects `started`. */
void rig_start(struct rig *rig, struct rig_instance *instance, uint64_t id, char letter,
               const char *runtime, const char *handler);
void rig_take(struct rig *rig, struct rig_instance *instance, uint64_t id);
void rig_release(struct rig_instance *instance);

/* The next frame of an instance; fails the test when none comes. */
struct instance_frame rig_frame(struct rig_instance *instance);

/* Sends an event. */
void rig_send(struct rig_instance *instance, const char *event);

/* Sends an event and gives the frame that answers. */
struct instance_frame rig_invoke(struct rig_instance *instance, const char *event);

/* Reads a log until it holds `text`; fails the test when it never does. */
void rig_log(int from, const char *text);

/* Waits for `ended` of that instance. */
struct host_ended rig_ended(struct rig *rig, uint64_t id);

/* Whether a process whose command line holds `mark` runs.  Zombies do not count. */
bool rig_is_running(const char *mark);

/* Waits until the process is in a state of /proc/PID/stat: 'T' is stopped. */
void rig_wait_state(pid_t pid, char state);

/* Waits until there is none. */
void rig_wait_gone(const char *mark);

#endif
