/* Stands between a process and the C library (LD_PRELOAD), and does to the files below one folder what a
 * disk, the kernel or the power supply may do.
 *
 *     process --write, fsync, rename ...--> shim --counted, noted, failed or killed--> C library
 *
 * shim_arm() starts it. From then on each change of a file below the folder is an operation with a number;
 * the one with the chosen number kills the process, half done where it is a write, or fails. Where a journal
 * is asked for, each operation is noted there with what it overwrote, so that power_loss.py can take back
 * what was never flushed to the disk. Files that are removed or replaced are kept by a link beside the journal.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum { OFF, COUNT, KILL, FAIL_ONCE, FAIL_ON };

static struct {
    int mode;      /* what happens at the chosen operation */
    long at;       /* its number, from 1 */
    int error;     /* errno of a failure */
    long count;    /* operations so far */
    int journal;   /* where they are noted, -1 for nowhere */
    char root[4096];
    char kept[4096];
} shim = {.journal = -1};

static pthread_mutex_t lock = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;

#define REAL(name) ((__typeof__(&name))real(#name))

static void *real(const char *name) {
    void *found = dlsym(RTLD_NEXT, name);
    if (!found) abort();
    return found;
}

struct note {
    char kind;               /* w write, t truncate, s sync, c create, d mkdir, r rename, u unlink or rmdir */
    uint64_t inode, offset, size_before, old_length, new_length;
    uint32_t path_length, other_length;
};

void shim_arm(const char *root, const char *journal, int mode, long at, int error) {
    snprintf(shim.root, sizeof shim.root, "%s", root);
    if (*journal) {
        snprintf(shim.kept, sizeof shim.kept, "%s", journal);
        shim.journal = REAL(open)(journal, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    }
    shim.at = at;
    shim.error = error;
    shim.count = 0;
    shim.mode = mode;
}

long shim_count(void) { return shim.count; }

static int below(const char *path) {
    size_t length = strlen(shim.root);
    size_t end = strlen(path);
    if (end > 4 && !strcmp(path + end - 4, "-shm")) return 0; /* shared memory of SQLite: made anew after a crash */
    return shim.mode && !strncmp(path, shim.root, length) && (path[length] == '/' || !path[length]);
}

static int joined(const char *folder, const char *path, char *to) {
    int length = *path == '/' ? snprintf(to, 4096, "%s", path) : snprintf(to, 4096, "%s/%s", folder, path);
    return length < 4096 && below(to);
}

static int absolute(const char *path, char *to) {
    char here[4096];
    return getcwd(here, sizeof here) && joined(here, path, to);
}

static int named_at(int folder, const char *path, char *to) {
    char link[64], base[4096];
    if (!shim.mode) return 0;
    if (*path == '/' || folder == AT_FDCWD) return absolute(path, to);
    snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
    ssize_t length = readlink(link, base, sizeof base - 1);
    if (length < 0) return 0;
    base[length] = 0;
    return joined(base, path, to);
}

static int named(int fd, char *to) {
    char link[64];
    *to = 0;
    if (!shim.mode) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, to, 4095);
    if (length < 0) return 0;
    to[length] = 0;
    return below(to);
}

static void put(const void *bytes, size_t length) {
    if (length && REAL(write)(shim.journal, bytes, length) != (ssize_t)length) abort();
}

static void note(char kind, uint64_t inode, uint64_t offset, uint64_t size, const void *old, size_t old_length,
                 const void *new, size_t new_length, const char *path, const char *other) {
    if (shim.journal < 0) return;
    struct note it = {kind, inode, offset, size, old_length, new_length, strlen(path), strlen(other)};
    put(&it, sizeof it);
    put(path, it.path_length);
    put(other, it.other_length);
    put(old, old_length);
    put(new, new_length);
}

/* Count an operation. Returns 1 where it is to fail; the process ends here where it is to be killed. */
static int fails(void) {
    long number = ++shim.count;
    if (shim.mode == KILL && number == shim.at) kill(getpid(), SIGKILL), pause();
    if ((shim.mode == FAIL_ONCE && number == shim.at) || (shim.mode == FAIL_ON && number >= shim.at)) {
        errno = shim.error;
        return 1;
    }
    return 0;
}

static int is_torn(void) { return shim.mode == KILL && shim.count + 1 == shim.at; }

static void note_write(int fd, const char *path, const void *bytes, size_t length, off_t offset, char kind) {
    struct stat status;
    if (shim.journal < 0 || fstat(fd, &status)) return;
    size_t there = status.st_size > offset ? status.st_size - offset : 0;
    if (kind == 'w' && there > length) there = length;
    char *old = malloc(there + 1), link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    int readable = REAL(open)(link, O_RDONLY | O_CLOEXEC);
    if (there && pread(readable, old, there, offset) != (ssize_t)there) abort();
    REAL(close)(readable);
    note(kind, status.st_ino, offset, status.st_size, old, there, bytes, length, path, "");
    free(old);
}

static ssize_t write_at(int fd, const void *bytes, size_t length, off_t offset, int is_positioned) {
    char path[4096];
    if (!named(fd, path)) {
        return is_positioned ? REAL(pwrite)(fd, bytes, length, offset) : REAL(write)(fd, bytes, length);
    }
    pthread_mutex_lock(&lock);
    off_t place = offset;
    if (!is_positioned) {
        place = lseek(fd, 0, fcntl(fd, F_GETFL) & O_APPEND ? SEEK_END : SEEK_CUR);
    }
    size_t part = is_torn() ? length / 2 : length;
    ssize_t done = -1;
    if (is_torn() || !fails()) {
        note_write(fd, path, bytes, part, place, 'w');
        done = is_positioned ? REAL(pwrite)(fd, bytes, part, offset) : REAL(write)(fd, bytes, part);
        if (part < length || is_torn()) fails();
    }
    pthread_mutex_unlock(&lock);
    return done;
}

ssize_t write(int fd, const void *bytes, size_t length) { return write_at(fd, bytes, length, 0, 0); }
ssize_t pwrite(int fd, const void *bytes, size_t length, off_t at) { return write_at(fd, bytes, length, at, 1); }
ssize_t pwrite64(int fd, const void *bytes, size_t length, off_t at) { return write_at(fd, bytes, length, at, 1); }

ssize_t writev(int fd, const struct iovec *parts, int count) {
    char path[4096];
    if (!named(fd, path)) return REAL(writev)(fd, parts, count);
    for (int i = 0; i < count; i++)
        if (parts[i].iov_len) return write(fd, parts[i].iov_base, parts[i].iov_len); /* a short write is lawful */
    return 0;
}

/* Python then copies with read() and write(). */
ssize_t sendfile(int to, int from, off_t *offset, size_t length) {
    char path[4096];
    if (!named(to, path)) return REAL(sendfile)(to, from, offset, length);
    errno = ENOTSOCK;
    return -1;
}
ssize_t sendfile64(int to, int from, off_t *offset, size_t length) { return sendfile(to, from, offset, length); }

/* A call that changes what a folder or a file is, but for writes: counted, noted, done. */
#define CHANGE(type, is_ours, noted, call)      \
    do {                                        \
        if (!(is_ours)) return call;            \
        pthread_mutex_lock(&lock);              \
        type done = -1;                         \
        if (!fails()) {                         \
            noted;                              \
            done = call;                        \
        }                                       \
        pthread_mutex_unlock(&lock);            \
        return done;                            \
    } while (0)

static uint64_t inode_of(int fd) {
    struct stat status;
    return fstat(fd, &status) ? 0 : status.st_ino;
}

/* Whether the folder that everything is below lies in this one: the name of it is flushed there. */
static int holds_root(const char *path) {
    size_t length = strlen(path);
    return !strncmp(shim.root, path, length) && shim.root[length] == '/';
}

/* The flush is noted after it was done: a process that dies before has flushed nothing. */
#define SYNC(name)                                                       \
    int name(int fd) {                                                   \
        char path[4096];                                                 \
        if (!shim.mode || (!named(fd, path) && !holds_root(path))) return REAL(name)(fd); \
        pthread_mutex_lock(&lock);                                       \
        int done = fails() ? -1 : REAL(name)(fd);                        \
        if (!done) note('s', inode_of(fd), 0, 0, 0, 0, 0, 0, path, "");  \
        pthread_mutex_unlock(&lock);                                     \
        return done;                                                     \
    }
SYNC(fsync)
SYNC(fdatasync)

#define TRUNCATE(name)                                                                              \
    int name(int fd, off_t length) {                                                                \
        char path[4096];                                                                            \
        CHANGE(int, named(fd, path), note_write(fd, path, "", 0, length, 't'), REAL(name)(fd, length)); \
    }
TRUNCATE(ftruncate)
TRUNCATE(ftruncate64)

static int is_there(const char *path) {
    struct stat status;
    return !lstat(path, &status);
}

static const char *keep(const char *path) {
    static char link_name[4200];
    static long number;
    snprintf(link_name, sizeof link_name, "%s.%ld", shim.kept, ++number);
    if (shim.journal < 0 || link(path, link_name)) *link_name = 0;
    return link_name;
}

static void note_rename(const char *from, const char *to) {
    if (shim.journal < 0) return;
    const char *kept = keep(to);
    note('r', 0, 0, 0, to, strlen(to), kept, strlen(kept), from, "");
}

int rename(const char *from, const char *to) {
    char one[4096], other[4096];
    int is_ours = (absolute(from, one) | absolute(to, other)) && is_there(one);
    CHANGE(int, is_ours, note_rename(one, other), REAL(rename)(from, to));
}

static void note_gone(const char *path) {
    if (shim.journal < 0) return;
    const char *kept = keep(path);
    note('u', 0, 0, 0, 0, 0, kept, strlen(kept), path, "");
}

int unlink(const char *path) {
    char place[4096];
    CHANGE(int, absolute(path, place) && is_there(place), note_gone(place), REAL(unlink)(path));
}

/* For us always of a file: DuckDB calls it, and the C library's own would not come by unlink() above. */
int remove(const char *path) {
    char place[4096];
    CHANGE(int, absolute(path, place) && is_there(place), note_gone(place), REAL(remove)(path));
}

int unlinkat(int folder, const char *path, int flags) {
    char place[4096];
    CHANGE(int, named_at(folder, path, place) && is_there(place), note_gone(place), REAL(unlinkat)(folder, path, flags));
}

int rmdir(const char *path) {
    char place[4096];
    CHANGE(int, absolute(path, place) && is_there(place), note_gone(place), REAL(rmdir)(path));
}

int mkdir(const char *path, mode_t mode) {
    char place[4096];
    CHANGE(int, absolute(path, place) && !is_there(place), note('d', 0, 0, 0, 0, 0, 0, 0, place, ""), REAL(mkdir)(path, mode));
}

static void note_open(const char *path, int flags) {
    struct stat status;
    if (stat(path, &status)) {
        note('c', 0, 0, 0, 0, 0, 0, 0, path, "");
    } else if (flags & O_TRUNC && status.st_size) {
        int fd = REAL(open)(path, O_RDONLY | O_CLOEXEC);
        note_write(fd, path, "", 0, 0, 't');
        REAL(close)(fd);
    }
}

static int changes(const char *path, int flags) {
    struct stat status;
    if (flags & O_TRUNC) return 1;
    return flags & O_CREAT && stat(path, &status);
}

#define OPEN(name)                                                                                          \
    int name(const char *path, int flags, ...) {                                                            \
        char place[4096];                                                                                   \
        va_list rest;                                                                                       \
        va_start(rest, flags);                                                                              \
        mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0;                             \
        va_end(rest);                                                                                       \
        CHANGE(int, absolute(path, place) && changes(place, flags), note_open(place, flags),                \
               REAL(name)(path, flags, mode));                                                              \
    }
OPEN(open)
OPEN(open64)

#define OPENAT(name)                                                                                        \
    int name(int folder, const char *path, int flags, ...) {                                                \
        char place[4096];                                                                                   \
        va_list rest;                                                                                       \
        va_start(rest, flags);                                                                              \
        mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0;                             \
        va_end(rest);                                                                                       \
        CHANGE(int, named_at(folder, path, place) && changes(place, flags), note_open(place, flags),        \
               REAL(name)(folder, path, flags, mode));                                                      \
    }
OPENAT(openat)
OPENAT(openat64)
