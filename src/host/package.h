/* Packages: the zip of a function, unpacked once into DATA/packages/SHA. */
#ifndef HOST_PACKAGE_H
#define HOST_PACKAGE_H

#define ARCHIVE_VERSION_MAX 64

/* The run-time version of libarchive, terminated: "libarchive 3.6.2". */
void package_version(char out[static ARCHIVE_VERSION_MAX]);

#endif
