/* Where handlers are found by the name that a model gives them. */
#include "control/handler.h"

const struct handler *handler_find(struct span name)
{
    static const struct handler *const LISTS[] = {STS_HANDLERS,
                                                  MODEL_HANDLERS,
                                                  LAMBDA_READ_HANDLERS,
                                                  LAMBDA_WRITE_HANDLERS,
                                                  LAMBDA_PERMISSION_HANDLERS,
                                                  LAMBDA_ACCOUNT_HANDLERS};

    for (size_t i = 0; i < COUNT(LISTS); i++)
        for (const struct handler *one = LISTS[i]; one->name; one++)
            if (span_is(name, one->name))
                return one;
    return NULL;
}
