// Random draws of a neuron's rule: word for word what snnlab.rules.lanes has.

// What names the draws of one neuron in one step.
struct Draws {
    u32 seed, stream;
    u32 block;  // within the population
    u32 step;
    i32 lane;  // within the block
};

// The random word of a draw. `site` is its number in the rule, plus the part of a poisson() above
// bit 16; `passed` is the pass of the surrounding loops.
static __device__ __forceinline__ u32 one_word(const Draws &draws, u32 site, u32 passed) {
    u32 counter = draws.block * QUARTER + (u32)(draws.lane % QUARTER);
    u32 purpose = DRAW_PURPOSE | passed << PASS_SHIFT;
    Words words = philox4x32(counter, draws.step, site, purpose, draws.seed, draws.stream);
    int which = draws.lane / QUARTER;
    u32 low = which == 0 ? words.a : words.b;
    u32 high = which == 2 ? words.c : words.d;
    return which < 2 ? low : high;
}

template <typename T>
static __device__ i32 poisson(T lam, const Draws &draws, u32 site, u32 passed) {
    typedef Constants<T> C;
    if (!(lam > (T)0)) return 0;  // also where it is not a number
    T mean = lam > C::most_poisson ? C::most_poisson : lam;
    i32 parts = (i32)ceil_(mean / C::poisson_part);
    u32 total = 0;
    for (i32 k = 0; k < parts; k++) {
        u32 word = one_word(draws, site + ((u32)k << PARTS_SHIFT), passed);
        total += (u32)poisson_quantile(unit<T>(word), mean / (T)parts);
    }
    return (i32)total;
}
