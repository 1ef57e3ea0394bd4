/* The list of services, which modelgen writes.  Look-ups within one service are in model_find.c,
 * which modelgen itself links too, before there is any list. */
#include "control/model.h"

const struct model_service *model_service(const char *name)
{
    for (size_t i = 0; i < MODEL_SERVICE_COUNT; i++)
        if (span_is(MODEL_SERVICES[i]->name, name))
            return MODEL_SERVICES[i];
    return NULL;
}
