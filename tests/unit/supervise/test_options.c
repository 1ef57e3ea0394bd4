/* Options out of flags, environment and file. */
#include "../unit.h"

#include <stdlib.h>
#include <unistd.h>

#include "supervise/options.h"

static const char *const NAMES[] = {"PORTICO_LISTEN", "PORTICO_DATA",         "PORTICO_WORKERS",
                                    "PORTICO_CONFIG", "PORTICO_ALLOW_REMOTE", "PORTICO_REGION",
                                    "AWS_REGION",     "AWS_DEFAULT_REGION"};

static int set_up(void **state)
{
    for (size_t i = 0; i < COUNT(NAMES); i++)
        unsetenv(NAMES[i]);
    (void)state;
    return 0;
}

#define WORDS_MAX 6

struct row {
    const char *about;
    const char *words[WORDS_MAX];
    const char *variable, *value; /* one environment variable, or NULL */
    enum option_id id;
    const char *want; /* the option's text, or a piece of the problem's words */
};

static enum fault read_row(const struct row *row, struct options *options, struct problem *why)
{
    char *argv[WORDS_MAX];
    int argc = 0;

    while (argc < WORDS_MAX && row->words[argc]) {
        argv[argc] = (char *)(uintptr_t)row->words[argc];
        argc++;
    }
    set_up(NULL);
    if (row->variable)
        setenv(row->variable, row->value, 1);
    return options_read(options, argc, argv, why);
}

static void a_flag_outranks_the_environment_and_that_the_default(void **state)
{
    static const struct row CASES[] = {
        {"the default", {NULL}, NULL, NULL, OPTION_LISTEN, "4566"},
        {"the environment", {NULL}, "PORTICO_LISTEN", "1,2", OPTION_LISTEN, "1,2"},
        {"a flag", {"--listen", "9"}, "PORTICO_LISTEN", "1,2", OPTION_LISTEN, "9"},
        {"a flag with =", {"--listen=9"}, NULL, NULL, OPTION_LISTEN, "9"},
        {"a repeated list", {"--listen", "1", "--listen=2"}, NULL, NULL, OPTION_LISTEN, "1,2"},
        {"a repeated single", {"--data", "/a", "--data", "/b"}, NULL, NULL, OPTION_DATA, "/b"},
        {"a switch", {"--allow-remote"}, NULL, NULL, OPTION_ALLOW_REMOTE, "on"},
        {"a switch by name", {NULL}, "PORTICO_ALLOW_REMOTE", "on", OPTION_ALLOW_REMOTE, "on"},
        {"AWS's region", {NULL}, "AWS_DEFAULT_REGION", "eu-west-1", OPTION_REGION, "eu-west-1"},
        {"an empty variable", {NULL}, "AWS_REGION", "", OPTION_REGION, "us-east-1"},
    };

    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct options options;
        struct problem why = {0};

        if (read_row(&CASES[i], &options, &why) != OK)
            fail_msg("%s: %s", CASES[i].about, why.text);
        unit_same_text(CASES[i].about, span_of(option_text(&options, CASES[i].id)),
                       span_of(CASES[i].want));
    }
    (void)state;
}

static void what_is_wrong_is_named_with_its_place(void **state)
{
    static const struct row CASES[] = {
        {"no such option", {"--nope"}, NULL, NULL, 0, "there is no option '--nope'"},
        {"a bare word", {"nope"}, NULL, NULL, 0, "unexpected word 'nope'"},
        {"no value", {"--data"}, NULL, NULL, 0, "--data needs a value"},
        {"workers 0", {"--workers", "0"}, NULL, NULL, 0, "--workers must be 1 to 64"},
        {"workers 65", {NULL}, "PORTICO_WORKERS", "65", 0, "PORTICO_WORKERS must be 1 to 64"},
        {"short account", {"--account", "123"}, NULL, NULL, 0, "--account must be 12 digits"},
        {"auth iam", {"--auth", "iam"}, NULL, NULL, 0, "not yet in Portico"},
        {"auth other", {"--auth", "x"}, NULL, NULL, 0, "must be one of none,iam"},
        {"control", {"--control", "1"}, NULL, NULL, 0, "not yet in Portico"},
        {"no such file", {"--config", "/nope"}, NULL, NULL, 0, "cannot open '/nope'"},
    };

    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct options options;
        struct problem why = {0};

        if (read_row(&CASES[i], &options, &why) == OK || !strstr(why.text, CASES[i].want))
            fail_msg("%s: said '%s'", CASES[i].about, why.text);
    }
    (void)state;
}

static void a_file_is_weaker_than_the_environment(void **state)
{
    static const struct {
        const char *about, *text, *want;
        bool is_fine;
    } CASES[] = {
        {"comments and blanks", "# c\n\n  workers =  3 \n", "3", true},
        {"no newline at the end", "workers=3", "3", true},
        {"an unknown name", "# c\nworker = 3\n", ":2: there is no option 'worker'", false},
        {"no equals sign", "workers 3\n", ":1: not a 'name = value' line", false},
        {"a bad value", "\n\nworkers = x\n", ":3 must be 1 to 64", false},
        {"a file in a file", "config = x\n", "there is no option 'config' for a file", false},
    };

    for (size_t i = 0; i < COUNT(CASES); i++) {
        char path[] = "/tmp/portico-options-XXXXXX";
        char *argv[] = {(char[]){"--config"}, path};
        struct problem why = {0};
        struct options options;
        int file = mkstemp(path);
        enum fault rc;

        assert_true(file >= 0);
        assert_int_equal(write(file, CASES[i].text, strlen(CASES[i].text)),
                         (ssize_t)strlen(CASES[i].text));
        close(file);
        rc = options_read(&options, 2, argv, &why);
        if ((rc == OK) != CASES[i].is_fine || (rc != OK && !strstr(why.text, CASES[i].want)))
            fail_msg("%s: %s", CASES[i].about, why.text);
        if (rc == OK)
            assert_int_equal(options.workers, 3);
        setenv("PORTICO_WORKERS", "5", 1);
        if (CASES[i].is_fine) {
            assert_int_equal(options_read(&options, 2, argv, &why), OK);
            assert_int_equal(options.workers, 5);
        }
        unsetenv("PORTICO_WORKERS");
        unlink(path);
    }
    (void)state;
}

static const struct CMUnitTest TESTS[] = {
    cmocka_unit_test_setup(a_flag_outranks_the_environment_and_that_the_default, set_up),
    cmocka_unit_test_setup(what_is_wrong_is_named_with_its_place, set_up),
    cmocka_unit_test_setup(a_file_is_weaker_than_the_environment, set_up),
};

UNIT_MAIN(TESTS)
