/*
 * headers -- a Kafka record's headers as the ledger keeps them: whole, in order, byte for byte.
 *
 * Layout, repeated: int32 length of the name, the name, int32 length of the value (-1: null), the
 * value; numbers big-endian. SQL reads it with record.headers_json.
 */
#ifndef ASSAY_STORE_HEADERS_H
#define ASSAY_STORE_HEADERS_H

#include "consumers/store/pgwire.h"

/* Appends one header; value NULL: null. */
void headers_add(struct pgwire *packed, const char *name, const void *value, size_t size);

#endif
