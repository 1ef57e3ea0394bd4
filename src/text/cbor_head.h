/* The first byte of a CBOR item: three bits say what it is, five how long.  Shared by reader and
 * writer only. */
#ifndef TEXT_CBOR_HEAD_H
#define TEXT_CBOR_HEAD_H

enum cbor_major {
    CBOR_UNSIGNED,
    CBOR_NEGATIVE, /* -1 - n */
    CBOR_BYTES,
    CBOR_TEXT,
    CBOR_ARRAY,
    CBOR_MAP,
    CBOR_TAG,
    CBOR_SIMPLE /* and floats */
};

#define CBOR_ONE_BYTE 24 /* numbers below stand in the first byte */
#define CBOR_INDEFINITE 31
#define CBOR_BREAK 0xff

#define CBOR_FALSE 20
#define CBOR_TRUE 21
#define CBOR_NULL 22
#define CBOR_UNDEFINED 23
#define CBOR_HALF 25
#define CBOR_SINGLE 26
#define CBOR_DOUBLE 27

#define CBOR_TAG_TIME 1

#endif
