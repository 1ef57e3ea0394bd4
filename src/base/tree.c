/* Goes down by descriptors, not by paths, so that nobody can swap a folder for a link meanwhile. */
#include "base/tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static bool empty(int folder, unsigned depth)
{
    int again = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *entries = again >= 0 ? fdopendir(again) : NULL;
    struct dirent *entry;
    bool is_empty = true;

    if (!entries) {
        if (again >= 0)
            close(again);
        return false;
    }
    while ((entry = readdir(entries)) != NULL) {
        const char *name = entry->d_name;
        int inner;

        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
            continue;
        if (unlinkat(folder, name, 0) == 0)
            continue;
        inner = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (inner >= 0 && depth < TREE_DEPTH_MAX)
            empty(inner, depth + 1);
        if (inner >= 0)
            close(inner);
        if (unlinkat(folder, name, AT_REMOVEDIR) != 0)
            is_empty = false;
    }
    closedir(entries);
    return is_empty;
}

bool tree_empty(int folder)
{
    return empty(folder, 0);
}
