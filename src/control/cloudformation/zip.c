/* The format of PKWARE's APPNOTE, without what is not needed: no compression, no zip64, no
 * directories, one date.  Reading zips is the host's business. */
#include "control/cloudformation/zip.h"

#include <pthread.h>

#define DIRECTORY_MAX (16 * 1024 * 1024)
#define NAME_IS_UTF8 (1u << 11)
#define MADE_BY_UNIX (3u << 8 | 20)
#define NEEDS 20u    /* version 2.0 */
#define DATE 0x0021u /* 1980-01-01, the first there is */
#define NAME_MAX_LEN 4096

static uint32_t table[256];
static pthread_once_t table_once = PTHREAD_ONCE_INIT;

static void make_table(void)
{
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t value = i;

        for (int bit = 0; bit < 8; bit++)
            value = value & 1 ? value >> 1 ^ 0xedb88320u : value >> 1;
        table[i] = value;
    }
}

static uint32_t crc32(struct span content)
{
    uint32_t crc = 0xffffffffu;

    pthread_once(&table_once, make_table);
    for (size_t i = 0; i < content.len; i++)
        crc = table[(crc ^ (unsigned char)content.at[i]) & 0xff] ^ crc >> 8;
    return ~crc;
}

/* Little-endian. */
static void add_number(struct buf *out, uint32_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        buf_add_char(out, (char)(value >> 8 * i & 0xff));
}

/* What both headers of an entry say, from "version needed" to the length of the extra field. */
static void add_common(struct buf *out, struct span name, struct span content, uint32_t crc)
{
    add_number(out, NEEDS, 2);
    add_number(out, NAME_IS_UTF8, 2);
    add_number(out, 0, 2); /* stored */
    add_number(out, 0, 2); /* time */
    add_number(out, DATE, 2);
    add_number(out, crc, 4);
    add_number(out, (uint32_t)content.len, 4);
    add_number(out, (uint32_t)content.len, 4);
    add_number(out, (uint32_t)name.len, 2);
    add_number(out, 0, 2);
}

void zip_begin(struct zip *zip, struct buf *out)
{
    *zip = (struct zip){.out = out};
    buf_init(&zip->directory, DIRECTORY_MAX);
}

bool zip_add(struct zip *zip, struct span name, struct span content, bool is_executable)
{
    uint32_t offset = (uint32_t)zip->out->len, crc = crc32(content);

    if (zip->count == ZIP_ENTRIES_MAX || name.len > NAME_MAX_LEN || content.len > UINT32_MAX)
        return false;
    zip->count++;
    buf_add_text(zip->out, "PK\3\4");
    add_common(zip->out, name, content, crc);
    buf_add(zip->out, name);
    buf_add(zip->out, content);

    buf_add_text(&zip->directory, "PK\1\2");
    add_number(&zip->directory, MADE_BY_UNIX, 2);
    add_common(&zip->directory, name, content, crc);
    add_number(&zip->directory, 0, 2); /* comment */
    add_number(&zip->directory, 0, 2); /* disk */
    add_number(&zip->directory, 0, 2); /* internal attributes */
    add_number(&zip->directory, (is_executable ? 0100755u : 0100644u) << 16, 4);
    add_number(&zip->directory, offset, 4);
    buf_add(&zip->directory, name);
    return !zip->out->is_over && !zip->directory.is_over;
}

bool zip_end(struct zip *zip)
{
    uint32_t offset = (uint32_t)zip->out->len, size = (uint32_t)zip->directory.len;

    buf_add(zip->out, buf_span(&zip->directory));
    buf_add_text(zip->out, "PK\5\6");
    add_number(zip->out, 0, 4); /* disks */
    add_number(zip->out, zip->count, 2);
    add_number(zip->out, zip->count, 2);
    add_number(zip->out, size, 4);
    add_number(zip->out, offset, 4);
    add_number(zip->out, 0, 2); /* comment */
    buf_release(&zip->directory);
    return !zip->out->is_over;
}
