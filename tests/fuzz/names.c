/*
 * Prints what JSON calls the fields of an event, of all it holds, and the values of enums: a
 * dictionary of libFuzzer's, "NAME" a line.
 */
#include "assay/v1/event.pb-c.h"
#include "proto/json.h"

#include <stdio.h>

static void print_values(const ProtobufCEnumDescriptor *descriptor)
{
    for (unsigned i = 0; i < descriptor->n_values; i++)
        printf("\"\\\"%s\\\"\"\n", descriptor->values[i].name);
}

/* The contract nests no message within itself, so this ends. */
static void print_fields(const ProtobufCMessageDescriptor *descriptor)
{
    for (unsigned i = 0; i < descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &descriptor->fields[i];
        char name[JSON_NAME_MAX];
        printf("\"\\\"%s\\\":\"\n", json_field_name(field->name, name));
        if (field->type == PROTOBUF_C_TYPE_MESSAGE)
            print_fields(field->descriptor);
        else if (field->type == PROTOBUF_C_TYPE_ENUM)
            print_values(field->descriptor);
    }
}

int main(void)
{
    print_fields(&assay__v1__event__descriptor);
    return 0;
}
