#include "consumers/store/headers.h"

#include <string.h>

void headers_add(struct pgwire *packed, const char *name, const void *value, size_t size)
{
    pgwire_bytes(packed, name, strlen(name));
    pgwire_bytes(packed, value, size);
}
