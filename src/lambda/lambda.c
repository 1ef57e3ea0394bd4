/* What all functions of a gateway share: the loop, the host, the machine's limit. */
#include "lambda/lambda.h"

#include <stdio.h>

#include "base/mem.h"
#include "lambda/log_writer.h"
#include "lambda/pool.h"
#include "lambda/runtime.h"

#define POOLS_MAX 100000
#define INSTANCES_LEAST 16
#define INSTANCE_KB (64 * 1024) /* of a small function in Node.js, with some room */

static void sweep(struct task *task)
{
    struct lambda *lambda = container_of(task, struct lambda, sweep);
    struct instance *one;

    while ((one = lambda->freed) != NULL) {
        lambda->freed = one->next;
        runtime_free(one->runtime);
        instance_reader_release(&one->reader);
        buf_release(&one->head);
        part_leave(&one->function->part);
        mem_free(one);
    }
}

void lambda_discard(struct lambda *lambda, struct instance *instance)
{
    instance->next = lambda->freed;
    lambda->freed = instance;
    loop_ready(lambda->loop, &lambda->sweep);
}

void lambda_init(struct lambda *lambda, struct loop *loop, const struct lambda_settings *settings)
{
    *lambda = (struct lambda){
        .loop = loop, .settings = *settings, .refused_at = INT64_MIN / 2, .hint_at = INT64_MIN / 2};
    lambda->sweep.run = sweep;
    lambda->logs = log_writer_new(settings->log_folder);
    lambda->scratch = mem_alloc(2 * LAMBDA_SCRATCH);
    random_init(&lambda->random);
    map_init(&lambda->pools, POOLS_MAX);
    host_link_init(&lambda->link, lambda, settings->host);
}

void lambda_release(struct lambda *lambda)
{
    const struct map_entry *entry;

    lambda->settings.instances_max = 0;
    while (lambda->instances)
        lambda_instance_lost(lambda->instances);
    for (size_t i = 0; (entry = map_next(&lambda->pools, &i)) != NULL;)
        lambda_pool_free(entry->value);
    host_link_release(&lambda->link);
    loop_unready(lambda->loop, &lambda->sweep);
    sweep(&lambda->sweep);
    map_release(&lambda->pools);
    log_writer_free(lambda->logs);
    mem_free(lambda->scratch);
}

unsigned lambda_instances_max(void)
{
    unsigned long kb = 0;
    char line[128];
    FILE *in = fopen("/proc/meminfo", "re");

    while (in && fgets(line, sizeof line, in))
        if (sscanf(line, "MemAvailable: %lu kB", &kb) == 1)
            break;
    if (in)
        fclose(in);
    kb = kb / 2 / INSTANCE_KB;
    return kb < INSTANCES_LEAST          ? INSTANCES_LEAST
           : kb > LAMBDA_CONCURRENCY_MAX ? LAMBDA_CONCURRENCY_MAX
                                         : (unsigned)kb;
}

void lambda_follow(struct lambda *lambda, const struct snapshot *snap)
{
    const struct map_entry *entry;

    for (size_t i = 0; (entry = map_next(&lambda->pools, &i)) != NULL;) {
        struct pool *pool = entry->value;

        lambda_pool_renew(pool, snapshot_function(snap, pool->function->arn));
        lambda_pool_free(pool);
    }
}

void lambda_take(struct lambda *lambda, struct invoke *invoke)
{
    if (lambda->settings.host[0]) {
        lambda_pool_take(lambda, invoke);
        return;
    }
    invoke->words = "this Portico runs without the process that runs functions";
    invoke_return(invoke, INVOKE_FAILED);
}
