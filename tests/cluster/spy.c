/* Stands between compiled code and MPI: notes what is handed to it, and hands it on. Numbers are
   passed in words of 64 bits, as the compiled code does. */

enum { MOST = 100000 };

static long n_calls;
static void *memory[MOST];
static long words[MOST];

static void note(void *at, long n) {
    if (n_calls < MOST) {
        memory[n_calls] = at;
        words[n_calls] = n;
    }
    ++n_calls;
}

long spy_n_calls(void) { return n_calls; }
void *spy_memory(long call) { return memory[call]; }
long spy_words(long call) { return words[call]; }

typedef long (*Message)(void *, long, void *, long, long, void *, void *);
Message spy_real_isend, spy_real_irecv;

long spy_isend(void *at, long n, void *type, long to, long tag, void *world, void *request) {
    note(at, n);
    return spy_real_isend(at, n, type, to, tag, world, request);
}

long spy_irecv(void *at, long n, void *type, long from, long tag, void *world, void *request) {
    note(at, n);
    return spy_real_irecv(at, n, type, from, tag, world, request);
}

typedef long (*Gather)(void *, long, void *, void *, long, void *, void *);
typedef long (*LateGather)(void *, long, void *, void *, long, void *, void *, void *);
Gather spy_real_allgather;
LateGather spy_real_iallgather;

long spy_allgather(void *at, long n, void *type, void *into, long m, void *as, void *world) {
    note(at, n);
    note(into, m);
    return spy_real_allgather(at, n, type, into, m, as, world);
}

long spy_iallgather(
    void *at, long n, void *type, void *into, long m, void *as, void *world, void *request) {
    note(at, n);
    note(into, m);
    return spy_real_iallgather(at, n, type, into, m, as, world, request);
}
