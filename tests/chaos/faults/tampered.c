/*
 * tampered -- what a process is told of its clock, its disk and its peers, in the hands of a test.
 *
 * Loaded with LD_PRELOAD into an unchanged aggregator or PostgreSQL. Says what the machine would
 * say whose clock is wrong, whose disk is slow or full, or whose peers are reached by another way.
 * In place of libfaketime, dm-delay, tc netem and a file system of its own for each part, since it
 * needs no privilege and no kernel module, so it is the same fault in a container as on a desk;
 * and since it can be turned while the process runs. Full file systems and networks that really
 * drop packets have scenarios of their own (tests/pipeline/full_disk.py, silence.py).
 *
 * Reads a file mapped from ASSAY_TAMPERED, laid out as `struct tampering`, which only the test
 * writes: each word alone, aligned, and so never torn. Without the variable it does nothing.
 * Takes no lock and allocates nothing: PostgreSQL asks for the time in signal handlers.
 */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

enum { DETOURS = 8, FIRST_FILE = 3 };

static const int64_t SECOND_NS = 1000000000;

/* faults/tampering.py writes it: the two change together. */
struct tampering {
    volatile int64_t clock_ns; /* how far the wall clock is ahead of the true one */
    volatile int64_t sync_ms;  /* how long the disk takes to say that it has what was written */
    volatile int64_t full;     /* not 0: no file grows any more */
    volatile int64_t detours[DETOURS][2]; /* loopback port; the port to connect to in its place */
};

static struct tampering none;
static struct tampering *tampering = &none;

/* The functions that those below stand before. */
static struct {
    __typeof__(clock_gettime) *clock_gettime;
    __typeof__(cnd_timedwait) *cnd_timedwait;
    __typeof__(pthread_cond_timedwait) *pthread_cond_timedwait;
    __typeof__(connect) *connect;
    __typeof__(fsync) *fsync;
    __typeof__(fdatasync) *fdatasync;
    __typeof__(write) *write;
    __typeof__(pwrite) *pwrite;
    __typeof__(pwritev) *pwritev;
    __typeof__(posix_fallocate) *posix_fallocate;
} next;

static void find_next(void)
{
    /* ISO C has no cast from an object's address to a function's. */
    *(void **)&next.cnd_timedwait = dlsym(RTLD_NEXT, "cnd_timedwait");
    *(void **)&next.pthread_cond_timedwait = dlsym(RTLD_NEXT, "pthread_cond_timedwait");
    *(void **)&next.connect = dlsym(RTLD_NEXT, "connect");
    *(void **)&next.fsync = dlsym(RTLD_NEXT, "fsync");
    *(void **)&next.fdatasync = dlsym(RTLD_NEXT, "fdatasync");
    *(void **)&next.write = dlsym(RTLD_NEXT, "write");
    *(void **)&next.pwrite = dlsym(RTLD_NEXT, "pwrite");
    *(void **)&next.pwritev = dlsym(RTLD_NEXT, "pwritev");
    *(void **)&next.posix_fallocate = dlsym(RTLD_NEXT, "posix_fallocate");
    *(void **)&next.clock_gettime = dlsym(RTLD_NEXT, "clock_gettime"); /* last: says all are */
}

/* Other libraries' constructors may call before this one's turn. */
static void ready(void)
{
    if (next.clock_gettime == NULL)
        find_next();
}

__attribute__((constructor)) static void map_tampering(void)
{
    ready();
    const char *path = getenv("ASSAY_TAMPERED");
    if (path == NULL)
        return;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    void *mapped =
        file < 0 ? MAP_FAILED : mmap(NULL, sizeof *tampering, PROT_READ, MAP_SHARED, file, 0);
    if (mapped == MAP_FAILED)
        abort(); /* a test that would disturb nothing must not pass */
    close(file);
    tampering = mapped;
}

/* ---- the clock ---- */

static struct timespec shifted(const struct timespec *at, int64_t by_ns)
{
    int64_t all = (int64_t)at->tv_sec * SECOND_NS + at->tv_nsec + by_ns;
    return (struct timespec){.tv_sec = all / SECOND_NS, .tv_nsec = all % SECOND_NS};
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
    ready();
    int failed = next.clock_gettime(clock, now);
    if (failed == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        *now = shifted(now, tampering->clock_ns);
    return failed;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
    (void)zone; /* nobody has used it for decades */
    struct timespec precise;
    int failed = clock_gettime(CLOCK_REALTIME, &precise);
    *now = (struct timeval){precise.tv_sec, precise.tv_nsec / 1000};
    return failed;
}

int timespec_get(struct timespec *now, int base)
{
    return base == TIME_UTC && clock_gettime(CLOCK_REALTIME, now) == 0 ? base : 0;
}

time_t time(time_t *now)
{
    struct timespec precise;
    clock_gettime(CLOCK_REALTIME, &precise);
    if (now != NULL)
        *now = precise.tv_sec;
    return precise.tv_sec;
}

/* The kernel waits by the true clock. librdkafka's threads wait in this way. */
int cnd_timedwait(cnd_t *restrict condition, mtx_t *restrict mutex,
                  const struct timespec *restrict until)
{
    ready();
    struct timespec truly = shifted(until, -tampering->clock_ns);
    return next.cnd_timedwait(condition, mutex, &truly);
}

int pthread_cond_timedwait(pthread_cond_t *restrict condition, pthread_mutex_t *restrict mutex,
                           const struct timespec *restrict until)
{
    ready();
    struct timespec truly = shifted(until, -tampering->clock_ns);
    return next.pthread_cond_timedwait(condition, mutex, &truly);
}

/* ---- the disk ---- */

static void take_time(void)
{
    int64_t sync_ms = tampering->sync_ms;
    struct timespec wait = {sync_ms / 1000, sync_ms % 1000 * 1000000};
    while (sync_ms > 0 && nanosleep(&wait, &wait) != 0 && errno == EINTR)
        continue; /* a disk does not hurry for a signal */
}

int fsync(int file)
{
    ready();
    take_time();
    return next.fsync(file);
}

int fdatasync(int file)
{
    ready();
    take_time();
    return next.fdatasync(file);
}

/* Whether writing up to `end` needs room that a full disk has not. */
static bool no_room(int file, int64_t end)
{
    struct stat is;
    if (tampering->full == 0 || file < FIRST_FILE || fstat(file, &is) != 0 || !S_ISREG(is.st_mode))
        return false;
    if (end <= is.st_size)
        return false;
    errno = ENOSPC;
    return true;
}

ssize_t write(int file, const void *bytes, size_t size)
{
    ready();
    if (tampering->full != 0) {
        off_t at = lseek(file, 0, SEEK_CUR);
        if (at >= 0 && no_room(file, at + (int64_t)size))
            return -1;
    }
    return next.write(file, bytes, size);
}

ssize_t pwrite(int file, const void *bytes, size_t size, off_t at)
{
    ready();
    return no_room(file, at + (int64_t)size) ? -1 : next.pwrite(file, bytes, size, at);
}

ssize_t pwritev(int file, const struct iovec *parts, int count, off_t at)
{
    ready();
    int64_t end = at;
    for (int i = 0; i < count; i++)
        end += (int64_t)parts[i].iov_len;
    return no_room(file, end) ? -1 : next.pwritev(file, parts, count, at);
}

int posix_fallocate(int file, off_t at, off_t size)
{
    ready();
    return no_room(file, at + size) ? ENOSPC : next.posix_fallocate(file, at, size);
}

/* ---- the peers ---- */

int connect(int socket_file, const struct sockaddr *address, socklen_t size)
{
    ready();
    struct sockaddr_in *to = (struct sockaddr_in *)(uintptr_t)address;
    if (size < sizeof *to || to->sin_family != AF_INET)
        return next.connect(socket_file, address, size);
    struct sockaddr_in other = *to;
    for (int i = 0; i < DETOURS; i++)
        if (tampering->detours[i][0] == ntohs(to->sin_port) &&
            to->sin_addr.s_addr == htonl(INADDR_LOOPBACK))
            other.sin_port = htons((uint16_t)tampering->detours[i][1]);
    return next.connect(socket_file, (const struct sockaddr *)&other, sizeof other);
}
