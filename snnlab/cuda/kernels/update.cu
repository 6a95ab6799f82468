// The update: every warp takes 32 neurons through all steps of a chunk, their state in registers.

// What all neurons do now.
struct Chunk {
    i64 start;   // first step
    i32 n_steps; // at most 64: a neuron's spikes are the bits of a word
    bool looks;  // whether it ends with a look at all states
    i64 turn;    // which half of the record takes the spikes
    i64 call_start; // first step of the call, from which samples are counted
    real *samples;
};

// Store the probed words of one neuron, which has now seen ``step + 1`` updates.
template <class Model>
static __device__ void sample(
    const Network &net, const Chunk &chunk, i64 block, i32 lane, i64 step, const real *state) {
    const Probes &probes = net.probes;
    for (i64 k = probes.start[block]; k < probes.start[block + 1]; ++k) {
        const i64 word = probes.word[k] - net.program.state_offset[block];
        if ((step + 1) % probes.interval[k] != 0 || word % BLOCK != lane) continue;
        const i64 row = (step + 1) / probes.interval[k] - chunk.call_start / probes.interval[k] - 1;
        real value = 0;
        // A constant index keeps the state in registers.
        for (int i = 0; i < Model::n_states; ++i) value = word / BLOCK == i ? state[i] : value;
        chunk.samples[probes.column[k] + row * probes.stride[k]] = value;
    }
}

// Count the implausible numbers among the states of one neuron; NaN compares false.
template <class Model>
static __device__ void look(const Network &net, i64 population, const real *state) {
    const real *low = net.program.low + population * net.work.max_states;
    const real *high = net.program.high + population * net.work.max_states;
    int n = 0;
    for (int i = 0; i < Model::n_states; ++i) {
        n += !(state[i] >= low[i]) + !(state[i] <= high[i]);
    }
    if (n) atomicAdd(net.held.counters + SUSPECTS, (u64)n);
}

// Append the neurons of a warp that fired to the record. All lanes take part.
static __device__ void record_spikes(const Network &net, const Chunk &chunk, i64 slot, u64 steps) {
    const u32 fired = __ballot_sync(FULL_WARP, steps != 0);
    if (fired == 0) return;
    i32 first = 0;
    if (lane_in_warp() == 0) {
        first = (i32)atomicAdd(net.held.counters + RECORDED, (u64)__popc(fired));
    }
    first = __shfl_sync(FULL_WARP, first, 0);
    if (steps == 0) return;
    const i64 at = chunk.turn * net.work.capacity + first + rank_in_warp(fired);
    net.held.spike_slot[at] = (i32)slot;
    net.held.spike_start[at] = chunk.start;
    net.held.spike_steps[at] = steps;
}

// Place of a neuron among those that are lesioned; -1: it is not.
static __device__ i64 place_if_held(const Network &net, i64 block, i32 lane) {
    for (i64 k = net.drive.held_start[block]; k < net.drive.held_start[block + 1]; ++k) {
        if (net.drive.held_lane[k] == lane) return k;
    }
    return -1;
}

// One neuron through all steps of a chunk.
template <class Model>
static __device__ void advance(const Network &net, const Chunk &chunk, i64 block, i32 lane) {
    const Program &program = net.program;
    const i64 population = program.block_population[block];
    const i64 index = program.block_index[block];
    const real *params = net.held.params + program.params_offset[population];
    const bool is_probed = net.probes.start[block] < net.probes.start[block + 1];
    real *words = net.held.state + program.state_offset[block] + lane;
    real state[Model::n_states + 1], varying[Model::n_varying + 1], x[Model::n_ports + 1];
    for (int i = 0; i < Model::n_states; ++i) state[i] = words[i * BLOCK];
    for (int i = 0; i < Model::n_varying; ++i) varying[i] = words[(Model::n_states + i) * BLOCK];
    RingPlace place = ring_place(net, block, lane, chunk.start);
    Draws draws = {
        (u32)program.seed, (u32)program.model_stream[population], (u32)index, 0, lane};
    const i64 held = place_if_held(net, block, lane);
    const real *held_state = net.drive.held_state + max_i64(held, 0) * net.work.max_states;
    u64 steps = 0;
    for (i32 k = 0; k < chunk.n_steps; ++k) {
        const i64 step = chunk.start + k;
        take_input<Model::n_ports>(net, population, place, x);
        add_poisson<Model::n_ports>(net, population, index, lane, step, x);
        draws.step = (u32)step;
        if (Model::step(state, varying, x, params, draws)) steps |= 1ull << k;
        if (held >= 0) {
            for (int i = 0; i < Model::n_states; ++i) state[i] = held_state[i];
            steps = 0;
        }
        if (is_probed) sample<Model>(net, chunk, block, lane, step, state);
    }
    for (int i = 0; i < Model::n_states; ++i) words[i * BLOCK] = state[i];
    const bool is_neuron = lane < program.block_size[block];
    if (chunk.looks && is_neuron) look<Model>(net, population, state);
    record_spikes(net, chunk, block * BLOCK + lane, is_neuron ? steps : 0);
}

// Defined below the models, for which it is generated: `advance` with the block's model.
static __device__ void advance_block(const Network &net, const Chunk &chunk, i64 block, i32 lane);

static __device__ void update(const Network &net, const Chunk &chunk) {
    const i64 n_quarters = net.work.n_blocks * (BLOCK / 32);
    for (i64 w = warp_in_grid(); w < n_quarters; w += warps_of_grid()) {
        const i64 block = net.work.first_block + w / (BLOCK / 32);
        const i32 lane = (i32)(w % (BLOCK / 32)) * 32 + lane_in_warp();
        advance_block(net, chunk, block, lane);
    }
}
