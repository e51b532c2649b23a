#include "proto/digest.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <threads.h>

static once_flag fetched = ONCE_FLAG_INIT;
static EVP_MD *sha256;
static EVP_MD *sha1;
static tss_t contexts; /* each thread's own, freed when it ends */

static void free_context(void *context)
{
    EVP_MD_CTX_free(context);
}

static void fetch(void)
{
    sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    sha1 = EVP_MD_fetch(NULL, "SHA1", NULL);
    if (sha256 == NULL || sha1 == NULL || tss_create(&contexts, free_context) != thrd_success)
        abort();
}

static EVP_MD_CTX *context_of_thread(void)
{
    static _Thread_local EVP_MD_CTX *context;
    if (context != NULL)
        return context;
    call_once(&fetched, fetch);
    context = EVP_MD_CTX_new();
    if (context == NULL || tss_set(contexts, context) != thrd_success)
        abort();
    return context;
}

/* `algorithm` by its place, since it is fetched with the thread's first context. */
static void digest(EVP_MD *const *algorithm, const void *bytes, size_t size, uint8_t *out)
{
    EVP_MD_CTX *context = context_of_thread();
    if (EVP_DigestInit_ex2(context, *algorithm, NULL) != 1 ||
        EVP_DigestUpdate(context, bytes, size) != 1 || EVP_DigestFinal_ex(context, out, NULL) != 1)
        abort();
}

void digest_sha256(const void *bytes, size_t size, uint8_t out[static DIGEST_SHA256_SIZE])
{
    digest(&sha256, bytes, size, out);
}

void digest_sha1(const void *bytes, size_t size, uint8_t out[static DIGEST_SHA1_SIZE])
{
    digest(&sha1, bytes, size, out);
}

/* A protobuf-c buffer whose content goes straight into the digest. */
struct digest_buffer {
    ProtobufCBuffer base;
    EVP_MD_CTX *context;
};

static void append(ProtobufCBuffer *buffer, size_t size, const uint8_t *bytes)
{
    struct digest_buffer *into = (struct digest_buffer *)buffer;
    if (EVP_DigestUpdate(into->context, bytes, size) != 1)
        abort();
}

void digest_sha1_message(const void *prefix, size_t size, const ProtobufCMessage *message,
                         uint8_t out[static DIGEST_SHA1_SIZE])
{
    struct digest_buffer buffer = {{append}, context_of_thread()};
    if (EVP_DigestInit_ex2(buffer.context, sha1, NULL) != 1 ||
        EVP_DigestUpdate(buffer.context, prefix, size) != 1)
        abort();
    protobuf_c_message_pack_to_buffer(message, &buffer.base);
    if (EVP_DigestFinal_ex(buffer.context, out, NULL) != 1)
        abort();
}
