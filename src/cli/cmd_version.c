/* `weigh version`: what this program and this machine are. */
#include "cli/cli.h"

#include "base/cpu.h"

static enum wg_status run(const struct wg_global *g, const void *opts, int argc, char **argv,
                          int *exit_code, struct wg_err *err)
{
    (void)opts;
    (void)argc;
    (void)argv;
    (void)exit_code;
    if (g->json)
        return wg_cli_json(g,
                           json_pack("{s:s, s:s, s:s, s:s, s:i}", "version", WG_VERSION, "isa",
                                     wg_isa_name(wg_cpu_isa()), "isa_detected",
                                     wg_isa_name(wg_cpu_detect()), "cpu", wg_cpu_name(), "threads",
                                     wg_cli_threads(g)),
                           err);
    fprintf(g->out,
            "weigh %s\ninstruction set: %s (this machine has %s)\nprocessor: %s, %d threads\n",
            WG_VERSION, wg_isa_name(wg_cpu_isa()), wg_isa_name(wg_cpu_detect()), wg_cpu_name(),
            wg_cli_threads(g));
    return WG_OK;
}

const struct wg_cmd wg_cmd_version = {
    .name = "version",
    .group = "about",
    .synopsis = "",
    .help = "Print the version, the instruction set in use and the processor.",
    .run = run,
};
