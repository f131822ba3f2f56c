/* placeholder */
#include "checkkern.h"
void check_ops(void)
{
}
void check_attn(void)
{
}
