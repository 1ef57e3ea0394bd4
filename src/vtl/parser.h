/* What the two halves of the parser share.  Private to vtl/. */
#ifndef VTL_PARSER_H
#define VTL_PARSER_H

#include "vtl/program.h"

struct parser {
    struct arena *arena;
    struct vtl_template *template; /* being built */
    struct span text;
    size_t pos;
    bool is_nested;  /* the text of a string literal: places are that of the literal */
    uint32_t origin; /* the literal's place */
    unsigned depth;
    struct call **calls; /* chain of all calls */
    struct problem *why;
    enum fault fault; /* the first one */
};

/* Records the first failure with the place `pos`; always false. */
bool parse_fail(struct parser *p, size_t pos, enum fault fault, const char *words);

/* Where `pos` is in the template. */
uint32_t parse_offset(const struct parser *p, size_t pos);

/* Zeroed; NULL (and the failure recorded) when the arena is over. */
void *parse_new(struct parser *p, size_t size);

/* Counts a level of nesting; false and a failure when there are too many. */
bool parse_enter(struct parser *p);

/* The character at pos + n, or NUL at the end. */
static inline char parse_peek(const struct parser *p, size_t n)
{
    return p->pos + n < p->text.len ? p->text.at[p->pos + n] : '\0';
}

bool is_identifier_start(char c);
bool is_identifier_char(char c);
bool is_word_start(char c);
bool is_word_char(char c);

void skip_blanks(struct parser *p); /* space, tab, CR, LF */

/* Drops blanks up to and including one line end, or nothing when something else follows. */
void skip_line_end(struct parser *p);

/* At '$': whether a reference begins there ("$a", "$!a", "${a", "$!{a"). */
bool is_reference(const struct parser *p);

/* Takes a reference at '$'; NULL on failure. */
struct reference *parse_reference(struct parser *p);

/* Takes an expression up to, not including, what cannot belong to it. */
struct expression *parse_expression(struct parser *p);

/* One argument of a directive or macro; words are allowed. */
struct expression *parse_directive_argument(struct parser *p);

/* Takes ")" and the line end behind it. */
bool parse_close(struct parser *p);

/* Parses statements up to the end of the text (of a string literal). */
bool parse_nested(struct parser *p, struct block *block);

#endif
