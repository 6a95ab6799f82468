// The loop of the engine: one cooperative launch for many steps, no host in between.
//
// Spikes are delivered once a chunk, which is no longer than the shortest delay. The grid meets
// after the delivery and after the update; what one warp reads of another was written before.

// What the host asks for.
struct Call {
    i64 start, stop;    // steps
    i64 learnt;         // plasticity has dealt with the spikes of all steps before this one
    i64 turn;           // which half of the record takes the spikes
    Pending pending;    // spikes of the last chunk
    real *samples;
};

enum { DELIVER, PLASTICITY, UPDATE, REWIRE, N_PHASES };

// Where a launch ended, for the host and the next launch.
struct Outcome {
    i64 step, learnt;
    Pending pending;
    i64 n_recorded, n_suspects;
    i64 ticks[N_PHASES]; // clock cycles that each phase took
};

// Add the time since `since` to a phase: that of one thread stands for all.
static __device__ i64 charge(i64 *ticks, int phase, i64 since) {
    if (thread_in_grid() != 0) return 0;
    const i64 now = clock64();
    ticks[phase] += now - since;
    return now;
}

// Begin a half of the record anew; nothing is suspicious.
static __device__ void forget(const Network &net, Outcome *outcome) {
    if (thread_in_grid() == 0) {
        net.held.counters[RECORDED] = net.held.counters[SUSPECTS] = 0;
        net.held.counters[NEEDS_ROOM] = 0;
        for (int phase = 0; phase < N_PHASES; ++phase) outcome->ticks[phase] = 0;
    }
    meet_all(net.held.barrier);
}

// Steps of the next chunk: none beyond the call, the next look at the states or call of a rule.
static __device__ Chunk next_chunk(const Network &net, const Call &call, i64 now) {
    const i64 until_look = net.program.health_steps - now % net.program.health_steps;
    i64 n = min_i64(net.work.chunk_steps, min_i64(call.stop - now, until_look));
    if (N_RULES) n = min_i64(n, until_call(net, now));
    const Chunk chunk = {now, (i32)n, n == until_look, call.turn, call.start, call.samples};
    return chunk;
}

// Whether nobody has found trouble, and the record can hold another chunk in which all fire.
static __device__ bool may_go_on(const Network &net, i64 n_recorded) {
    const u64 n_suspects = *(volatile u64 *)(net.held.counters + SUSPECTS);
    return n_suspects == 0 && n_recorded + net.work.n_blocks * BLOCK <= net.work.capacity;
}

// The struct with all addresses, close to the threads of a block: in registers it has no room.
static __device__ void read_network(const Network *network, Network &net) {
    const u64 *words = (const u64 *)network;
    for (u32 i = threadIdx.x; i < sizeof(Network) / 8; i += blockDim.x) {
        ((u64 *)&net)[i] = words[i];
    }
    __syncthreads();
}

// Advance from ``call->start`` to ``call->stop``, or less far where the record is full, a look has
// found implausible states, or a rule needs room: what it then has done stays done.
// cooperative: run
extern "C" __global__ void __launch_bounds__(THREADS, BLOCKS_AT_ONCE) run(
    const Network *network, const Call *asked, Outcome *outcome) {
    __shared__ Network net;
    read_network(network, net);
    const Call call = *asked;
    Pending pending = call.pending;
    i64 now = call.start, learnt = call.learnt, n_recorded = 0;
    forget(net, outcome);
    i64 since = clock64();
    while (now < call.stop && may_go_on(net, n_recorded)) {
        const Chunk chunk = next_chunk(net, call, now);
        const bool rewires = N_RULES && is_any_due(net, now);
        deliver(net, pending);
        if (!rewires) insert_events(net, now + chunk.n_steps);
        if (N_RULES) watch_spikes(net, pending);
        if (net.work.n_plastic) {
            since = charge(outcome->ticks, DELIVER, since);
            learn(net, pending, learnt, now);
        }
        meet_all(net.held.barrier);
        since = charge(outcome->ticks, net.work.n_plastic ? PLASTICITY : DELIVER, since);
        if (rewires) {
            pending.first = pending.last = 0;
            learnt = now;
            if (!rewire(net, now)) break;
            insert_events(net, now + chunk.n_steps);
            meet_all(net.held.barrier);
            since = charge(outcome->ticks, REWIRE, since);
        }
        skip_events(net, now + chunk.n_steps);
        update(net, chunk);
        meet_all(net.held.barrier);
        since = charge(outcome->ticks, UPDATE, since);
        learnt = now;
        now += chunk.n_steps;
        pending.turn = call.turn;
        pending.first = n_recorded;
        pending.last = n_recorded = *(volatile i64 *)(net.held.counters + RECORDED);
    }
    if (thread_in_grid() == 0) {
        outcome->step = now;
        outcome->learnt = learnt;
        outcome->pending = pending;
        outcome->n_recorded = n_recorded;
        outcome->n_suspects = (i64)net.held.counters[SUSPECTS];
    }
}

// Deliver the spikes of the last chunk now: all input is in the ring, and nothing is pending.
// cooperative: flush
extern "C" __global__ void __launch_bounds__(THREADS, BLOCKS_AT_ONCE) flush(
    const Network *network, const Call *asked) {
    __shared__ Network net;
    read_network(network, net);
    deliver(net, asked->pending);
    if (N_RULES) watch_spikes(net, asked->pending);
    if (net.work.n_plastic) learn(net, asked->pending, asked->learnt, asked->start);
}

// Bring all weights up to date after step `step`; changes no result of what follows.
// cooperative: bring_up_to_date
extern "C" __global__ void __launch_bounds__(THREADS, BLOCKS_AT_ONCE) bring_up_to_date(
    const Network *network, i64 step) {
    __shared__ Network net;
    read_network(network, net);
    sweep(net, step);
    meet_all(net.held.barrier);
    commit_sweep(net, step);
}

// Copy the numbers at some places, counted from `first`.
extern "C" __global__ void gather(
    const real *values, i64 first, const i64 *places, i64 n, real *found) {
    for (i64 i = thread_in_grid(); i < n; i += threads_of_grid()) {
        found[i] = values[first + places[i]];
    }
}

// Write `n` numbers, the first `length` of them at `first` and each further row `stride` later.
extern "C" __global__ void put_rows(
    real *values, i64 first, i64 length, i64 stride, i64 n, const real *given) {
    for (i64 i = thread_in_grid(); i < n; i += threads_of_grid()) {
        values[first + i / length * stride + i % length] = given[i];
    }
}
