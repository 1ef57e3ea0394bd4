/* The tables of content handling, as AWS was recorded. */
#include "../unit.h"

#include "gateway/mapping/content.h"

static void requests_are_changed_by_type_and_handling(void **state)
{
    static const struct {
        bool is_binary;
        enum content_handling handling;
        enum content_change wanted;
    } ROWS[] = {
        {false, CONTENT_AS_IT_IS, CONTENT_REPAIR},  {false, CONTENT_TO_TEXT, CONTENT_REPAIR},
        {false, CONTENT_TO_BINARY, CONTENT_DECODE}, {true, CONTENT_AS_IT_IS, CONTENT_KEEP},
        {true, CONTENT_TO_BINARY, CONTENT_KEEP},    {true, CONTENT_TO_TEXT, CONTENT_ENCODE},
    };

    for (size_t i = 0; i < COUNT(ROWS); i++)
        if (content_of_request(ROWS[i].is_binary, ROWS[i].handling) != ROWS[i].wanted)
            fail_msg("row %zu", i);
    (void)state;
}

static void answers_are_changed_by_type_accept_and_handling(void **state)
{
    static const struct {
        bool is_binary, wants_binary;
        enum content_handling handling;
        enum content_change wanted;
    } ROWS[] = {
        {false, false, CONTENT_AS_IT_IS, CONTENT_REPAIR},
        {false, false, CONTENT_TO_TEXT, CONTENT_REPAIR},
        {false, false, CONTENT_TO_BINARY, CONTENT_DECODE},
        {false, true, CONTENT_AS_IT_IS, CONTENT_DECODE},
        {false, true, CONTENT_TO_BINARY, CONTENT_DECODE},
        {false, true, CONTENT_TO_TEXT, CONTENT_REPAIR},
        {true, false, CONTENT_AS_IT_IS, CONTENT_ENCODE},
        {true, false, CONTENT_TO_BINARY, CONTENT_KEEP},
        {true, false, CONTENT_TO_TEXT, CONTENT_ENCODE},
        {true, true, CONTENT_AS_IT_IS, CONTENT_KEEP},
        {true, true, CONTENT_TO_BINARY, CONTENT_KEEP},
        {true, true, CONTENT_TO_TEXT, CONTENT_ENCODE},
    };

    for (size_t i = 0; i < COUNT(ROWS); i++)
        if (content_of_answer(ROWS[i].is_binary, ROWS[i].wants_binary, ROWS[i].handling) !=
            ROWS[i].wanted)
            fail_msg("row %zu", i);
    (void)state;
}

static void bodies_are_changed(void **state)
{
    static const struct {
        enum content_change change;
        const char *body, *wanted; /* NULL: refused */
    } ROWS[] = {
        {CONTENT_KEEP, "\xff", "\xff"},   {CONTENT_REPAIR, "a\xff", "a\xef\xbf\xbd"},
        {CONTENT_REPAIR, "text", "text"}, {CONTENT_REPAIR, "", ""},
        {CONTENT_DECODE, "aGk=", "hi"},   {CONTENT_DECODE, "", ""},
        {CONTENT_DECODE, "a!", NULL},     {CONTENT_ENCODE, "hi", "aGk="},
        {CONTENT_ENCODE, "", ""},
    };
    struct arena arena;

    arena_init(&arena, 1 << 20);
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        struct span got;
        bool is_done = content_apply(&arena, ROWS[i].change, span_of(ROWS[i].body), &got);

        if (is_done != (ROWS[i].wanted != NULL) || (is_done && !span_is(got, ROWS[i].wanted)))
            fail_msg("row %zu", i);
    }
    arena_release(&arena);
    (void)state;
}

static const struct CMUnitTest TESTS[] = {
    cmocka_unit_test(requests_are_changed_by_type_and_handling),
    cmocka_unit_test(answers_are_changed_by_type_accept_and_handling),
    cmocka_unit_test(bodies_are_changed),
};

UNIT_MAIN(TESTS)
