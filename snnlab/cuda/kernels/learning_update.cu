// How weights follow a gradient: what snnlab.learning.optimisers does, number by number.

// The gradient with what pulls a weight towards 0, if anything does.
static __device__ __forceinline__ real pulled(
    real gradient, real weight, const i8 *sign, i64 at, real size, i64 pulls) {
    if (pulls == PULLS_NOTHING) return gradient;
    const real own = pulls == PULLS_BY_SIGN ? (real)sign[at]
                                            : (real)((weight > (real)0) - (weight < (real)0));
    return gradient + size * own;
}

const i64 N_CONSTANTS = 8; // of each array of weights; the last one is the pull

// The constants of a row are those of snnlab.learning.optimisers.SGD.constants.
extern "C" __global__ void descend(
    real *weight, const real *gradient, real *moment, const real *constants, i64 row,
    const i8 *sign, i64 n, i64 pulls) {
    const i64 at = thread_in_grid();
    if (at >= n) return;
    const real *c = constants + row * N_CONSTANTS;
    const real g = pulled(gradient[at], weight[at], sign, at, c[N_CONSTANTS - 1], pulls);
    const real own = c[1] * moment[at] + g;
    moment[at] = own;
    weight[at] = weight[at] - c[0] * own;
}

// The constants of a row are those of snnlab.learning.optimisers.Adam.constants.
extern "C" __global__ void adapt(
    real *weight, const real *gradient, real *moments, const real *constants, i64 row,
    const i8 *sign, i64 n, i64 pulls) {
    const i64 at = thread_in_grid();
    if (at >= n) return;
    const real *c = constants + row * N_CONSTANTS;
    const real g = pulled(gradient[at], weight[at], sign, at, c[N_CONSTANTS - 1], pulls);
    const real first = c[0] * moments[at] + c[1] * g;
    const real second = c[2] * moments[n + at] + c[3] * g * g;
    moments[at] = first;
    moments[n + at] = second;
    weight[at] = weight[at] - c[4] * first / (sqrt_(second * c[5]) + c[6]);
}
