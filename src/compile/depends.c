/* Parts are rebuilt by what is written here and by nothing else. */
#include "compile/depends.h"

enum dirties depends_on(struct span kind)
{
    static const struct {
        struct span kind;
        enum dirties dirties;
    } ROWS[] = {
        {SPAN_INIT("RestApi"), DIRTIES_API},
        {SPAN_INIT("Stage"), DIRTIES_API_STAGES},
        {SPAN_INIT("Deployment"), DIRTIES_NOTHING}, /* comes along with its stages */
        {SPAN_INIT("Function"), DIRTIES_FUNCTION},
    };

    for (size_t i = 0; i < COUNT(ROWS); i++)
        if (span_equal(kind, ROWS[i].kind))
            return ROWS[i].dirties;
    return DIRTIES_NOTHING;
}
