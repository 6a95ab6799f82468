// Trials forwards in time: a block shows one trial, a thread holds PER_THREAD of its neurons.
//
// Threads wait for each other once in a step, for who has fired. The read-out hangs on spikes alone,
// and nothing hangs on it before the way back: it has kernels of its own.

const i32 MOST_WORDS = 32 * PER_THREAD;

struct Neuron {
    real v, a;
    i32 refractory;
};

// Constants of a network, fetched once.
struct Fixed {
    real zero, one, alpha, rho, beta, v_th, inverse_v_th, height;
    i32 refractory_steps;
};

static __device__ __forceinline__ Fixed fixed_of(const Net &net) {
    const real *c = net.c;
    const Fixed fixed = {c[C_ZERO], c[C_ONE], c[C_ALPHA], c[C_RHO], c[C_BETA], c[C_V_TH],
                         c[C_INVERSE_V_TH], c[C_HEIGHT], (i32)net.refractory_steps};
    return fixed;
}

static __device__ __forceinline__ i64 neuron_of_thread(i32 p) {
    return (i64)p * blockDim.x + threadIdx.x;
}

// Where the state of a trial at the start of a chunk is kept.
static __device__ __forceinline__ real *kept_state(const Task *task, i64 g, i64 chunk) {
    return task->batch.kept + (g * task->batch.n_chunks + chunk) * 3 * task->net.n_hidden;
}

static __device__ void keep_state(
    const Task *task, i64 g, i64 chunk, const Neuron (&neurons)[PER_THREAD]) {
    real *kept = kept_state(task, g, chunk);
    const i64 n = task->net.n_hidden;
    for (i32 p = 0; p < PER_THREAD; p++) {
        const i64 j = neuron_of_thread(p);
        if (j >= n) continue;
        kept[j] = neurons[p].v;
        kept[n + j] = neurons[p].a;
        kept[2 * n + j] = (real)neurons[p].refractory;
    }
}

static __device__ void take_state(
    const Task *task, i64 g, i64 chunk, Neuron (&neurons)[PER_THREAD]) {
    const real *kept = kept_state(task, g, chunk);
    const i64 n = task->net.n_hidden;
    for (i32 p = 0; p < PER_THREAD; p++) {
        const i64 j = neuron_of_thread(p);
        if (j >= n) continue;
        neurons[p].v = kept[j];
        neurons[p].a = kept[n + j];
        neurons[p].refractory = (i32)kept[2 * n + j];
    }
}

static __device__ __forceinline__ void add_to_all(
    const Rows &rows, const i32 (&pre)[AT_ONCE], real (&current)[PER_THREAD]) {
    for (i32 p = 0; p < PER_THREAD; p++) {
        const i64 tile = neuron_of_thread(p) / 32;
        if (tile < tiles_of(rows)) {
            add_weights(rows, pre, tile, (i32)(threadIdx.x % 32), current[p]);
        }
    }
}

static __device__ __forceinline__ void add_input(
    const Rows &rows, const StepEvents &events, real (&current)[PER_THREAD]) {
    i32 pre[AT_ONCE];
    for (u32 e = events.begin; e < events.end; e += AT_ONCE) {
#pragma unroll
        for (u32 k = 0; k < AT_ONCE; k++) {
            const u32 channel = e + k < events.end ? events.channel[e + k] : NO_EVENT;
            pre[k] = channel == NO_EVENT ? -1 : (i32)channel;
        }
        add_to_all(rows, pre, current);
    }
}

static __device__ __forceinline__ void add_recurrent(
    const Rows &rows, const u32 *fired, i64 n_words, real (&current)[PER_THREAD]) {
    i32 pre[AT_ONCE];
    BitWalk walk = walk_bits(fired, n_words);
    do {
#pragma unroll
        for (i32 k = 0; k < AT_ONCE; k++) pre[k] = next_bit(walk);
        if (pre[0] >= 0) add_to_all(rows, pre, current);
    } while (pre[AT_ONCE - 1] >= 0);
}

// Add the input of a step to a neuron and let it fire or not; the pseudo-derivative is returned.
static __device__ __forceinline__ real advance_neuron(
    const Fixed &fixed, Neuron &neuron, real current, bool &fires) {
    neuron.v = neuron.v + current;
    const real above = neuron.v - (fixed.v_th + fixed.beta * neuron.a);
    const real near = fixed.one - abs_(above) * fixed.inverse_v_th;
    const bool may_fire = neuron.refractory == 0;
    const real psi = may_fire && near > fixed.zero ? fixed.height * near : fixed.zero;
    fires = above >= fixed.zero && may_fire;
    neuron.v = neuron.v * fixed.alpha;
    neuron.a = neuron.a * fixed.rho;
    neuron.refractory -= neuron.refractory > 0;
    if (fires) {
        neuron.v = neuron.v - fixed.v_th;
        neuron.a = neuron.a + fixed.one;
        neuron.refractory = fixed.refractory_steps;
    }
    return psi;
}

// Show trial `first + g` in steps t_first ... t_last - 1, as block g. `does`: what of it is kept.
extern "C" __global__ void __launch_bounds__(MOST_THREADS) show_trials(
    const Task *task, i64 first, i64 t_first, i64 t_last, i64 does) {
    __shared__ u32 fired[2][MOST_WORDS];
    const Rows input = task->input, recurrent = task->recurrent;
    const Batch batch = task->batch;
    const Fixed fixed = fixed_of(task->net);
    const i64 n_hidden = task->net.n_hidden, n_words = task->net.n_words;
    const i64 g = blockIdx.x, b = first + g;
    const bool replays = does & REPLAYS, keeps_psi = does & KEEPS_PSI;
    Neuron neurons[PER_THREAD];
    u32 n_fired[PER_THREAD];
    for (i32 p = 0; p < PER_THREAD; p++) {
        const Neuron at_rest = {fixed.zero, fixed.zero, 0};
        neurons[p] = at_rest;
        n_fired[p] = 0;
    }
    if (replays) take_state(task, g, t_first / batch.chunk, neurons);
    u32 *spikes = batch.spikes + g * batch.n_steps * n_words;
    for (i64 w = threadIdx.x; w < n_words; w += blockDim.x) {
        fired[t_first & 1][w] = t_first > 0 ? spikes[(t_first - 1) * n_words + w] : 0u;
    }
    __syncthreads();
    real *psi = batch.psi + g * batch.psi_steps * batch.stride;
    for (i64 t = t_first; t < t_last; t++) {
        if ((does & KEEPS_STATE) && t % batch.chunk == 0) {
            keep_state(task, g, t / batch.chunk, neurons);
        }
        real current[PER_THREAD];
        for (i32 p = 0; p < PER_THREAD; p++) current[p] = fixed.zero;
        add_input(input, events_at(batch, b, t), current);
        if (recurrent.kind != ROWS_NONE) add_recurrent(recurrent, fired[t & 1], n_words, current);
        for (i32 p = 0; p < PER_THREAD; p++) {
            const i64 j = neuron_of_thread(p), tile = j / 32;
            bool fires = false;
            if (j < n_hidden) {
                const real near = advance_neuron(fixed, neurons[p], current[p], fires);
                if (keeps_psi) psi[(t - t_first) * batch.stride + j] = near;
            }
            const u32 word = __ballot_sync(FULL_WARP, fires);
            n_fired[p] += fires;
            if (threadIdx.x % 32 == 0 && tile < n_words) {
                fired[(t + 1) & 1][tile] = word;
                if (!replays) spikes[t * n_words + tile] = word;
            }
        }
        __syncthreads();
    }
    if (replays) return;
    for (i32 p = 0; p < PER_THREAD; p++) {
        if (n_fired[p] == 0) continue;
        atomicAdd(&batch.spike_counts[neuron_of_thread(p)], (u64)n_fired[p]);
        atomicAdd(&batch.n_spikes[b], (u64)n_fired[p]);
    }
}

// ---- the read-out

// A block goes through one trial, a thread through the course of an output; outputs take the place
// of errors for now.
extern "C" __global__ void __launch_bounds__(MOST_THREADS) read_out(const Task *task, i64 first) {
    const Net net = task->net;
    const Batch batch = task->batch;
    const i64 g = blockIdx.x, n_outputs = net.n_outputs;
    const real kappa = net.c[C_KAPPA], zero = net.c[C_ZERO];
    const u32 *spikes = batch.spikes + g * batch.n_steps * net.n_words;
    for (i64 k = threadIdx.x; k < n_outputs; k += blockDim.x) {
        const real bias = batch.bias[k];
        real y = zero;
        double vote = 0.0;
        for (i64 t = 0; t < batch.n_steps; t++) {
            y = kappa * y + bias;
            BitWalk walk = walk_bits(spikes + t * net.n_words, net.n_words);
            for (i32 j = next_bit(walk); j >= 0; j = next_bit(walk)) {
                y = y + batch.output[j * n_outputs + k];
            }
            batch.error[(g * batch.n_steps + t) * n_outputs + k] = y;
            if (t >= net.first_vote) vote += (double)y;
        }
        batch.votes[(first + g) * n_outputs + k] = vote;
    }
}

// Put errors in the place of outputs y, and return the loss.
static __device__ double judge_classes(const Net &net, real *y, i64 label) {
    const i64 n = net.n_outputs;
    real largest = y[0], total = net.c[C_ZERO];
#pragma unroll 1
    for (i64 k = 1; k < n; k++) largest = y[k] > largest ? y[k] : largest;
    const double of_label = (double)y[label];
#pragma unroll 1
    for (i64 k = 0; k < n; k++) {
        y[k] = exp_(y[k] - largest);
        total = total + y[k];
    }
#pragma unroll 1
    for (i64 k = 0; k < n; k++) y[k] = y[k] / total;
    y[label] = y[label] - net.c[C_ONE];
    return log_((double)total) + (double)largest - of_label;
}

static __device__ double judge_course(const Net &net, real *y, const real *target) {
    double loss = 0.0;
    for (i64 k = 0; k < net.n_outputs; k++) {
        y[k] = y[k] - target[k];
        loss += 0.5 * (double)y[k] * (double)y[k];
    }
    return loss;
}

// A thread compares the outputs of one step of one trial with what they should be.
extern "C" __global__ void judge_steps(const Task *task, i64 first, i64 n) {
    const Net net = task->net;
    const Batch &batch = task->batch;
    const i64 at = thread_in_grid(), g = at / batch.n_steps, t = at - g * batch.n_steps;
    if (g >= n) return;
    real *y = batch.error + at * net.n_outputs;
    double loss = 0.0;
    if (t < net.first_vote) {
        for (i64 k = 0; k < net.n_outputs; k++) y[k] = net.c[C_ZERO];
    } else if (net.is_softmax) {
        loss = judge_classes(net, y, batch.labels[first + g]);
    } else {
        const i64 step = (first + g) * batch.n_steps + t;
        loss = judge_course(net, y, batch.targets + step * net.n_outputs);
    }
    batch.step_loss[at] = loss;
}

// A thread sums the losses of a trial.
extern "C" __global__ void sum_losses(const Task *task, i64 first, i64 n) {
    const Batch &batch = task->batch;
    const i64 g = thread_in_grid();
    if (g >= n) return;
    double loss = 0.0;
    for (i64 t = task->net.first_vote; t < batch.n_steps; t++) {
        loss += batch.step_loss[g * batch.n_steps + t];
    }
    batch.loss[first + g] = loss;
}
