// Input of a neuron in one step: what synapses delivered, then Poisson spikes from outside.

// Where the input of a neuron lies in the ring, and how to go on from step to step.
struct RingPlace {
    i64 first;       // this neuron, port 0, slot 0
    i64 port_stride; // to the next port
    i64 slot_stride; // to the next step
    i32 slot;
    i32 n_slots;
};

static __device__ RingPlace ring_place(const Network &net, i64 block, i32 lane, i64 step) {
    const Program &program = net.program;
    const i64 p = net.work.block_partition[block];
    const i64 first_block = program.bounds[p];
    const i64 n_local = (program.bounds[p + 1] - first_block) * BLOCK;
    RingPlace place;
    place.first = program.ring_offset[p] + (block - first_block) * BLOCK + lane;
    place.port_stride = n_local;
    place.slot_stride = program.max_ports * n_local;
    place.slot = (i32)remainder_of(step, program.ring_slots);
    place.n_slots = (i32)program.ring_slots;
    return place;
}

// Move the input of this step from the ring to `x`, clear the ring, and go on to the next step.
template <int n_ports>
static __device__ void take_input(const Network &net, i64 population, RingPlace &place, real *x) {
    const i64 at = place.first + place.slot * place.slot_stride;
    const real *scale = net.drive.scale + population * net.program.max_ports;
    for (int port = 0; port < n_ports; ++port) {
        i32 *input = net.held.ring + at + port * place.port_stride;
        x[port] = (real)*input * scale[port];
        *input = 0;
    }
    if (++place.slot == place.n_slots) place.slot = 0;
}

static __device__ __forceinline__ u32 component(const Words &words, i32 k) {
    return k == 0 ? words.a : k == 1 ? words.b : k == 2 ? words.c : words.d;
}

// A Poisson number: how many levels of the distribution lie below a random word.
static __device__ i32 poisson_count(const u32 *levels, i32 n_compared, u32 word) {
    const i32 most = max_i32(n_compared, CDF_SIZE - 1);
    i32 count = 0;
    while (count < most && word >= levels[count]) ++count;
    return count;
}

// Add the Poisson input of one step; `index` is the block's number within its population.
template <int n_ports>
static __device__ void add_poisson(
    const Network &net, i64 population, i64 index, i32 lane, i64 step, real *x) {
    const Drive &drive = net.drive;
    const i64 last = drive.poisson_start[population + 1];
    for (i64 k = drive.poisson_start[population]; k < last; ++k) {
        const u32 *levels = drive.cdf + k * CDF_SIZE;
        const i32 n_compared = (i32)drive.poisson_levels[k];
        const i64 port = drive.poisson_port[k];
        for (i64 split = 0; split < drive.poisson_splits[k]; ++split) {
            const Words words = philox4x32(
                (u32)(index * 32 + lane % 32), (u32)step, (u32)split, 0,
                (u32)net.program.seed, (u32)drive.poisson_stream[k]);
            const i32 count = poisson_count(levels, n_compared, component(words, lane / 32));
            const real added = (real)count * drive.poisson_weight[k];
            // A constant index keeps `x` in registers.
            for (int i = 0; i < n_ports; ++i) x[i] = i == port ? x[i] + added : x[i];
        }
    }
}

// Put the given spikes that are due before step `until` into the ring.
static __device__ void insert_events(const Network &net, i64 until) {
    const Program &program = net.program;
    const Drive &drive = net.drive;
    for (i64 p = 0; p < net.work.n_partitions; ++p) {
        const i64 n_local = (program.bounds[p + 1] - program.bounds[p]) * BLOCK;
        const i64 stop = drive.event_start[p + 1];
        for (i64 e = net.held.event_next[p] + thread_in_grid(); e < stop; e += threads_of_grid()) {
            if (drive.event_step[e] >= until) break;
            const i64 slot = drive.event_step[e] % program.ring_slots;
            const i64 base = program.ring_offset[p] + slot * program.max_ports * n_local;
            atomicAdd(net.held.ring + base + drive.event_lane[e], drive.event_value[e]);
        }
    }
}

// After all threads have inserted: the next ones begin at step `until`.
static __device__ void skip_events(const Network &net, i64 until) {
    for (i64 p = thread_in_grid(); p < net.work.n_partitions; p += threads_of_grid()) {
        i64 low = net.held.event_next[p], high = net.drive.event_start[p + 1];
        while (low < high) {
            const i64 middle = (low + high) / 2;
            if (net.drive.event_step[middle] < until) low = middle + 1;
            else high = middle;
        }
        net.held.event_next[p] = low;
    }
}
