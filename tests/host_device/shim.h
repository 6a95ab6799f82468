// Runs CUDA C kernels on the host: included in front of a kernel source, which stays as it is.
//
// The threads of a block are fibers, which hand over to one another at barriers and at operations
// of a warp. Blocks run one after the other; those of a cooperative launch, which wait for one
// another, each in an operating system thread of its own.
//
// A mistake that hangs a GPU or makes its results undefined ends the launch with a message.

#pragma once

#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <ucontext.h>

#define __device__
#define __host__
#define __global__ __attribute__((visibility("default")))
#define __constant__ static const
#define __shared__ static thread_local
#define __forceinline__ inline __attribute__((always_inline))
#define __noinline__ __attribute__((noinline))
#define __launch_bounds__(...)

// Unsigned, as in CUDA: an index less than 0 wraps here as it does there.
struct ShimIndex {
    unsigned int x;
};

namespace {

thread_local ShimIndex threadIdx, blockIdx, blockDim, gridDim;
constexpr int warpSize = 32;

namespace shim {

typedef unsigned int u32;
typedef unsigned long long u64;
typedef void (*KernelFunction)(u64, u64, u64, u64, u64, u64, u64, u64);

constexpr int WARP = 32;
constexpr int MOST_THREADS = 1024;
constexpr int MOST_WARPS = MOST_THREADS / WARP;
constexpr size_t STACK_BYTES = 128 * 1024;  // taken from the system only where it is touched
constexpr size_t COLOUR_BYTES = 13 * 64;
constexpr u32 COLOURS = 64;
constexpr u64 CANARY = 0x5afe57ac4b077014ull;
constexpr u32 ATOMICS_BETWEEN_CHECKS = 4096;

// Where a thread of execution has stopped, and how another goes on instead.
//
// On x86-64 by hand, as a jump without a call: a processor foresees where functions return to by
// counting calls, and fibers that stop in the same places then find their returns foreseen.
#ifdef __x86_64__
struct Place {
    void *frame, *instruction, *stack;
};

__forceinline__ void change_places(Place *from, Place *to) {
    asm volatile(
        "movq %%rbp, (%0)\n\t"
        "leaq 1f(%%rip), %%rax\n\t"
        "movq %%rax, 8(%0)\n\t"
        "movq %%rsp, 16(%0)\n\t"
        "movq (%1), %%rbp\n\t"
        "movq 16(%1), %%rsp\n\t"
        "jmpq *8(%1)\n"
        "1:"
        : "+D"(from), "+S"(to)
        :
        : "rax", "rbx", "rcx", "rdx", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "xmm0",
          "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11",
          "xmm12", "xmm13", "xmm14", "xmm15", "memory", "cc");
}
#else
struct Place {
    jmp_buf at;
};

#define change_places(from, to) \
    (_setjmp((from)->at) == 0 ? _longjmp((to)->at, 1) : (void)0)
#endif

// ---------------------------------------------------------------- what there is

struct Launch {
    KernelFunction kernel;
    u64 args[8];
    int n_blocks, n_threads;
    long long seed;  // of the order of threads and blocks; ascending where it is negative
    double patience;  // seconds
    bool cooperative;
    int failed;
    char message[1024];
    pthread_mutex_t lock;
};

// Where threads meet: a barrier of the block, or an operation of a warp.
struct Meeting {
    int first, expected, arrived;
    const char *name;
    int line;
    u32 generation;
    int n_true;
    int result[2];  // of the barriers that count; one meeting may fill it while others still read
    u32 words[2][WARP];
};

struct Runner;

struct Fiber {
    Place at;
    char *stack;
    Runner *runner;
    Meeting *warp;
    int index;
    bool prepared, done;
    const char *waits_at;  // null where it does not wait
    int line;
};

// What runs one block.
struct Runner {
    Fiber *fibers[MOST_THREADS];
    int n_fibers;
    Launch *launch;
    int block, n_done;
    int queue[MOST_THREADS];
    u32 head, size;
    Meeting all, warps[MOST_WARPS];
    Place main;
    u64 random;
    double last_progress;
    u32 n_atomics;
    Runner *next_idle;
};

thread_local Fiber *current;

double seconds() {
    timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return double(now.tv_sec) + 1e-9 * double(now.tv_nsec);
}

// Splitmix64 (Steele, Lea, Flood, 2014).
u64 next_random(u64 &state) {
    u64 z = (state += 0x9e3779b97f4a7c15ull);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    return z ^ (z >> 31);
}

// ---------------------------------------------------------------- failure

// The first failure is the one that is told.
void note_failure(Launch *launch, const char *format, ...) {
    pthread_mutex_lock(&launch->lock);
    if (!__atomic_load_n(&launch->failed, __ATOMIC_ACQUIRE)) {
        va_list values;
        va_start(values, format);
        vsnprintf(launch->message, sizeof launch->message, format, values);
        va_end(values);
        __atomic_store_n(&launch->failed, 1, __ATOMIC_RELEASE);
    }
    pthread_mutex_unlock(&launch->lock);
}

bool has_failed(Launch *launch) { return __atomic_load_n(&launch->failed, __ATOMIC_ACQUIRE); }

// Leave the running fiber for good.
[[noreturn]] void abandon(Runner *runner) {
    Place nowhere;
    change_places(&nowhere, &runner->main);
    __builtin_unreachable();
}

#define SHIM_FAIL(...)                                        \
    do {                                                      \
        Runner *failing = current->runner;                    \
        note_failure(failing->launch, __VA_ARGS__);           \
        abandon(failing);                                     \
    } while (false)

// ---------------------------------------------------------------- the queue of fibers

inline void push(Runner *runner, int index) {
    runner->queue[(runner->head + runner->size) % MOST_THREADS] = index;
    runner->size++;
}

__forceinline__ int pop(Runner *runner) {
    int &front = runner->queue[runner->head];
    if (runner->launch->seed >= 0) {
        u64 fraction = next_random(runner->random) >> 32;
        u32 chosen = u32(fraction * runner->size >> 32);
        int &other = runner->queue[(runner->head + chosen) % MOST_THREADS];
        int index = other;
        other = front;
        front = index;
    }
    int index = front;
    runner->head = (runner->head + 1) % MOST_THREADS;
    runner->size--;
    return index;
}

// What the next fiber that does not wait finds when it goes on.
__forceinline__ Fiber *choose_next(Runner *runner) {
    Fiber *fiber = runner->fibers[pop(runner)];
    current = fiber;
    threadIdx.x = unsigned(fiber->index);
    return fiber;
}

inline bool has_next(Runner *runner) { return runner->size && !has_failed(runner->launch); }

// Let others go on until it is this fiber's turn: the next that does not wait, or what started
// them if there is none. A fiber may go on in another operating system thread once its kernel is
// over: what it does after the change touches no thread_local variable.
__noinline__ void hand_over(Fiber *fiber) {
    Runner *runner = fiber->runner;
    Place *to = has_next(runner) ? &choose_next(runner)->at : &runner->main;
    if (to != &fiber->at) change_places(&fiber->at, to);
}

// ---------------------------------------------------------------- fibers

__noinline__ void end_kernel(Fiber *fiber) {
    Runner *runner = fiber->runner;
    if (*reinterpret_cast<u64 *>(fiber->stack) != CANARY) {
        fputs("snnlab host device: a kernel needs too much stack\n", stderr);
        abort();
    }
    fiber->done = true;
    runner->n_done++;
    runner->last_progress = 0;
}

__noinline__ void run_kernel(Fiber *fiber) {
    Launch *launch = fiber->runner->launch;
    u64 *a = launch->args;
    launch->kernel(a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7]);
}

__noinline__ Fiber *chosen() { return current; }

void live() {
    Fiber *fiber = chosen();
    for (;;) {
        run_kernel(fiber);
        end_kernel(fiber);
        hand_over(fiber);
    }
}

// Let a fiber begin where it goes on next. Stacks begin at different lines of a cache: threads
// stop at the same depth, and there are more of them than lines that share a place in it.
#ifdef __x86_64__
void prepare(Fiber *fiber) {
    size_t size = STACK_BYTES - u32(fiber->index) % COLOURS * COLOUR_BYTES;
    char *stack = fiber->stack + size - 8;  // as if live had been called
    fiber->at = {nullptr, reinterpret_cast<void *>(live), stack};
    fiber->prepared = true;
}
#else
thread_local Fiber *in_preparation;
thread_local Place creator;

void begin() {
    change_places(&in_preparation->at, &creator);
    live();
}

__noinline__ void prepare(Fiber *fiber) {
    ucontext_t context;
    getcontext(&context);
    context.uc_stack.ss_sp = fiber->stack;
    context.uc_stack.ss_size = STACK_BYTES - u32(fiber->index) % COLOURS * COLOUR_BYTES;
    context.uc_link = nullptr;
    makecontext(&context, begin, 0);
    in_preparation = fiber;
    if (_setjmp(creator.at) == 0) setcontext(&context);
    fiber->prepared = true;
}
#endif

void give_stack(Fiber *fiber) {
    int flags = MAP_PRIVATE | MAP_ANONYMOUS;
    void *memory = mmap(nullptr, STACK_BYTES, PROT_READ | PROT_WRITE, flags, -1, 0);
    if (memory == MAP_FAILED) {
        fputs("snnlab host device: no memory for a stack\n", stderr);
        abort();
    }
    fiber->stack = static_cast<char *>(memory);
    *reinterpret_cast<u64 *>(fiber->stack) = CANARY;
}

Fiber *new_fiber(Runner *runner, int index) {
    Fiber *fiber = static_cast<Fiber *>(calloc(1, sizeof(Fiber)));
    fiber->runner = runner;
    fiber->index = index;
    fiber->warp = &runner->warps[index / WARP];
    give_stack(fiber);
    return fiber;
}

// Have as many fibers as a block has threads, each where its life begins or goes on.
void man(Runner *runner, int n_threads) {
    for (; runner->n_fibers < n_threads; runner->n_fibers++)
        runner->fibers[runner->n_fibers] = new_fiber(runner, runner->n_fibers);
    for (int k = 0; k < n_threads; k++)
        if (!runner->fibers[k]->prepared) prepare(runner->fibers[k]);
}

// ---------------------------------------------------------------- blocks

__noinline__ void run_fibers(Runner *runner) {
    if (!has_next(runner)) return;
    Fiber *first = choose_next(runner);
    change_places(&runner->main, &first->at);
}

void begin_block(Runner *runner, int block) {
    int n = runner->launch->n_threads;
    runner->block = block;
    runner->n_done = runner->head = runner->size = 0;
    runner->n_atomics = 0;
    runner->last_progress = 0;
    u64 seed = u64(runner->launch->seed);
    runner->random = seed * 0x9e3779b97f4a7c15ull + u64(block);
    runner->all.first = runner->all.arrived = 0;
    runner->all.expected = n;
    for (int w = 0; w * WARP < n; w++) {
        Meeting &warp = runner->warps[w];
        warp.first = w * WARP;
        warp.arrived = 0;
        warp.expected = n - warp.first < WARP ? n - warp.first : WARP;
    }
    for (int k = 0; k < n; k++) {
        runner->fibers[k]->done = false;
        runner->fibers[k]->waits_at = nullptr;
        push(runner, k);
    }
}

struct Text {
    char at[800];
    int length;
    void add(const char *format, ...) {
        va_list values;
        va_start(values, format);
        int room = int(sizeof at) - length;
        int wrote = vsnprintf(at + length, size_t(room), format, values);
        length += wrote < room ? wrote : room - 1;
        va_end(values);
    }
};

bool same_place(Fiber *a, Fiber *b) {
    if (a->done || b->done) return a->done == b->done;
    return a->waits_at == b->waits_at && a->line == b->line;
}

// Tell for each place at which threads stand how many they are and which is the first.
void describe(Runner *runner, Text &text) {
    int n = runner->launch->n_threads;
    for (int k = 0; k < n; k++) {
        Fiber *fiber = runner->fibers[k];
        int first = k, count = 0;
        for (int j = n - 1; j >= 0; j--) {
            if (!same_place(runner->fibers[j], fiber)) continue;
            first = j;
            count++;
        }
        if (first != k) continue;
        text.add("%s%d thread(s), the first is %d, ", text.length ? "; " : "", count, first);
        if (fiber->done) text.add("returned");
        else if (fiber->waits_at) text.add("at %s in line %d", fiber->waits_at, fiber->line);
        else text.add("at no barrier");
    }
}

void run_block(Runner *runner, int block) {
    Launch *launch = runner->launch;
    blockIdx.x = unsigned(block);
    blockDim.x = unsigned(launch->n_threads);
    gridDim.x = unsigned(launch->n_blocks);
    man(runner, launch->n_threads);
    begin_block(runner, block);
    run_fibers(runner);
    if (runner->n_done == launch->n_threads) return;
    for (int k = 0; k < launch->n_threads; k++) runner->fibers[k]->prepared = false;
    if (has_failed(launch)) return;
    Text text = {};
    describe(runner, text);
    note_failure(launch, "block %d waits for ever: %s", block, text.at);
}

// ---------------------------------------------------------------- launches

pthread_mutex_t idle_lock = PTHREAD_MUTEX_INITIALIZER;
Runner *idle = nullptr;

Runner *take_runner(Launch *launch) {
    pthread_mutex_lock(&idle_lock);
    Runner *runner = idle;
    if (runner) idle = runner->next_idle;
    pthread_mutex_unlock(&idle_lock);
    if (!runner) runner = static_cast<Runner *>(calloc(1, sizeof(Runner)));
    runner->launch = launch;
    return runner;
}

void give_runner(Runner *runner) {
    pthread_mutex_lock(&idle_lock);
    runner->next_idle = idle;
    idle = runner;
    pthread_mutex_unlock(&idle_lock);
}

int *block_order(Launch *launch) {
    int n = launch->n_blocks;
    int *order = static_cast<int *>(malloc(size_t(n) * sizeof(int)));
    for (int k = 0; k < n; k++) order[k] = k;
    u64 random = u64(launch->seed);
    for (int k = n - 1; k > 0 && launch->seed >= 0; k--) {
        int other = int(next_random(random) % u64(k + 1));
        int block = order[k];
        order[k] = order[other];
        order[other] = block;
    }
    return order;
}

void run_in_turn(Launch *launch, const int *order) {
    Runner *runner = take_runner(launch);
    for (int k = 0; k < launch->n_blocks && !has_failed(launch); k++) run_block(runner, order[k]);
    give_runner(runner);
}

struct Work {
    Launch *launch;
    int block;
    pthread_t thread;
};

void *run_alone(void *at) {
    Work *work = static_cast<Work *>(at);
    Runner *runner = take_runner(work->launch);
    run_block(runner, work->block);
    give_runner(runner);
    return nullptr;
}

void run_together(Launch *launch, const int *order) {
    int n = launch->n_blocks;
    Work *works = static_cast<Work *>(calloc(size_t(n), sizeof(Work)));
    int started = 0;
    for (; started < n; started++) {
        works[started].launch = launch;
        works[started].block = order[started];
        if (pthread_create(&works[started].thread, nullptr, run_alone, &works[started])) break;
    }
    if (started < n) note_failure(launch, "no thread for block %d of %d", started, n);
    for (int k = 0; k < started; k++) pthread_join(works[k].thread, nullptr);
    free(works);
}

// ---------------------------------------------------------------- meeting

// Give up where nothing but waiting has happened for too long, or another block has failed.
void check_patience(Runner *runner, const char *doing) {
    Launch *launch = runner->launch;
    if (has_failed(launch)) abandon(runner);
    double now = seconds();
    if (runner->last_progress == 0) runner->last_progress = now;
    if (now - runner->last_progress > launch->patience)
        SHIM_FAIL("block %d, thread %u: %s for more than %g s without another thread going on",
                  runner->block, threadIdx.x, doing, launch->patience);
    if (launch->cooperative) sched_yield();
}

// Returns which of the two sets of words belongs to this meeting.
__noinline__ u32 meet(
    Fiber *fiber, Meeting &meeting, const char *name, int line, u32 word, bool is_true) {
    Runner *runner = fiber->runner;
    if (meeting.arrived == 0) {
        meeting.name = name;
        meeting.line = line;
        meeting.n_true = 0;
    } else if (meeting.name != name || meeting.line != line) {
        SHIM_FAIL("block %d: thread %u is at %s in line %d, but threads that it has to meet are "
                  "at %s in line %d",
                  runner->block, threadIdx.x, name, line, meeting.name, meeting.line);
    }
    u32 set = meeting.generation & 1;
    if (meeting.expected <= WARP) meeting.words[set][fiber->index - meeting.first] = word;
    meeting.n_true += is_true;
    fiber->waits_at = name;
    fiber->line = line;
    if (++meeting.arrived == meeting.expected) {
        meeting.arrived = 0;
        meeting.result[set] = meeting.n_true;
        meeting.generation++;
        runner->last_progress = 0;
        for (int k = 0; k < meeting.expected; k++) {
            runner->fibers[meeting.first + k]->waits_at = nullptr;
            push(runner, meeting.first + k);
        }
    }
    hand_over(fiber);
    return set;
}

__noinline__ int meet_block(const char *name, int line, bool is_true) {
    Fiber *fiber = current;
    Meeting &all = fiber->runner->all;
    return all.result[meet(fiber, all, name, line, 0, is_true)];
}

inline void expect_full(u32 mask, const char *name, int line) {
    if (mask != 0xffffffffu)
        SHIM_FAIL("line %d: the mask of %s is %#x, not full", line, name, mask);
}

// What the lanes of a warp have brought to a meeting.
struct Lanes {
    const u32 *words;
    int n, n_true;
};

__noinline__ Lanes meet_warp(u32 mask, const char *name, int line, u32 word) {
    expect_full(mask, name, line);
    Fiber *fiber = current;
    Meeting &warp = *fiber->warp;
    u32 set = meet(fiber, warp, name, line, word, word != 0);
    return {warp.words[set], warp.expected, warp.result[set]};
}

u32 shuffle(u32 mask, const char *name, int line, u32 word, int source) {
    Lanes lanes = meet_warp(mask, name, line, word);
    int lane = int(threadIdx.x) % WARP;
    if (source < 0 || source >= WARP) source = lane;
    if (source >= lanes.n)
        SHIM_FAIL("block %u, thread %u: %s in line %d reads lane %d, which does not exist",
                  blockIdx.x, threadIdx.x, name, line, source);
    return lanes.words[source];
}

inline void count_atomic() {
    Runner *runner = current->runner;
    if (++runner->n_atomics % ATOMICS_BETWEEN_CHECKS == 0) check_patience(runner, "atomics");
}

template <typename To, typename From>
inline To cast_bits(From value) {
    static_assert(sizeof(To) == sizeof(From), "");
    To result;
    memcpy(&result, &value, sizeof result);
    return result;
}

}  // namespace shim

// ---------------------------------------------------------------- barriers

#define SHIM_LINE int line = __builtin_LINE()

const char SHIM_BARRIER[] = "__syncthreads", SHIM_BARRIER_OR[] = "__syncthreads_or",
           SHIM_BARRIER_AND[] = "__syncthreads_and", SHIM_BARRIER_COUNT[] = "__syncthreads_count",
           SHIM_WARP[] = "__syncwarp", SHIM_BALLOT[] = "__ballot_sync", SHIM_ANY[] = "__any_sync",
           SHIM_ALL[] = "__all_sync", SHIM_SHUFFLE[] = "__shfl_sync", SHIM_UP[] = "__shfl_up_sync",
           SHIM_DOWN[] = "__shfl_down_sync", SHIM_XOR[] = "__shfl_xor_sync";

inline void __syncthreads(SHIM_LINE) { shim::meet_block(SHIM_BARRIER, line, false); }
inline int __syncthreads_or(int predicate, SHIM_LINE) {
    return shim::meet_block(SHIM_BARRIER_OR, line, predicate != 0) != 0;
}
inline int __syncthreads_and(int predicate, SHIM_LINE) {
    return shim::meet_block(SHIM_BARRIER_AND, line, predicate != 0) == int(blockDim.x);
}
inline int __syncthreads_count(int predicate, SHIM_LINE) {
    return shim::meet_block(SHIM_BARRIER_COUNT, line, predicate != 0);
}
inline void __syncwarp(unsigned mask = 0xffffffffu, SHIM_LINE) {
    shim::meet_warp(mask, SHIM_WARP, line, 0);
}
inline void __threadfence() { __atomic_thread_fence(__ATOMIC_SEQ_CST); }

// Cycles of a clock that is as good as any other.
inline long long clock64() {
    timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000ll + now.tv_nsec;
}

// Let others go on, in this block and in others.
inline void __nanosleep(unsigned) {
    shim::Runner *runner = shim::current->runner;
    shim::check_patience(runner, "sleeping");
    if (runner->size == 0) return;
    shim::push(runner, int(threadIdx.x));
    shim::hand_over(shim::current);
}

// ---------------------------------------------------------------- operations of a warp

inline unsigned __ballot_sync(unsigned mask, int predicate, SHIM_LINE) {
    shim::Lanes lanes = shim::meet_warp(mask, SHIM_BALLOT, line, predicate != 0);
    unsigned ballot = 0;
    for (int k = 0; k < lanes.n; k++) ballot |= lanes.words[k] << k;
    return ballot;
}
inline int __any_sync(unsigned mask, int predicate, SHIM_LINE) {
    return shim::meet_warp(mask, SHIM_ANY, line, predicate != 0).n_true != 0;
}
inline int __all_sync(unsigned mask, int predicate, SHIM_LINE) {
    shim::Lanes lanes = shim::meet_warp(mask, SHIM_ALL, line, predicate != 0);
    return lanes.n_true == lanes.n;
}

#define SHIM_SHUFFLES(T)                                                                        \
    inline T __shfl_sync(unsigned mask, T value, int source, SHIM_LINE) {                       \
        unsigned word = shim::cast_bits<unsigned>(value);                                       \
        return shim::cast_bits<T>(                                                              \
            shim::shuffle(mask, SHIM_SHUFFLE, line, word, source & (shim::WARP - 1)));          \
    }                                                                                           \
    inline T __shfl_up_sync(unsigned mask, T value, unsigned delta, SHIM_LINE) {                \
        unsigned word = shim::cast_bits<unsigned>(value);                                       \
        int source = int(threadIdx.x % shim::WARP - delta);                                     \
        return shim::cast_bits<T>(shim::shuffle(mask, SHIM_UP, line, word, source));            \
    }                                                                                           \
    inline T __shfl_down_sync(unsigned mask, T value, unsigned delta, SHIM_LINE) {              \
        unsigned word = shim::cast_bits<unsigned>(value);                                       \
        int source = int(threadIdx.x % shim::WARP + delta);                                     \
        return shim::cast_bits<T>(shim::shuffle(mask, SHIM_DOWN, line, word, source));          \
    }                                                                                           \
    inline T __shfl_xor_sync(unsigned mask, T value, int lanes, SHIM_LINE) {                    \
        unsigned word = shim::cast_bits<unsigned>(value);                                       \
        int source = int(threadIdx.x % shim::WARP) ^ lanes;                                     \
        return shim::cast_bits<T>(shim::shuffle(mask, SHIM_XOR, line, word, source));           \
    }
SHIM_SHUFFLES(int)
SHIM_SHUFFLES(unsigned)
SHIM_SHUFFLES(float)

// ---------------------------------------------------------------- atomics

// All return what was there before, as in CUDA.
#define SHIM_UPDATE(NAME, T, NEW)                                                                \
    inline T NAME(T *at, T value) {                                                              \
        shim::count_atomic();                                                                    \
        T old = __atomic_load_n(at, __ATOMIC_RELAXED);                                           \
        while (!__atomic_compare_exchange_n(at, &old, NEW, true, __ATOMIC_SEQ_CST,               \
                                            __ATOMIC_RELAXED)) {                                 \
        }                                                                                        \
        return old;                                                                              \
    }
#define SHIM_ATOMICS(T)                                                                          \
    inline T atomicAdd(T *at, T value) {                                                         \
        shim::count_atomic();                                                                    \
        return __atomic_fetch_add(at, value, __ATOMIC_SEQ_CST);                                  \
    }                                                                                            \
    inline T atomicOr(T *at, T value) {                                                          \
        shim::count_atomic();                                                                    \
        return __atomic_fetch_or(at, value, __ATOMIC_SEQ_CST);                                   \
    }                                                                                            \
    inline T atomicExch(T *at, T value) {                                                        \
        shim::count_atomic();                                                                    \
        return __atomic_exchange_n(at, value, __ATOMIC_SEQ_CST);                                 \
    }                                                                                            \
    inline T atomicCAS(T *at, T expected, T value) {                                             \
        shim::count_atomic();                                                                    \
        __atomic_compare_exchange_n(at, &expected, value, false, __ATOMIC_SEQ_CST,               \
                                    __ATOMIC_SEQ_CST);                                           \
        return expected;                                                                         \
    }                                                                                            \
    SHIM_UPDATE(atomicMin, T, (old < value ? old : value))                                       \
    SHIM_UPDATE(atomicMax, T, (old > value ? old : value))
SHIM_ATOMICS(int)
SHIM_ATOMICS(unsigned)
SHIM_ATOMICS(unsigned long long)

// ---------------------------------------------------------------- bits and memory

inline int __popc(unsigned x) { return __builtin_popcount(x); }
inline int __popcll(unsigned long long x) { return __builtin_popcountll(x); }
inline int __ffs(int x) { return __builtin_ffs(x); }
inline int __ffsll(long long x) { return __builtin_ffsll(x); }
inline int __clz(int x) { return x ? __builtin_clz(unsigned(x)) : 32; }
inline unsigned __umulhi(unsigned x, unsigned y) {
    return unsigned((static_cast<unsigned long long>(x) * y) >> 32);
}
inline int __float_as_int(float x) { return shim::cast_bits<int>(x); }
inline float __int_as_float(int x) { return shim::cast_bits<float>(x); }
inline long long __double_as_longlong(double x) { return shim::cast_bits<long long>(x); }
inline double __longlong_as_double(long long x) { return shim::cast_bits<double>(x); }
template <typename T>
inline T __ldg(const T *at) {
    return *at;
}

}  // namespace

// Runs a kernel and writes why it failed, or nothing, into a text of 1024 bytes.
extern "C" __attribute__((visibility("default"))) void snnlab_host_launch(
    void *kernel, int n_blocks, int n_threads, const unsigned long long *args, int cooperative,
    long long seed, double patience, char *message) {
    shim::Launch launch = {};
    launch.kernel = reinterpret_cast<shim::KernelFunction>(kernel);
    memcpy(launch.args, args, sizeof launch.args);
    launch.n_blocks = n_blocks;
    launch.n_threads = n_threads;
    launch.seed = seed;
    launch.patience = patience;
    launch.cooperative = cooperative != 0;
    pthread_mutex_init(&launch.lock, nullptr);
    int *order = shim::block_order(&launch);
    if (cooperative) shim::run_together(&launch, order);
    else shim::run_in_turn(&launch, order);
    free(order);
    pthread_mutex_destroy(&launch.lock);
    memcpy(message, launch.message, sizeof launch.message);
}

#undef SHIM_LINE
#undef SHIM_FAIL
#undef SHIM_SHUFFLES
#undef SHIM_UPDATE
#undef SHIM_ATOMICS
