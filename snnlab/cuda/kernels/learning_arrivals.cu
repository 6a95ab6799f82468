// Gradients: sums over the spikes that arrive from each source, trial by trial and in each by time.
//
// Who spikes when is written into bits, those of a source one after the other, so that each number
// of a gradient has one owner who finds the arrivals in their order. The order of the sums is that
// of snnlab.learning.arrivals: four arrivals at a time within a bundle of trials, the rest singly.

const i32 TARGETS_EACH = 4; // columns of a matrix for which a lane sums

static __device__ __forceinline__ i64 words_for(i64 n_bits) { return (n_bits + 31) / 32; }

static __device__ __forceinline__ void set_bit(u32 *bits, i64 at) {
    atomicOr(&bits[at / 32], 1u << (at % 32));
}

// A thread writes down the input spikes of one step of one trial.
extern "C" __global__ void mark_input(
    const Task *task, i64 first, i64 n, i64 t_first, i64 t_last) {
    const Batch &batch = task->batch;
    const i64 at = thread_in_grid(), n_steps = t_last - t_first;
    const i64 g = at / n_steps, l = at - g * n_steps;
    if (g >= n) return;
    const i64 n_words = words_for(batch.chunk);
    const StepEvents events = events_at(batch, first + g, t_first + l);
    for (u32 e = events.begin; e < events.end; e++) {
        const u32 channel = events.channel[e];
        if (channel == NO_EVENT) continue;
        set_bit(batch.input_bits + ((i64)channel * batch.n_slab + g) * n_words, l);
    }
}

// A thread writes down who fires in one step of one trial; bit 0 is the step before the chunk.
extern "C" __global__ void mark_spikes(const Task *task, i64 n, i64 t_first, i64 t_last) {
    const Batch &batch = task->batch;
    const i64 at = thread_in_grid(), n_bits = t_last - t_first + 1;
    const i64 g = at / n_bits, l = at - g * n_bits, t = t_first - 1 + l;
    if (g >= n || t < 0) return;
    const i64 n_words = words_for(batch.chunk + 1);
    BitWalk walk =
        walk_bits(batch.spikes + (g * batch.n_steps + t) * task->net.n_words, task->net.n_words);
    for (i32 j = next_bit(walk); j >= 0; j = next_bit(walk)) {
        set_bit(batch.hidden_bits + ((i64)j * batch.n_slab + g) * n_words, l);
    }
}

// What the arrivals from a source are looked for in, and what is summed.
struct Arrivals {
    const u32 *bits;      // of the source, trial after trial
    i64 n_words;          // of a trial
    i64 low, high;        // bits low ... high - 1 are arrivals, at rows 0, 1, ...
    i64 n_trials, bundle;
    const real *rows;
    i64 stride, apart;    // from row to row, from trial to trial
};

template <int N>
static __device__ __forceinline__ void add_one(
    const real *row, const i64 (&column)[N], real (&sum)[N]) {
#pragma unroll
    for (int p = 0; p < N; p++) sum[p] = sum[p] + row[column[p]];
}

template <int N>
static __device__ __forceinline__ void add_four(
    const real *a, const real *b, const real *c, const real *d, const i64 (&column)[N],
    real (&sum)[N]) {
    real first[N], second[N];
#pragma unroll
    for (int p = 0; p < N; p++) {
        first[p] = a[column[p]] + b[column[p]];
        second[p] = c[column[p]] + d[column[p]];
    }
#pragma unroll
    for (int p = 0; p < N; p++) sum[p] = sum[p] + (first[p] + second[p]);
}

// The word with the arrivals among bits 32 w ... 32 w + 31.
static __device__ __forceinline__ u32 arrivals_in_word(
    const Arrivals &arrivals, const u32 *bits, i64 w) {
    u32 word = bits[w];
    const i64 begin = 32 * w;
    if (begin < arrivals.low) word &= ~0u << (arrivals.low - begin);
    if (begin + 32 > arrivals.high) word &= ~0u >> (begin + 32 - arrivals.high);
    return word;
}

// Sum the rows at which spikes of a source arrive, of some columns.
template <int N>
static __device__ void add_up(const Arrivals &arrivals, const i64 (&column)[N], real (&sum)[N]) {
    const i64 w_first = arrivals.low / 32, w_last = (arrivals.high - 1) / 32;
    for (i64 g_first = 0; g_first < arrivals.n_trials; g_first += arrivals.bundle) {
        const i64 g_last = min_i64(g_first + arrivals.bundle, arrivals.n_trials);
        const real *a = 0, *b = 0, *c = 0; // those that wait for a fourth, the latest in a
        i32 n = 0;
        for (i64 g = g_first; g < g_last; g++) {
            const u32 *bits = arrivals.bits + g * arrivals.n_words;
            const real *rows = arrivals.rows + g * arrivals.apart;
            for (i64 w = w_first; w <= w_last; w++) {
                u32 word = arrivals_in_word(arrivals, bits, w);
                while (word) {
                    const i64 l = 32 * w + __ffs((i32)word) - 1 - arrivals.low;
                    const real *row = rows + l * arrivals.stride;
                    word &= word - 1u;
                    if (n == 3) {
                        add_four(c, b, a, row, column, sum);
                        n = 0;
                    } else {
                        c = b;
                        b = a;
                        a = row;
                        n++;
                    }
                }
            }
        }
        if (n == 3) add_one(c, column, sum);
        if (n >= 2) add_one(b, column, sum);
        if (n >= 1) add_one(a, column, sum);
    }
}

// Arrivals at synapses of a projection, or at the read-out, in a chunk of time.
static __device__ Arrivals arrivals_from(
    const Task *task, i64 which, i64 source, i64 n, i64 t_first, i64 t_last) {
    const Batch &batch = task->batch;
    const i64 n_steps = t_last - t_first, n_words = words_for(batch.chunk + 1);
    Arrivals found = {
        batch.hidden_bits + source * batch.n_slab * n_words, n_words, 0, n_steps, n, batch.bundle,
        batch.psi, batch.stride, batch.psi_steps * batch.stride};
    if (which == OF_INPUT) {
        found.n_words = words_for(batch.chunk);
        found.bits = batch.input_bits + source * batch.n_slab * found.n_words;
    } else if (which == OF_OUTPUT) {
        // Spikes reach outputs in their own step, neurons in the next.
        const i64 n_outputs = task->net.n_outputs;
        found.low = 1;
        found.high = n_steps + 1;
        found.rows = batch.error + t_first * n_outputs;
        found.stride = n_outputs;
        found.apart = batch.n_steps * n_outputs;
    }
    return found;
}

static __device__ __forceinline__ real *sum_of(const Batch &batch, i64 which) {
    if (which == OF_INPUT) return batch.input_sum;
    return which == OF_RECURRENT ? batch.recurrent_sum : batch.output_sum;
}

// A warp sums for one source and the targets of TARGETS_EACH tiles of a matrix.
extern "C" __global__ void add_to_matrix(
    const Task *task, i64 which, i64 n_pre, i64 n_post, i64 n, i64 t_first, i64 t_last) {
    const i64 across = 32 * TARGETS_EACH, n_pieces = (n_post + across - 1) / across;
    const i64 item = warp_in_grid(), pre = item / n_pieces;
    if (pre >= n_pre) return;
    const i64 first = (item - pre * n_pieces) * across + lane_in_warp();
    const i64 of_chunk = t_first / task->batch.chunk;
    real *into = sum_of(task->batch, which) + (of_chunk * n_pre + pre) * n_post;
    i64 column[TARGETS_EACH];
    real sum[TARGETS_EACH];
    for (i32 p = 0; p < TARGETS_EACH; p++) {
        const bool is_one = first + 32 * p < n_post;
        column[p] = is_one ? first + 32 * p : 0;
        sum[p] = is_one ? into[column[p]] : (real)0;
    }
    add_up(arrivals_from(task, which, pre, n, t_first, t_last), column, sum);
    const bool clears = which == OF_RECURRENT && !task->recurrent.autapses;
    for (i32 p = 0; p < TARGETS_EACH; p++) {
        const i64 post = first + 32 * p;
        if (post < n_post) into[post] = clears && post == pre ? (real)0 : sum[p];
    }
}

// A warp sums for one source and 32 synapses of its row.
extern "C" __global__ void add_to_rows(
    const Task *task, i64 which, i64 n_pieces, i64 n_synapses, i64 n, i64 t_first, i64 t_last) {
    const Rows &rows = which == OF_INPUT ? task->input : task->recurrent;
    const i64 item = warp_in_grid(), pre = item / n_pieces;
    if (pre >= rows.n_pre) return;
    const i64 s = rows.start[pre] + 32 * (item - pre * n_pieces) + lane_in_warp();
    if (s >= rows.start[pre + 1]) return;
    real *into = sum_of(task->batch, which) + t_first / task->batch.chunk * n_synapses + s;
    const i64 column[1] = {rows.post[s]};
    real sum[1] = {*into};
    add_up(arrivals_from(task, which, pre, n, t_first, t_last), column, sum);
    *into = sum[0];
}

// ---- when all trials are done

// Sums of all chunks, the last one first; the first takes the whole.
extern "C" __global__ void fold_chunks(real *sums, i64 n, i64 n_chunks) {
    const i64 at = thread_in_grid();
    if (at >= n) return;
    real total = sums[(n_chunks - 1) * n + at];
    for (i64 chunk = n_chunks - 2; chunk >= 0; chunk--) total = total + sums[chunk * n + at];
    sums[at] = total;
}

extern "C" __global__ void fold_biases(const Task *task, real *gradient) {
    const i64 k = thread_in_grid(), n = task->net.n_outputs;
    if (k >= n) return;
    const double *sums = task->batch.bias_sum;
    double total = sums[(task->batch.n_chunks - 1) * n + k];
    for (i64 chunk = task->batch.n_chunks - 2; chunk >= 0; chunk--) total += sums[chunk * n + k];
    gradient[k] = (real)total;
}

// Of the gradients of all pairs those of synapses.
extern "C" __global__ void pick_synapses(
    const Task *task, i64 which, const real *pairs, real *gradient, i64 n_synapses) {
    const Rows &rows = which == OF_INPUT ? task->input : task->recurrent;
    const i64 s = thread_in_grid();
    if (s < n_synapses) gradient[s] = pairs[(i64)rows.pre[s] * rows.n_post + rows.post[s]];
}
