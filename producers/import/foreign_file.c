#include "producers/import/foreign_file.h"

#include "runtime/stop.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

enum { CHUNK = 256 * 1024 };

static bool failed(struct fault *why, const char *doing)
{
    return fault_set(why, FAULT_FATAL, "%s: %s", doing, strerror(errno));
}

/* read(2) that begins again after a signal, unless the signal asked for a stop. */
static ssize_t read_some(int descriptor, void *bytes, size_t size)
{
    for (;;) {
        ssize_t count = read(descriptor, bytes, size);
        if (count >= 0 || errno != EINTR || stop_requested())
            return count;
    }
}

static bool write_all(int descriptor, const uint8_t *bytes, size_t size)
{
    while (size > 0) {
        ssize_t count = write(descriptor, bytes, size);
        if (count < 0 && errno == EINTR && !stop_requested())
            continue;
        if (count < 0)
            return false;
        bytes += count;
        size -= (size_t)count;
    }
    return true;
}

/* A nameless file that goes away with its descriptor. */
static int open_temporary(void)
{
    const char *folder = getenv("TMPDIR");
    return open(folder != NULL && *folder != '\0' ? folder : "/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC,
                0600);
}

/* Hashes `from` to its end; copies what it reads to `copy`, unless that is -1. */
static bool hash(struct foreign_file *file, int from, int copy, struct fault *why)
{
    static uint8_t bytes[CHUNK];
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    assert(context != NULL);
    bool good = EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1;
    assert(good);
    uint8_t first[2] = {0};
    ssize_t count;
    file->size = 0;
    while ((count = read_some(from, bytes, sizeof bytes)) > 0) {
        for (size_t i = 0; i < 2 && file->size + i < 2 && i < (size_t)count; i++)
            first[file->size + i] = bytes[i];
        file->size += (uint64_t)count;
        good = EVP_DigestUpdate(context, bytes, (size_t)count) == 1;
        assert(good);
        if (copy >= 0 && !write_all(copy, bytes, (size_t)count)) {
            EVP_MD_CTX_free(context);
            return failed(why, "cannot copy it to a temporary file");
        }
    }
    good = EVP_DigestFinal_ex(context, file->sha256, NULL) == 1;
    assert(good);
    EVP_MD_CTX_free(context);
    file->gzip = first[0] == 0x1f && first[1] == 0x8b;
    return count == 0 || failed(why, "cannot read it");
}

bool foreign_file_open(struct foreign_file *file, const char *path, struct fault *why)
{
    struct stat found;
    bool standard = strcmp(path, "-") == 0;
    const char *slash = strrchr(path, '/');
    *file = (struct foreign_file){.name = standard ? "" : (slash != NULL ? slash + 1 : path)};
    file->descriptor =
        standard ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0) : open(path, O_RDONLY | O_CLOEXEC);
    if (file->descriptor < 0 || fstat(file->descriptor, &found) != 0) {
        failed(why, "cannot open it");
        foreign_file_close(file);
        return false;
    }
    int from = file->descriptor;
    bool copied = !S_ISREG(found.st_mode);
    if (copied)
        file->descriptor = open_temporary();
    bool good = file->descriptor >= 0 ? hash(file, from, copied ? file->descriptor : -1, why)
                                      : failed(why, "cannot make a temporary file");
    if (copied)
        close(from);
    if (good && fstat(file->descriptor, &found) != 0)
        good = failed(why, "cannot look at it");
    file->changed_s = found.st_mtim.tv_sec;
    file->changed_ns = found.st_mtim.tv_nsec;
    if (!good)
        foreign_file_close(file);
    return good;
}

static void end_reading(struct foreign_file *file)
{
    if (file->reader != NULL)
        gzclose_r((gzFile)file->reader);
    file->reader = NULL;
}

void foreign_file_close(struct foreign_file *file)
{
    end_reading(file);
    if (file->descriptor >= 0)
        close(file->descriptor);
    file->descriptor = -1;
}

bool foreign_file_rewind(struct foreign_file *file, struct fault *why)
{
    end_reading(file);
    if (lseek(file->descriptor, 0, SEEK_SET) != 0)
        return failed(why, "cannot read it again");
    int descriptor = fcntl(file->descriptor, F_DUPFD_CLOEXEC, 0);
    if (descriptor < 0)
        return failed(why, "cannot read it again");
    gzFile reader = gzdopen(descriptor, "rb"); /* passes on what is not gzip as it is */
    if (reader == NULL) {
        close(descriptor);
        return fault_set(why, FAULT_FATAL, "cannot read it again: out of memory");
    }
    gzbuffer(reader, CHUNK);
    file->reader = (struct foreign_reader *)reader;
    return true;
}

int foreign_file_read(struct foreign_file *file, void *bytes, size_t size, struct fault *why)
{
    gzFile reader = (gzFile)file->reader;
    int code;
    if (stop_requested()) {
        fault_set(why, FAULT_FATAL, "stopped");
        return -1;
    }
    errno = 0;
    int count = gzread(reader, bytes, size < INT_MAX ? (unsigned)size : INT_MAX);
    const char *text = gzerror(reader, &code);
    if (count > 0 || (count == 0 && code == Z_OK))
        return count;
    if (code == Z_ERRNO)
        failed(why, "cannot read it");
    else if (code == Z_BUF_ERROR)
        fault_set(why, FAULT_FATAL, "its gzip data end too early: the file is cut off");
    else
        fault_set(why, FAULT_FATAL, "its gzip data are damaged: %s", text);
    return -1;
}

bool foreign_file_unchanged(const struct foreign_file *file, struct fault *why)
{
    struct stat found;
    if (fstat(file->descriptor, &found) != 0)
        return failed(why, "cannot look at it");
    if ((uint64_t)found.st_size != file->size || found.st_mtim.tv_sec != file->changed_s ||
        found.st_mtim.tv_nsec != file->changed_ns)
        return fault_set(why, FAULT_FATAL, "it was changed while it was read");
    return true;
}
