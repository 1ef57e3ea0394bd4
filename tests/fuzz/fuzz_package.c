/* A package out of any bytes: it is unpacked or refused, nothing appears beside its folder, and
 * what was unpacked can be removed again. */
#include "fuzz.h"

#include <assert.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/tree.h"
#include "host/package.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    char path[] = "/tmp/portico-fuzz-XXXXXX";
    int archive = memfd_create("zip", MFD_CLOEXEC), outer, inner;
    uint64_t unpacked = 0;

    assert(package_prepare() && mkdtemp(path));
    assert(pwrite(archive, bytes, size, 0) == (ssize_t)size);
    outer = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert(mkdirat(outer, "package", 0700) == 0);
    inner = openat(outer, "package", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (package_unpack(archive, inner, &unpacked, NULL) == OK)
        assert(unpacked <= PACKAGE_SIZE_MAX);
    assert(tree_empty(inner));
    assert(unlinkat(outer, "package", AT_REMOVEDIR) == 0);
    close(inner);
    close(outer);
    close(archive);
    assert(rmdir(path) == 0); /* so there was nothing beside it */
    return 0;
}
