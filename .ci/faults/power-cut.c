/*
 * Notes what a power cut would take: preloaded (LD_PRELOAD) into a process, it writes one line for everything
 * under POWER_CUT_ROOT that a disk may not have yet, and for every sync that makes it safe. Compiled and read
 * by power-cut.ts, which undoes what was not synced once the process has been killed. It changes no outcome; with
 * POWER_CUT_SYNC_US every sync takes so many microseconds longer, as on a busy disk.
 *
 * Lines of POWER_CUT_LOG, numbered from 1, paths relative to the root:
 *   N create PATH | N mkdir PATH | N rmdir PATH | N rename FROM TO GRAVE | N unlink PATH GRAVE
 *   N overwrite INODE OFFSET HEX-OF-OLD-BYTES | N truncate INODE SIZE
 *   N sync INODE SIZE SINCE | N sync-folder PATH SINCE     done; SINCE is the last line before it began
 *   N unknown WHAT                                         a call that this model does not know
 * GRAVE is a hard link in POWER_CUT_GRAVE to the file that lost its name, or `-`.
 * Not seen: appends (a file's size tells), writes through shared mappings, calls made without libc.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
static long line_number = 0;
static useconds_t sync_us = 0;
static int log_fd = -1;
static const char *root, *grave;
static size_t root_length;

#define REAL(type, name, ...)                                        \
  static type (*real)(__VA_ARGS__) = NULL;                           \
  if (!real) real = (type (*)(__VA_ARGS__))dlsym(RTLD_NEXT, #name)

__attribute__((constructor)) static void start(void) {
  const char *log = getenv("POWER_CUT_LOG");
  root = getenv("POWER_CUT_ROOT");
  grave = getenv("POWER_CUT_GRAVE");
  if (!log || !root || !grave) return;
  root_length = strlen(root);
  const char *slow = getenv("POWER_CUT_SYNC_US");
  if (slow) sync_us = (useconds_t)atol(slow);
  int (*open_real)(const char *, int, ...) = (int (*)(const char *, int, ...))dlsym(RTLD_NEXT, "open");
  log_fd = open_real(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

/* The path below the root, or NULL for one that is not of interest. The root itself is ".". */
static const char *below(const char *path) {
  if (log_fd < 0 || !path || strncmp(path, root, root_length) != 0) return NULL;
  if (path[root_length] == 0) return ".";
  return path[root_length] == '/' ? path + root_length + 1 : NULL;
}

static const char *below_fd(int fd, char *room) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = log_fd < 0 ? -1 : readlink(link, room, PATH_MAX - 1);
  if (length < 0) return NULL;
  room[length] = 0;
  return below(room);
}

/* Writes one line in one call: a kill leaves all of it or nothing. Called by whoever has the turn. */
static void note(const char *format, ...) {
  static char room[1 << 17];
  int length = snprintf(room, sizeof room, "%ld ", ++line_number);
  va_list rest;
  va_start(rest, format);
  length += vsnprintf(room + length, sizeof room - length - 1, format, rest);
  va_end(rest);
  room[length++] = '\n';
  if (write(log_fd, room, length) != length) abort();
}

static long now(void) {
  pthread_mutex_lock(&turn);
  long last = line_number;
  pthread_mutex_unlock(&turn);
  return last;
}

static int is_regular(const char *path) {
  struct stat found;
  return lstat(path, &found) == 0 && S_ISREG(found.st_mode);
}

/* Gives the file a second name that outlives the first. Returns that name, or "-" when there is no such file. */
static const char *bury(const char *path, char *room) {
  if (!is_regular(path)) return "-";
  int (*link_real)(const char *, const char *) = (int (*)(const char *, const char *))dlsym(RTLD_NEXT, "link");
  int length = snprintf(room, PATH_MAX, "%s/", grave);
  snprintf(room + length, PATH_MAX - length, "%d-%ld", getpid(), line_number + 1);
  if (link_real(path, room) != 0) abort();
  return room + length;
}

/* Notes what opening a file to write will do to names and sizes. Returns 1 when the turn was taken. */
static int before_open(const char *path, int creates, int truncates) {
  const char *name = creates || truncates ? below(path) : NULL;
  if (!name) return 0;
  pthread_mutex_lock(&turn);
  struct stat found;
  if (lstat(path, &found) != 0) {
    if (creates) note("create %s", name);
  } else if (truncates && S_ISREG(found.st_mode)) {
    note("truncate %lu 0", (unsigned long)found.st_ino);
  }
  return 1;
}

static void after(int taken) {
  int kept = errno;
  if (taken) pthread_mutex_unlock(&turn);
  errno = kept;
}

#define OPEN(name)                                                               \
  int name(const char *path, int flags, ...) {                                   \
    REAL(int, name, const char *, int, ...);                                     \
    va_list rest;                                                                \
    va_start(rest, flags);                                                       \
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;      \
    va_end(rest);                                                                \
    int taken = before_open(path, flags & O_CREAT, flags & O_TRUNC);             \
    int fd = real(path, flags, mode);                                            \
    after(taken);                                                                \
    return fd;                                                                   \
  }
OPEN(open)
OPEN(open64)

#define FOPEN(name)                                                              \
  FILE *name(const char *path, const char *mode) {                               \
    REAL(FILE *, name, const char *, const char *);                              \
    int taken = before_open(path, mode[0] != 'r', mode[0] == 'w');               \
    FILE *file = real(path, mode);                                               \
    after(taken);                                                                \
    return file;                                                                 \
  }
FOPEN(fopen)
FOPEN(fopen64)

int mkdir(const char *path, mode_t mode) {
  REAL(int, mkdir, const char *, mode_t);
  const char *name = below(path);
  if (!name || access(path, F_OK) == 0) return real(path, mode);
  pthread_mutex_lock(&turn);
  note("mkdir %s", name);
  int result = real(path, mode);
  after(1);
  return result;
}

int rmdir(const char *path) {
  REAL(int, rmdir, const char *);
  const char *name = below(path);
  if (!name) return real(path);
  pthread_mutex_lock(&turn);
  note("rmdir %s", name);
  int result = real(path);
  after(1);
  return result;
}

int rename(const char *from, const char *to) {
  REAL(int, rename, const char *, const char *);
  const char *source = below(from), *target = below(to);
  if (!source || !target || !is_regular(from)) return real(from, to);
  char room[PATH_MAX];
  pthread_mutex_lock(&turn);
  const char *buried = bury(to, room);
  note("rename %s %s %s", source, target, buried);
  int result = real(from, to);
  after(1);
  return result;
}

int unlink(const char *path) {
  REAL(int, unlink, const char *);
  const char *name = below(path);
  if (!name || !is_regular(path)) return real(path);
  char room[PATH_MAX];
  pthread_mutex_lock(&turn);
  const char *buried = bury(path, room);
  note("unlink %s %s", name, buried);
  int result = real(path);
  after(1);
  return result;
}

int link(const char *from, const char *to) {
  REAL(int, link, const char *, const char *);
  if (below(to) && is_regular(from)) {
    pthread_mutex_lock(&turn);
    note("unknown link");
    after(1);
  }
  return real(from, to);
}

/* Notes the bytes that a write at an offset replaces; those behind the end are an append. */
static void note_overwrite(int fd, size_t count, off64_t offset) {
  static const char digits[] = "0123456789abcdef";
  static char old[1 << 15], hex[1 << 16 | 1];
  struct stat found;
  if (fstat(fd, &found) != 0 || !S_ISREG(found.st_mode) || offset >= found.st_size) return;
  size_t kept = (size_t)(found.st_size - offset) < count ? (size_t)(found.st_size - offset) : count;
  if (kept > sizeof old) {
    note("unknown overwrite of %zu bytes", kept);
    return;
  }
  char path[64];
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  int (*open_real)(const char *, int, ...) = (int (*)(const char *, int, ...))dlsym(RTLD_NEXT, "open");
  int reader = open_real(path, O_RDONLY | O_CLOEXEC);
  ssize_t got = reader < 0 ? -1 : pread64(reader, old, kept, offset);
  if (reader >= 0) close(reader);
  if (got != (ssize_t)kept) abort();
  for (size_t at = 0; at < kept; at++) {
    hex[2 * at] = digits[(old[at] >> 4) & 15];
    hex[2 * at + 1] = digits[old[at] & 15];
  }
  hex[2 * kept] = 0;
  note("overwrite %lu %lld %s", (unsigned long)found.st_ino, (long long)offset, hex);
}

#define PWRITE(name, offset_type)                                                \
  ssize_t name(int fd, const void *bytes, size_t count, offset_type offset) {    \
    REAL(ssize_t, name, int, const void *, size_t, offset_type);                 \
    char room[PATH_MAX];                                                         \
    int taken = below_fd(fd, room) != NULL;                                      \
    if (taken) {                                                                 \
      pthread_mutex_lock(&turn);                                                 \
      note_overwrite(fd, count, offset);                                         \
    }                                                                            \
    ssize_t result = real(fd, bytes, count, offset);                             \
    after(taken);                                                                \
    return result;                                                               \
  }
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

ssize_t pwritev64(int fd, const struct iovec *parts, int count, off64_t offset) {
  REAL(ssize_t, pwritev64, int, const struct iovec *, int, off64_t);
  char room[PATH_MAX];
  if (below_fd(fd, room)) {
    pthread_mutex_lock(&turn);
    note("unknown pwritev64");
    after(1);
  }
  return real(fd, parts, count, offset);
}

#define TRUNCATE(name, size_type)                                                \
  int name(int fd, size_type size) {                                             \
    REAL(int, name, int, size_type);                                             \
    char room[PATH_MAX];                                                         \
    struct stat found;                                                           \
    if (below_fd(fd, room) && fstat(fd, &found) == 0) {                          \
      pthread_mutex_lock(&turn);                                                 \
      note("truncate %lu %lld", (unsigned long)found.st_ino, (long long)size);   \
      after(1);                                                                  \
    }                                                                            \
    return real(fd, size);                                                       \
  }
TRUNCATE(ftruncate, off_t)
TRUNCATE(ftruncate64, off64_t)

#define SYNC(name)                                                               \
  int name(int fd) {                                                             \
    REAL(int, name, int);                                                        \
    char room[PATH_MAX];                                                         \
    struct stat found;                                                           \
    const char *path = below_fd(fd, room);                                       \
    long since = path ? now() : 0;                                               \
    if (path && fstat(fd, &found) != 0) path = NULL;                             \
    if (path && sync_us) usleep(sync_us);                                        \
    int result = real(fd);                                                       \
    if (!path || result != 0) return result;                                     \
    pthread_mutex_lock(&turn);                                                   \
    if (S_ISDIR(found.st_mode)) note("sync-folder %s %ld", path, since);         \
    else                                                                         \
      note("sync %lu %lld %ld", (unsigned long)found.st_ino,                     \
           (long long)found.st_size, since);                                     \
    after(1);                                                                    \
    return result;                                                               \
  }
SYNC(fsync)
SYNC(fdatasync)
