// What the thread sanitizer does not see by itself: C11 threads, Swift's Mutex where threads meet at it, and a continuation that is resumed
// early.
//
// **C11 threads.** Debian's librdkafka starts its threads with thrd_create and locks with mtx_lock. Inside the C library these reach the POSIX
// functions by a way that the sanitizer does not see: a thread that it has not seen begin ends the program with signal 11, and a lock that
// it has not seen taken would be reported as a race. scripts/sanitize compiles this file to a shared object and loads it
// before the C library; then every such call goes through the functions that the sanitizer watches, in the tests and in the
// programs that they start.
//
// **Swift's Mutex.** Its fast path is an atomic operation in our own code, which the sanitizer understands. A thread that finds it
// taken goes on in the Synchronization library, which is not built for the sanitizer, and there the kernel hands the lock over
// (FUTEX_LOCK_PI): without help every such moment is reported as a race on what the lock guards. The library's three slow
// methods are wrapped here to tell the sanitizer who had the lock before.
//
// **Early continuations.** Whoever resumes a continuation tells the sanitizer so, and a task that is waiting for it by then as well, when it
// goes on. But a task that finds it resumed before it could wait goes on without a word, and what it was given is reported as
// a race. It is told here when such a task goes on.
//
// The types are the C library's own: its mtx_t, cnd_t, once_flag and thrd_t have the size and the initial value of their POSIX
// counterparts.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <threads.h>
#include <time.h>

_Static_assert(sizeof(mtx_t) >= sizeof(pthread_mutex_t), "mtx_t cannot hold a POSIX mutex");
_Static_assert(sizeof(cnd_t) >= sizeof(pthread_cond_t), "cnd_t cannot hold a POSIX condition");
_Static_assert(sizeof(once_flag) >= sizeof(pthread_once_t), "once_flag cannot hold a POSIX one");
_Static_assert(sizeof(thrd_t) == sizeof(pthread_t), "thrd_t is not a POSIX thread");

static int result(int error) {
    switch (error) {
    case 0: return thrd_success;
    case ENOMEM: return thrd_nomem;
    case ETIMEDOUT: return thrd_timedout;
    case EBUSY: return thrd_busy;
    default: return thrd_error;
    }
}

struct start {
    thrd_start_t function;
    void *argument;
};

static void *run(void *opaque) {
    struct start start = *(struct start *)opaque;
    free(opaque);
    return (void *)(intptr_t)start.function(start.argument);
}

int thrd_create(thrd_t *thread, thrd_start_t function, void *argument) {
    struct start *start = malloc(sizeof *start);
    if (start == NULL) return thrd_nomem;
    *start = (struct start){function, argument};
    pthread_t created;
    int error = pthread_create(&created, NULL, run, start);
    if (error != 0) {
        free(start);
        // POSIX says EAGAIN where C11 says "no memory".
        return error == EAGAIN ? thrd_nomem : result(error);
    }
    *thread = created;
    return thrd_success;
}

int thrd_join(thrd_t thread, int *code) {
    void *value = NULL;
    int error = pthread_join(thread, &value);
    if (error == 0 && code != NULL) *code = (int)(intptr_t)value;
    return result(error);
}

int thrd_detach(thrd_t thread) { return result(pthread_detach(thread)); }

thrd_t thrd_current(void) { return pthread_self(); }

int thrd_equal(thrd_t left, thrd_t right) { return pthread_equal(left, right); }

_Noreturn void thrd_exit(int code) { pthread_exit((void *)(intptr_t)code); }

void thrd_yield(void) { sched_yield(); }

int mtx_init(mtx_t *mutex, int type) {
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_settype(
        &attributes, (type & mtx_recursive) != 0 ? PTHREAD_MUTEX_RECURSIVE : PTHREAD_MUTEX_NORMAL);
    int error = pthread_mutex_init((pthread_mutex_t *)mutex, &attributes);
    pthread_mutexattr_destroy(&attributes);
    return result(error);
}

int mtx_lock(mtx_t *mutex) { return result(pthread_mutex_lock((pthread_mutex_t *)mutex)); }

int mtx_trylock(mtx_t *mutex) { return result(pthread_mutex_trylock((pthread_mutex_t *)mutex)); }

int mtx_timedlock(mtx_t *restrict mutex, const struct timespec *restrict due) {
    return result(pthread_mutex_timedlock((pthread_mutex_t *)mutex, due));
}

int mtx_unlock(mtx_t *mutex) { return result(pthread_mutex_unlock((pthread_mutex_t *)mutex)); }

void mtx_destroy(mtx_t *mutex) { pthread_mutex_destroy((pthread_mutex_t *)mutex); }

int cnd_init(cnd_t *condition) { return result(pthread_cond_init((pthread_cond_t *)condition, NULL)); }

int cnd_signal(cnd_t *condition) { return result(pthread_cond_signal((pthread_cond_t *)condition)); }

int cnd_broadcast(cnd_t *condition) { return result(pthread_cond_broadcast((pthread_cond_t *)condition)); }

int cnd_wait(cnd_t *condition, mtx_t *mutex) {
    return result(pthread_cond_wait((pthread_cond_t *)condition, (pthread_mutex_t *)mutex));
}

int cnd_timedwait(cnd_t *restrict condition, mtx_t *restrict mutex, const struct timespec *restrict due) {
    return result(pthread_cond_timedwait((pthread_cond_t *)condition, (pthread_mutex_t *)mutex, due));
}

void cnd_destroy(cnd_t *condition) { pthread_cond_destroy((pthread_cond_t *)condition); }

void call_once(once_flag *flag, void (*function)(void)) { pthread_once((pthread_once_t *)flag, function); }

// Swift's Mutex

// Of the sanitizer's runtime; absent in programs that run without it, such as a shell that a test starts.
extern void __tsan_acquire(void *address) __attribute__((weak));
extern void __tsan_release(void *address) __attribute__((weak));

#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context))

// The names are those of Synchronization._MutexHandle's methods in Swift 6.
#define LOCK_SLOW "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define TRY_LOCK_SLOW "$s15Synchronization12_MutexHandleV12_tryLockSlowSbyF"
#define UNLOCK_SLOW "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

typedef SWIFT void lock_method(uint32_t thread, SELF void *self);
typedef SWIFT bool try_lock_method(SELF void *self);
typedef SWIFT void unlock_method(SELF void *self);

static lock_method *real_lock;
static try_lock_method *real_try_lock;
static unlock_method *real_unlock;

__attribute__((constructor)) static void find_real(void) {
    real_lock = (lock_method *)dlsym(RTLD_NEXT, LOCK_SLOW);
    real_try_lock = (try_lock_method *)dlsym(RTLD_NEXT, TRY_LOCK_SLOW);
    real_unlock = (unlock_method *)dlsym(RTLD_NEXT, UNLOCK_SLOW);
}

SWIFT void lock_slow(uint32_t thread, SELF void *self) __asm__(LOCK_SLOW);
SWIFT bool try_lock_slow(SELF void *self) __asm__(TRY_LOCK_SLOW);
SWIFT void unlock_slow(SELF void *self) __asm__(UNLOCK_SLOW);

SWIFT void lock_slow(uint32_t thread, SELF void *self) {
    real_lock(thread, self);
    if (__tsan_acquire != NULL) __tsan_acquire(self);
}

SWIFT bool try_lock_slow(SELF void *self) {
    bool locked = real_try_lock(self);
    if (locked && __tsan_acquire != NULL) __tsan_acquire(self);
    return locked;
}

SWIFT void unlock_slow(SELF void *self) {
    if (__tsan_release != NULL) __tsan_release(self);
    real_unlock(self);
}

// Swift's continuations

#define SWIFT_ASYNC __attribute__((swiftasynccall))

typedef SWIFT_ASYNC void resume_function(__attribute__((swift_async_context)) void *context);

// The beginning of Swift's ContinuationAsyncContext.
struct continuation {
    void *parent;
    resume_function *resume;
    uintptr_t flags;
};
// The task is handed to an executor first, which the sanitizer sees.
enum { IS_EXECUTOR_SWITCH_FORCED = 2 };

typedef SWIFT_ASYNC void await_function(struct continuation *context);
typedef SWIFT void dealloc_function(void *memory);

extern SWIFT void *swift_task_getCurrent(void) __attribute__((weak));

static await_function *real_await;
static dealloc_function *real_dealloc;

__attribute__((constructor)) static void find_real_continuations(void) {
    real_await = (await_function *)dlsym(RTLD_NEXT, "swift_continuation_await");
    real_dealloc = (dealloc_function *)dlsym(RTLD_NEXT, "swift_task_dealloc");
}

// Whoever resumes a continuation releases the task, and whoever hands it to an executor.
static void acquire_task(void) {
    if (__tsan_acquire != NULL) __tsan_acquire(swift_task_getCurrent());
}

// What a task that need not wait goes on with; it does so on this thread at once.
static _Thread_local resume_function *next;

static SWIFT_ASYNC void resume_early(__attribute__((swift_async_context)) void *context) {
    acquire_task();
    __attribute__((musttail)) return next(context);
}

await_function swift_continuation_await;

// Where our own code waits, as in withUnsafeContinuation.
SWIFT_ASYNC void swift_continuation_await(struct continuation *context) {
    if ((context->flags & IS_EXECUTOR_SWITCH_FORCED) == 0) {
        // A task that has to wait goes on with what it had noted before.
        next = context->resume;
        context->resume = resume_early;
    }
    __attribute__((musttail)) return real_await(context);
}

dealloc_function swift_task_dealloc;

// Where the library waits for us, as in withCheckedContinuation: the first that the caller does then is to free that call's frame.
SWIFT void swift_task_dealloc(void *memory) {
    acquire_task();
    real_dealloc(memory);
}
