/* Local headers with content, the list at the end, and the end's record (APPNOTE 4.3). */
#include "zip.h"

#include <assert.h>
#include <string.h>
#include <sys/stat.h>

#define ENTRIES_MAX 16

static void add(struct buf *out, uint64_t number, int bytes)
{
    for (int i = 0; i < bytes; i++)
        buf_add_char(out, (char)(number >> 8 * i));
}

static uint32_t checksum(struct span content)
{
    uint32_t crc = 0xffffffff;

    for (size_t i = 0; i < content.len; i++) {
        crc ^= (unsigned char)content.at[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
    }
    return ~crc;
}

struct sizes {
    uint64_t packed, whole;
};

static struct sizes sizes_of(const struct zip_entry *entry)
{
    uint64_t len = span_of(entry->content).len;
    struct sizes sizes = {len + (entry->method ? 5 : 0), entry->claims ? entry->claims : len};

    if (entry->claims && !entry->method)
        sizes.packed = entry->claims;
    return sizes;
}

/* What both headers have in common, from "version needed" to the length of the extra field. */
static void add_common(struct buf *out, const struct zip_entry *entry, size_t extra)
{
    struct sizes sizes = sizes_of(entry);
    uint32_t crc = checksum(span_of(entry->content)) ^ (entry->is_corrupt ? 1 : 0);

    add(out, 45, 2);
    add(out, entry->flags, 2);
    add(out, entry->method, 2);
    add(out, ZIP_TIME, 4);
    add(out, crc, 4);
    add(out, entry->is_zip64 ? 0xffffffff : sizes.packed, 4);
    add(out, entry->is_zip64 ? 0xffffffff : sizes.whole, 4);
    add(out, entry->name.len, 2);
    add(out, extra, 2);
}

static void add_extra(struct buf *out, const struct zip_entry *entry)
{
    struct sizes sizes = sizes_of(entry);

    if (!entry->is_zip64)
        return;
    add(out, 1, 2);
    add(out, 16, 2);
    add(out, sizes.whole, 8);
    add(out, sizes.packed, 8);
}

static void add_content(struct buf *out, const struct zip_entry *entry)
{
    struct span content = span_of(entry->content);

    if (entry->method) {
        add(out, 1, 1); /* the last block, stored */
        add(out, content.len, 2);
        add(out, ~content.len, 2);
    }
    buf_add(out, content);
}

static void add_listed(struct buf *out, const struct zip_entry *entry, size_t offset)
{
    add(out, 0x02014b50, 4);
    add(out, 3 << 8 | 45, 2); /* made on Unix */
    add_common(out, entry, entry->is_zip64 ? 20 : 0);
    add(out, 0, 6);
    add(out, (uint64_t)(entry->mode ? entry->mode : S_IFREG | 0644) << 16, 4);
    add(out, offset, 4);
    buf_add(out, entry->name);
    add_extra(out, entry);
}

void zip_write(struct buf *out, const struct zip_entry *entries, size_t count)
{
    size_t start = out->len, offsets[ENTRIES_MAX], list;

    assert(count <= ENTRIES_MAX);
    for (size_t i = 0; i < count; i++) {
        offsets[i] = out->len - start;
        add(out, 0x04034b50, 4);
        add_common(out, &entries[i], entries[i].is_zip64 ? 20 : 0);
        buf_add(out, entries[i].name);
        add_extra(out, &entries[i]);
        add_content(out, &entries[i]);
    }
    list = out->len - start;
    for (size_t i = 0; i < count; i++)
        add_listed(out, &entries[i], offsets[i]);
    add(out, 0x06054b50, 4);
    add(out, 0, 4);
    add(out, count, 2);
    add(out, count, 2);
    add(out, out->len - start - list - 12, 4);
    add(out, list, 4);
    add(out, 0, 2);
}
