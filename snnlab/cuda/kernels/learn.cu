// The phases of plasticity in a chunk, each shared by the whole grid. Generated functions named
// `..._of_model` choose the synapse model.

// Whether the history of a target would forget a spike that some row has not seen.
static __device__ bool would_forget(
    const Network &net, const PlasticPart &part, i64 neuron, i32 n_new) {
    const History history = history_of(net, part, neuron);
    const i32 swept = (i32)net.plastic.swept[in_partitions(net, part)];
    const i32 lag = (i32)part.own[PLASTIC_LONGEST_LAG];
    for (i32 j = 1; j <= n_new; ++j) {
        const i32 arrived = add(step_of(history, history.count + j), lag);
        if (subtract(arrived, swept) > 0) return true;
    }
    return false;
}

// Who a pending spike is for a projection of whose targets it is one; false if it is none.
static __device__ bool find_target(
    const Network &net, const Pending &pending, i64 m, i64 k, i64 &p, i64 &neuron, Train &train) {
    const i64 at = pending.turn * net.work.capacity + pending.first + k;
    const i64 slot = net.held.spike_slot[at], block = slot / BLOCK;
    const i64 *own = net.plastic.table + m * N_PLASTIC_FIELDS;
    if (own[PLASTIC_HISTORY] == 0) return false;
    if (net.program.block_population[block] != own[PLASTIC_POST]) return false;
    p = net.work.block_partition[block];
    if (p < 0) return false;  // it is on another rank
    neuron = slot - net.program.bounds[p] * BLOCK - net.plastic.low[m * net.work.n_partitions + p];
    train.row = 0;
    train.start = net.held.spike_start[at];
    train.steps = net.held.spike_steps[at];
    return true;
}

// Ask for a sweep where a history would forget too much.
static __device__ void check_histories(const Network &net, const Pending &pending) {
    const i64 n = pending.last - pending.first;
    for (i64 w = thread_in_grid(); w < n * net.work.n_plastic; w += threads_of_grid()) {
        i64 p, neuron;
        Train train;
        if (!find_target(net, pending, w / n, w % n, p, neuron, train)) continue;
        const PlasticPart part = plastic_part(net, w / n, p);
        if (would_forget(net, part, neuron, __popcll(train.steps))) {
            atomicMax(net.held.counters + MUST_SWEEP, 1ull);
        }
    }
}

// Visit all rows of a projection, a piece on each warp.
static __device__ void visit_all_rows(const Network &net, i64 m, i64 step, Kind kind) {
    const i64 n_pieces = net.work.plastic_pieces[m];
    const i64 table = net.plastic.table[m * N_PLASTIC_FIELDS + PLASTIC_TABLE];
    const i64 n_rows = net.synapses.table[table * N_TABLE_FIELDS + TABLE_N_ROWS];
    const i64 n = net.work.n_partitions * n_rows * n_pieces;
    for (i64 w = warp_in_grid(); w < n; w += warps_of_grid()) {
        const PlasticPart part = plastic_part(net, m, w / (n_rows * n_pieces));
        const i64 row = w / n_pieces % n_rows, piece = w % n_pieces;
        if (kind == EVERY_STEP) step_of_model(net, part, row, piece, step);
        else catch_up_of_model(net, part, row, piece, step);
    }
}

// Bring all rows up to date at `step`, but not those of rules that run in every step: these are.
static __device__ void sweep(const Network &net, i64 step) {
    for (i64 m = 0; m < net.work.n_plastic; ++m) {
        const i64 *own = net.plastic.table + m * N_PLASTIC_FIELDS;
        if (own[PLASTIC_EVERY_STEP] || own[PLASTIC_HISTORY] == 0) continue;
        visit_all_rows(net, m, step, CATCH_UP);
    }
}

// After a sweep: say that it has been.
static __device__ void commit_sweep(const Network &net, i64 step) {
    for (i64 m = 0; m < net.work.n_plastic; ++m) {
        const i64 *own = net.plastic.table + m * N_PLASTIC_FIELDS;
        if (own[PLASTIC_EVERY_STEP] || own[PLASTIC_HISTORY] == 0) continue;
        const i64 n_rows = net.synapses.table[own[PLASTIC_TABLE] * N_TABLE_FIELDS + TABLE_N_ROWS];
        const i64 n = n_rows * net.work.n_partitions;
        for (i64 i = thread_in_grid(); i < n; i += threads_of_grid()) {
            net.plastic.done[own[PLASTIC_ROW_BASE] + i] = step;
        }
        for (i64 p = thread_in_grid(); p < net.work.n_partitions; p += threads_of_grid()) {
            net.plastic.swept[m * net.work.n_partitions + p] = step;
        }
    }
}

// Put the pending spikes into the histories of the neurons.
static __device__ void remember_all(const Network &net, const Pending &pending) {
    const i64 n = pending.last - pending.first;
    for (i64 w = thread_in_grid(); w < n * net.work.n_plastic; w += threads_of_grid()) {
        i64 p, neuron;
        Train train;
        if (!find_target(net, pending, w / n, w % n, p, neuron, train)) continue;
        remember_of_model(net, plastic_part(net, w / n, p), neuron, train);
    }
}

// The spikes of one item of the work on plastic projections; false if there are none.
static __device__ bool find_train(
    const Network &net, const Pending &pending, i64 w, bool every_step, i64 step, Piece &piece,
    Train &train, PlasticPart &part) {
    if (!find_piece(net, pending, net.plastic_items, w, piece)) return false;
    part = plastic_part(net, piece.table, piece.partition);
    if ((part.own[PLASTIC_EVERY_STEP] != 0) != every_step) return false;
    train.row = piece.source;
    train.start = net.held.spike_start[piece.spike];
    train.steps = net.held.spike_steps[piece.spike];
    if (every_step) train.steps &= 1ull << (step - train.start);
    return train.steps != 0;
}

// Let the pending spikes of sources visit their rows: all of them, or those of one step for the
// projections that change in every step.
static __device__ void visit_pending(
    const Network &net, const Pending &pending, bool every_step, i64 step) {
    const i64 n = n_items(pending, net.plastic_items);
    for (i64 w = warp_in_grid(); w < n; w += warps_of_grid()) {
        Piece piece;
        Train train;
        PlasticPart part;
        if (!find_train(net, pending, w, every_step, step, piece, train, part)) continue;
        spikes_of_model(net, part, train, piece.number);
    }
}

// After all of them have visited: the sources have fired.
static __device__ void commit_pending(
    const Network &net, const Pending &pending, bool every_step, i64 step) {
    const i64 n = n_items(pending, net.plastic_items);
    for (i64 w = thread_in_grid(); w < n; w += threads_of_grid()) {
        Piece piece;
        Train train;
        PlasticPart part;
        if (!find_train(net, pending, w, every_step, step, piece, train, part)) continue;
        if (piece.number == 0) commit_of_model(net, part, train);
    }
}

// How many pending spikes of a population are of one step; the same on all lanes of a warp.
static __device__ i32 count_spikes(
    const Network &net, const Pending &pending, i64 population, i64 step) {
    i32 n = 0;
    for (i64 k = pending.first + lane_in_warp(); k < pending.last; k += 32) {
        const i64 at = pending.turn * net.work.capacity + k;
        if (net.program.block_population[net.held.spike_slot[at] / BLOCK] != population) continue;
        n += (i32)(net.held.spike_steps[at] >> (step - net.held.spike_start[at]) & 1ull);
    }
    for (i32 offset = 16; offset > 0; offset /= 2) n += __shfl_xor_sync(FULL_WARP, n, offset);
    return n;
}

// Let the modulation of all projections go on by one step, that of a partition on each warp.
static __device__ void modulate_all(const Network &net, const Pending &pending, i64 step) {
    const i64 n = net.work.n_plastic * net.work.n_partitions;
    for (i64 w = warp_in_grid(); w < n; w += warps_of_grid()) {
        const PlasticPart part = plastic_part(net, w / net.work.n_partitions, w % net.work.n_partitions);
        if (part.own[PLASTIC_N_MOD_TRACES] == 0) continue;
        const i32 n_spikes = count_spikes(net, pending, part.own[PLASTIC_MODULATOR], step);
        if (lane_in_warp() == 0) modulate_of_model(net, part, n_spikes);
    }
}

// One step of the projections that change in every step.
static __device__ void learn_at_step(const Network &net, const Pending &pending, i64 step) {
    visit_pending(net, pending, true, step);
    meet_all(net.held.barrier);
    commit_pending(net, pending, true, step);
    modulate_all(net, pending, step);
    meet_all(net.held.barrier);
    for (i64 m = 0; m < net.work.n_plastic; ++m) {
        if (net.plastic.table[m * N_PLASTIC_FIELDS + PLASTIC_EVERY_STEP]) {
            visit_all_rows(net, m, step, EVERY_STEP);
        }
    }
    meet_all(net.held.barrier);
}

// Deal with the pending spikes, which are of the steps ``start ... stop - 1``. Ends without a
// barrier, unless there are rules of every step.
static __device__ void learn(const Network &net, const Pending &pending, i64 start, i64 stop) {
    if (pending.first == pending.last && !net.work.has_every_step) return;
    check_histories(net, pending);
    meet_all(net.held.barrier);
    const bool must_sweep = *(volatile u64 *)(net.held.counters + MUST_SWEEP) != 0;
    if (must_sweep) {
        sweep(net, start - 1);
        meet_all(net.held.barrier);
        if (thread_in_grid() == 0) net.held.counters[MUST_SWEEP] = 0;
        commit_sweep(net, start - 1);
    }
    remember_all(net, pending);
    meet_all(net.held.barrier);
    visit_pending(net, pending, false, 0);
    meet_all(net.held.barrier);
    commit_pending(net, pending, false, 0);
    if (!net.work.has_every_step) return;
    for (i64 step = start; step < stop; ++step) learn_at_step(net, pending, step);
}
