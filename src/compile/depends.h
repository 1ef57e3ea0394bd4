/* Which record dirties which part of the snapshot: the one table of it. */
#ifndef COMPILE_DEPENDS_H
#define COMPILE_DEPENDS_H

#include "base/span.h"

enum dirties {
    DIRTIES_NOTHING,    /* looked up by what needs it; or no gateway's business */
    DIRTIES_API,        /* the API of the record's id: that it is there */
    DIRTIES_API_STAGES, /* the API of the record's parent: one stage of it */
    DIRTIES_FUNCTION,   /* the function of the record's account, region and id */
};

enum dirties depends_on(struct span kind);

#endif
