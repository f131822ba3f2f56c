#include "cli/cli.h"

int main(int argc, char **argv)
{
    return wg_cli_main(argc, argv);
}
