// Trials backwards in time: what a spike that arrives now is worth to its target. The equations are
// those of snnlab.learning.reverse, and so is the order of their sums.

const i32 AHEAD = 8; // steps that are fetched together

// Feedback with the neurons of an output side by side.
extern "C" __global__ void turn_feedback(const Task *task, const real *feedback) {
    const i64 at = thread_in_grid(), n_outputs = task->net.n_outputs;
    if (at >= task->net.n_hidden * n_outputs) return;
    const i64 j = at / n_outputs, k = at - j * n_outputs;
    task->batch.feedback[k * task->net.n_hidden + j] = feedback[at];
}

// A thread goes back through the errors of an output in a trial: Z takes their place.
extern "C" __global__ void scan_errors(const Task *task, i64 n, i64 t_first, i64 t_last) {
    const Batch &batch = task->batch;
    const i64 at = thread_in_grid(), n_outputs = task->net.n_outputs;
    if (at >= n * n_outputs) return;
    const i64 g = at / n_outputs, k = at - g * n_outputs;
    const real kappa = task->net.c[C_KAPPA];
    real *error = batch.error + g * batch.n_steps * n_outputs + k;
    real z = t_last < batch.n_steps ? batch.z[at] : task->net.c[C_ZERO];
    double sum = 0.0;
    for (i64 t = t_last - 1; t >= t_first; t -= AHEAD) {
        real own[AHEAD];
#pragma unroll
        for (i32 m = 0; m < AHEAD; m++) {
            own[m] = t - m >= t_first ? error[(t - m) * n_outputs] : (real)0;
        }
#pragma unroll
        for (i32 m = 0; m < AHEAD; m++) {
            if (t - m < t_first) break;
            z = own[m] + kappa * z;
            error[(t - m) * n_outputs] = z;
            sum += (double)z;
        }
    }
    batch.z[at] = z;
    batch.bias_part[at] = sum;
}

// A thread sums the gradient of a bias over trials.
extern "C" __global__ void add_biases(const Task *task, i64 n, i64 of_chunk) {
    const i64 k = thread_in_grid(), n_outputs = task->net.n_outputs;
    if (k >= n_outputs) return;
    double *sum = task->batch.bias_sum + of_chunk * n_outputs + k;
    for (i64 g = 0; g < n; g++) *sum += task->batch.bias_part[g * n_outputs + k];
}

// Feedback, from `f` on, times Z of a step, four outputs at a time.
static __device__ __forceinline__ real drive_of(
    const real *f, i64 n_hidden, i64 n_outputs, const real *z, real drive) {
    i64 k = 0;
#pragma unroll 1 // there are AHEAD copies of it
    for (; k + 4 <= n_outputs; k += 4) {
        const real first = f[k * n_hidden] * z[k] + f[(k + 1) * n_hidden] * z[k + 1];
        const real second = f[(k + 2) * n_hidden] * z[k + 2] + f[(k + 3) * n_hidden] * z[k + 3];
        drive = drive + (first + second);
    }
#pragma unroll 1
    for (; k < n_outputs; k++) drive = drive + f[k * n_hidden] * z[k];
    return drive;
}

// A thread goes back through a chunk of a trial for one neuron: Q takes the place of psi.
extern "C" __global__ void go_back(const Task *task, i64 t_first, i64 t_last, i64 n_pieces) {
    const Net net = task->net;
    const Batch batch = task->batch;
    const i64 g = blockIdx.x / n_pieces, n_hidden = net.n_hidden, n_outputs = net.n_outputs;
    const i64 j = (blockIdx.x - g * n_pieces) * blockDim.x + threadIdx.x;
    if (j >= n_hidden) return;
    const real alpha = net.c[C_ALPHA], rho = net.c[C_RHO], beta = net.c[C_BETA];
    const real pulls = batch.regulariser[j], *feedback = batch.feedback + j;
    const bool is_last = t_last == batch.n_steps;
    real *carried = batch.carried + g * 2 * n_hidden + j;
    real mu = is_last ? net.c[C_ZERO] : carried[0], q = is_last ? net.c[C_ZERO] : carried[n_hidden];
    real *psi = batch.psi + g * batch.psi_steps * batch.stride + j;
    const real *z = batch.error + (g * batch.n_steps + t_first) * n_outputs;
    for (i64 t = t_last - t_first - 1; t >= 0; t -= AHEAD) {
        real near[AHEAD];
#pragma unroll
        for (i32 m = 0; m < AHEAD; m++) {
            near[m] = t - m >= 0 ? psi[(t - m) * batch.stride] : (real)0;
        }
#pragma unroll
        for (i32 m = 0; m < AHEAD; m++) {
            if (t - m < 0) break;
            const real drive =
                drive_of(feedback, n_hidden, n_outputs, z + (t - m) * n_outputs, pulls);
            const real now = near[m] * (drive + mu);
            q = now + alpha * q;
            mu = rho * mu - beta * now;
            psi[(t - m) * batch.stride] = q;
        }
    }
    carried[0] = mu;
    carried[n_hidden] = q;
}
