// How weights follow a gradient: what snnlab.learning.optimisers does, number by number.

// The gradient with what pulls a weight towards 0, if anything does.
static __device__ __forceinline__ real pulled(
    real gradient, real weight, const i8 *sign, i64 at, real size, i64 pulls) {
    if (pulls == PULLS_NOTHING) return gradient;
    const real own = pulls == PULLS_BY_SIGN ? (real)sign[at]
                                            : (real)((weight > (real)0) - (weight < (real)0));
    return gradient + size * own;
}

// `constants`: learning rate, part of the moment that stays, pull.
extern "C" __global__ void descend(
    real *weight, const real *gradient, real *moment, const real *constants, const i8 *sign, i64 n,
    i64 pulls) {
    const i64 at = thread_in_grid();
    if (at >= n) return;
    const real g = pulled(gradient[at], weight[at], sign, at, constants[2], pulls);
    moment[at] = constants[1] * moment[at] + g;
    weight[at] = weight[at] - constants[0] * moment[at];
}

// `constants`: those of snnlab.learning.optimisers.Adam.apply, pull.
extern "C" __global__ void adapt(
    real *weight, const real *gradient, real *moments, const real *constants, const i8 *sign,
    i64 n, i64 pulls) {
    const i64 at = thread_in_grid();
    if (at >= n) return;
    const real *c = constants;
    const real g = pulled(gradient[at], weight[at], sign, at, c[7], pulls);
    const real first = c[0] * moments[at] + c[1] * g;
    const real second = c[2] * moments[n + at] + c[3] * g * g;
    moments[at] = first;
    moments[n + at] = second;
    weight[at] = weight[at] - c[4] * first / (sqrt_(second * c[5]) + c[6]);
}
