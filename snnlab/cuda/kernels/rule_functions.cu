// What generated models call besides the elementary functions: ranges, and what the CPU engine
// does to numbers that it stores and to traces. Results are equal to Numba's to the bit.

// Passes of `for i in range(start, stop, step)`, step not 0; the way may wrap, as in Numba.
static __device__ __forceinline__ i32 n_passes(i32 start, i32 stop, i32 step) {
    i64 way = subtract(stop, start);
    if ((way > 0) != (step > 0)) return 0;
    return (i32)((way + step + (step > 0 ? -1 : 1)) / step);
}

// Numbers so small that processors are slow with them are stored as 0.
static __device__ __forceinline__ real flushed(real x) {
    return abs_(x) < Constants<real>::smallest_normal ? (real)0 : x;
}

// A number of steps as an i32; whatever lies further back than that is as good as gone.
static __device__ __forceinline__ i32 short_steps(i64 n) {
    const i64 far = 1ll << 29;
    return (i32)min_i64(max_i64(n, -far), far);
}

// What is left of a trace after so many steps.
static __device__ __forceinline__ real decay(real rate, i64 n_steps) {
    return exp_((real)n_steps * -rate);
}

// What names the draws of one decision of a rewiring rule.
struct RuleDraws {
    u32 seed, stream;
    u32 a, b;  // the attempt, or the neurons of a synapse
    u32 step;
};

// The random word of a draw: `site` is its number in the rule, `passed` the pass of the loops
// around it.
static __device__ __forceinline__ u32 one_word(const RuleDraws &draws, u32 site, u32 passed) {
    u32 place = site + (passed << PARTS_SHIFT);
    return philox4x32(draws.a, draws.step, place, draws.b, draws.seed, draws.stream).a;
}
