/* libarchive reads the archive, in a process of its own. */
#include "host/package.h"

#include <archive.h>
#include <stdio.h>

void package_version(char out[static ARCHIVE_VERSION_MAX])
{
    snprintf(out, ARCHIVE_VERSION_MAX, "%s", archive_version_string());
}
