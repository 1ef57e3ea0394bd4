/* Reads the notes of the run folder; that the lock is held, and not a pid file, says that Portico
 * runs.  With `:memory:` there is no name to go by, so every such Portico of this user is shown. */
#include "supervise/status.h"

#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/span.h"
#include "supervise/folder.h"
#include "supervise/up.h"

#define NOTE_MAX 256

static void print_one(const char *path, pid_t pid)
{
    static const char *const CHILDREN[] = {"gateway", "control", "host"};
    char text[NOTE_MAX], name[64];

    printf("portico is up, PID %d\n", (int)pid);
    if (folder_read(path, "url", text, sizeof text))
        printf("  url      %s\n", text);
    printf("  data     %s\n", path);
    for (size_t i = 0; i < COUNT(CHILDREN); i++) {
        snprintf(name, sizeof name, "%s.pid", CHILDREN[i]);
        if (folder_read(path, name, text, sizeof text))
            printf("  %-8s PID %s\n", CHILDREN[i], text);
    }
    fflush(stdout);
    up_print_stacks(path);
}

static int print_memory(void)
{
    glob_t found;
    int code = 1;
    pid_t pid;

    if (glob("/dev/shm/portico-*", 0, NULL, &found) != 0) {
        printf("no portico with --data :memory: runs\n");
        return 1;
    }
    for (size_t i = 0; i < found.gl_pathc; i++) {
        if (!folder_is_held(found.gl_pathv[i], &pid))
            continue;
        print_one(found.gl_pathv[i], pid);
        code = 0;
    }
    globfree(&found);
    if (code != 0)
        printf("no portico with --data :memory: runs\n");
    return code;
}

int status_print(const struct options *options)
{
    const char *chosen = option_text(options, OPTION_DATA);
    char path[PATH_MAX];
    pid_t pid;

    if (strcmp(chosen, ":memory:") == 0)
        return print_memory();
    if (chosen[0])
        snprintf(path, sizeof path, "%s", chosen);
    else if (!folder_default(path))
        path[0] = '\0';
    if (!folder_is_held(path, &pid)) {
        printf("portico is not running on '%s'; start it with 'portico serve'\n", path);
        return 1;
    }
    print_one(path, pid);
    return 0;
}
