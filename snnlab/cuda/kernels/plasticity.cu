// Plasticity: a synapse learns what has happened to its target when its row is visited.
//
// Only outgoing rows are touched. What a postsynaptic spike does is made up for at the next visit,
// from the last spikes of the target; the result is the same to the bit as if it had been done at
// once. Before a history would forget a spike that some row has not seen, all rows catch up.

// One plastic projection in one partition.
struct PlasticPart {
    const i64 *own;    // its numbers, PLASTIC_...
    const i64 *table;  // those of its synapse table, TABLE_...
    const i64 *numbers; // those of a visit, NUMBER_...
    i64 m, p, n_rows;
    const real *params;
};

static __device__ PlasticPart plastic_part(const Network &net, i64 m, i64 p) {
    PlasticPart part;
    part.own = net.plastic.table + m * N_PLASTIC_FIELDS;
    part.table = net.synapses.table + part.own[PLASTIC_TABLE] * N_TABLE_FIELDS;
    part.numbers =
        net.plastic.numbers + part.own[PLASTIC_NUMBERS_BASE] + p * part.own[PLASTIC_N_NUMBERS];
    part.m = m;
    part.p = p;
    part.n_rows = part.table[TABLE_N_ROWS];
    part.params = net.plastic.params + part.own[PLASTIC_PARAMS_BASE];
    return part;
}

// Place of a row among the rows of all plastic projections.
static __device__ __forceinline__ i64 place_of_row(const PlasticPart &part, i64 row) {
    return part.own[PLASTIC_ROW_BASE] + part.p * part.n_rows + row;
}

static __device__ __forceinline__ i64 in_partitions(const Network &net, const PlasticPart &part) {
    return part.m * net.work.n_partitions + part.p;
}

static __device__ __forceinline__ real *pre_traces(
    const Network &net, const PlasticPart &part, i64 row) {
    const i64 n = part.own[PLASTIC_N_PRE_TRACES];
    return net.plastic.pre + part.own[PLASTIC_PRE_BASE] + (part.p * part.n_rows + row) * n;
}

// What is known of the source of a row.
template <class Syn>
struct Source {
    i64 last_pre; // step of its last spike
    i64 done;     // postsynaptic spikes that arrived up to this step are in the weights
    real pre[Syn::n_pre + 1];
};

template <class Syn>
static __device__ Source<Syn> read_source(const Network &net, const PlasticPart &part, i64 row) {
    Source<Syn> source;
    const i64 at = place_of_row(part, row);
    source.last_pre = net.plastic.last_pre[at];
    source.done = net.plastic.done[at];
    const real *traces = pre_traces(net, part, row);
    for (int k = 0; k < Syn::n_pre; ++k) source.pre[k] = traces[k];
    return source;
}

template <class Syn>
static __device__ void write_source(
    const Network &net, const PlasticPart &part, i64 row, const Source<Syn> &source) {
    const i64 at = place_of_row(part, row);
    net.plastic.last_pre[at] = source.last_pre;
    net.plastic.done[at] = source.done;
    real *traces = pre_traces(net, part, row);
    for (int k = 0; k < Syn::n_pre; ++k) traces[k] = source.pre[k];
}

// The source fires.
template <class Syn>
static __device__ void spike_of_source(const PlasticPart &part, Source<Syn> &source, i64 step) {
    Syn::pre_spike(source.pre, source.pre, part.params, step - source.last_pre);
    source.last_pre = step;
    source.done = step;
}

// ---- a synapse and its target

// The last spikes of one target: number k lies at ``k & mask``.
struct History {
    const i32 *steps;
    const real *traces;
    i64 count, mask;
};

static __device__ History history_of(const Network &net, const PlasticPart &part, i64 neuron) {
    const Plastic &plastic = net.plastic;
    const i64 length = part.own[PLASTIC_HISTORY], at = in_partitions(net, part);
    History history;
    history.steps = plastic.spike_steps + plastic.steps_base[at] + neuron * length;
    history.traces = plastic.traces + plastic.traces_base[at] +
                     neuron * length * part.own[PLASTIC_N_POST_TRACES];
    history.count = plastic.counts[plastic.counts_base[at] + neuron];
    history.mask = length - 1;
    return history;
}

static __device__ __forceinline__ i32 step_of(const History &history, i64 k) {
    return history.steps[k & history.mask];
}

// Number of the newest spike that has reached the synapse by the step `reached`.
static __device__ i64 newest(const History &history, i32 reached) {
    i64 k = history.count - 1;
    while (subtract(step_of(history, k), reached) > 0) --k;
    return k;
}

// Traces of the target `n_steps` after its spike number k.
template <class Syn>
static __device__ void read_post(
    const PlasticPart &part, const History &history, i64 k, i32 n_steps, real *post) {
    const real *after = history.traces + (k & history.mask) * Syn::n_post;
    Syn::relax_post(post, after, n_steps, part.params);
}

// Let the postsynaptic spikes that reached a synapse after `since`, up to number `last`, change it.
template <class Syn>
static __device__ void catch_up(
    const PlasticPart &part, const Source<Syn> &source, const History &history, i64 last,
    i32 since, real *state) {
    const i32 offset = short_steps(source.done - source.last_pre);
    const i64 forgotten = history.count - history.mask;
    i64 k = last + 1;
    while (k > forgotten && subtract(step_of(history, k - 1), since) > 0) --k;
    for (; k <= last; ++k) {
        real pre[Syn::n_pre + 1], post[Syn::n_post + 1];
        const i32 elapsed = add(subtract(step_of(history, k), since), offset);
        Syn::relax_pre(pre, source.pre, elapsed, part.params);
        if (Syn::reads_post_before) {
            const i32 gap = subtract(step_of(history, k), step_of(history, k - 1));
            read_post<Syn>(part, history, k - 1, gap, post);
        }
        Syn::on_post(state, pre, post, part.params);
        for (int i = 0; i < Syn::n_states; ++i) state[i] = flushed(state[i]);
    }
}

enum Kind { SPIKE, CATCH_UP, EVERY_STEP };

// A visit of one piece of a row at a step.
template <class Syn>
struct Visit {
    PlasticPart part;
    Source<Syn> source;
    i64 step;
    Kind kind;
};

// The effect of a spike as input, cut to what the input can hold.
template <class Syn>
static __device__ i32 scaled_effect(const PlasticPart &part, real effect, u64 &n_cut) {
    const real limit = part.params[Syn::n_params - 1];
    real scaled = effect * part.params[Syn::n_params - 2];
    n_cut += abs_(scaled) <= limit ? 0 : 1;
    scaled = scaled <= limit ? scaled : limit;
    scaled = scaled >= -limit ? scaled : -limit;
    return (i32)rint_(scaled);
}

// Bring one synapse up to date, and do to it what the visit is for.
template <class Syn>
static __device__ real visit_synapse(
    const Network &net, const Visit<Syn> &visit, i64 neuron, i64 lag, real *state) {
    const PlasticPart &part = visit.part;
    const i32 reached = (i32)(visit.step - lag), since = (i32)(visit.source.done - lag);
    real pre[Syn::n_pre + 1], post[Syn::n_post + 1], mod[Syn::n_mod + 1];
    if (Syn::needs_history) {
        const History history = history_of(net, part, neuron);
        const i64 last = newest(history, reached);
        if (Syn::has_on_post) catch_up<Syn>(part, visit.source, history, last, since, state);
        // A spike that arrives with the presynaptic one is in no trace that this one sees.
        const bool is_hidden = visit.kind == SPIKE && step_of(history, last) == reached;
        const i64 seen = last - (is_hidden ? 1 : 0);
        if (Syn::n_post > 0 && visit.kind != CATCH_UP) {
            read_post<Syn>(part, history, seen, subtract(reached, step_of(history, seen)), post);
        }
    }
    if (visit.kind == CATCH_UP) return 0;
    Syn::relax_pre(pre, visit.source.pre, visit.step - visit.source.last_pre, part.params);
    if (visit.kind == SPIKE) return Syn::on_pre(state, pre, post, part.params);
    const real *modulation = net.plastic.mod + part.own[PLASTIC_MOD_BASE] + part.p * Syn::n_mod;
    for (int k = 0; k < Syn::n_mod; ++k) mod[k] = modulation[k];
    Syn::at_step(state, pre, post, mod, part.params);
    return 0;
}

// Visit one piece of a row, synapse by synapse on the lanes of a warp.
template <class Syn>
static __device__ void visit_piece(
    const Network &net, const Visit<Syn> &visit, i64 row, i64 piece) {
    const PlasticPart &part = visit.part;
    const i64 *number = part.numbers;
    const i64 row_at = part.p * (part.n_rows + 1) + row;
    const i64 start = net.synapses.row_start[part.table[TABLE_ROW_BASE] + row_at];
    const i64 row_stop = net.synapses.row_start[part.table[TABLE_STOP_BASE] + row_at];
    const i64 stop = min_i64(row_stop, start + (piece + 1) * PIECE);
    const i32 n_delays = (i32)number[NUMBER_N_DELAYS], n_slots = (i32)number[NUMBER_RING_SLOTS];
    const u32 *ends = net.synapses.segment_ends + part.table[TABLE_ENDS_BASE] +
                      (part.p * part.n_rows + row) * n_delays;
    const i32 first_slot = (i32)((visit.step + number[NUMBER_FIRST_DELAY]) % n_slots);
    u64 n_cut = 0;
    for (i64 e = start + piece * PIECE + lane_in_warp(); e < stop; e += 32) {
        const i32 d = n_delays > 1 ? delay_of(ends, n_delays, e - start) : 0;
        const i64 target = net.synapses.targets[e];
        real *at = net.plastic.state + part.own[PLASTIC_STATE_BASE] +
                   (e - part.own[PLASTIC_TARGETS_BASE]);
        real state[Syn::n_states];
        for (int i = 0; i < Syn::n_states; ++i) state[i] = at[i * number[NUMBER_STRIDE]];
        const real effect = visit_synapse<Syn>(
            net, visit, target - number[NUMBER_LOW], number[N_NUMBERS + d], state);
        for (int i = 0; i < Syn::n_states; ++i) at[i * number[NUMBER_STRIDE]] = flushed(state[i]);
        if (visit.kind != SPIKE) continue;
        const i32 slot = first_slot + d < n_slots ? first_slot + d : first_slot + d - n_slots;
        const i64 place = number[NUMBER_RING_BASE] + slot * number[NUMBER_SLOT_STRIDE] + target;
        atomicAdd(net.held.ring + place, scaled_effect<Syn>(part, effect, n_cut));
    }
    if (n_cut) atomicAdd((u64 *)net.plastic.clipped + in_partitions(net, part), n_cut);
}

// ---- what a warp or a thread does for one projection; called through the models' numbers

// The spikes of one source within a chunk: bit k of `steps` is step ``start + k``.
struct Train {
    i64 row, start;
    u64 steps;
};

// Deliver all spikes of a train along one piece of its row.
template <class Syn>
static __device__ void visit_spikes(
    const Network &net, const PlasticPart &part, const Train &train, i64 piece) {
    Visit<Syn> visit = {part, read_source<Syn>(net, part, train.row), 0, SPIKE};
    for (u64 steps = train.steps; steps; steps &= steps - 1) {
        visit.step = train.start + __ffsll((i64)steps) - 1;
        if (Syn::has_every_step) visit.source.done = visit.step - 1;
        visit_piece<Syn>(net, visit, train.row, piece);
        spike_of_source<Syn>(part, visit.source, visit.step);
    }
}

// After all pieces have been visited: the source has fired.
template <class Syn>
static __device__ void commit_spikes(
    const Network &net, const PlasticPart &part, const Train &train) {
    Source<Syn> source = read_source<Syn>(net, part, train.row);
    for (u64 steps = train.steps; steps; steps &= steps - 1) {
        spike_of_source<Syn>(part, source, train.start + __ffsll((i64)steps) - 1);
    }
    write_source<Syn>(net, part, train.row, source);
}

// Bring a piece of a row up to date at `step`; the row's `done` is for the caller to move.
template <class Syn>
static __device__ void visit_quietly(
    const Network &net, const PlasticPart &part, i64 row, i64 piece, i64 step) {
    const Visit<Syn> visit = {part, read_source<Syn>(net, part, row), step, CATCH_UP};
    visit_piece<Syn>(net, visit, row, piece);
}

// Run the rule of every step for a piece of a row. Rows with a spike in this step are up to date.
template <class Syn>
static __device__ void visit_at_step(
    const Network &net, const PlasticPart &part, i64 row, i64 piece, i64 step) {
    Visit<Syn> visit = {part, read_source<Syn>(net, part, row), step, EVERY_STEP};
    visit.source.done = visit.source.last_pre == step ? step : step - 1;
    visit_piece<Syn>(net, visit, row, piece);
}

// Put the spikes of a target into its history, oldest first.
template <class Syn>
static __device__ void remember(
    const Network &net, const PlasticPart &part, i64 neuron, const Train &train) {
    History history = history_of(net, part, neuron);
    i32 *kept = net.plastic.spike_steps + (history.steps - net.plastic.spike_steps);
    real *traces = net.plastic.traces + (history.traces - net.plastic.traces);
    for (u64 steps = train.steps; steps; steps &= steps - 1) {
        const i32 step = (i32)(train.start + __ffsll((i64)steps) - 1);
        const i64 before = (history.count - 1) & history.mask, at = history.count & history.mask;
        Syn::post_spike(
            traces + at * Syn::n_post, traces + before * Syn::n_post, part.params,
            (i64)subtract(step, kept[before]));
        kept[at] = step;
        ++history.count;
    }
    net.plastic.counts[net.plastic.counts_base[in_partitions(net, part)] + neuron] = history.count;
}

// Let the modulation go on by one step.
template <class Syn>
static __device__ void modulate(const Network &net, const PlasticPart &part, i64 n_spikes) {
    real *mod = net.plastic.mod + part.own[PLASTIC_MOD_BASE] + part.p * Syn::n_mod;
    Syn::mod_step(mod, mod, part.params, n_spikes);
}
