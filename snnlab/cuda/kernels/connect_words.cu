// The words of a neuron's stream, in their order: eight counters' first words, their second ones,
// their third and their fourth, then the next eight counters.

static __device__ Words draw_words(const Drawing* draw, i64 counter, i64 index) {
    u32 seed = (u32)draw->seed, stream = (u32)draw->stream;
    return philox4x32((u32)counter, (u32)index, FOR_PARTNERS, 0, seed, stream);
}

static __device__ u32 component_of(const Words& words, i64 component) {
    u32 low = component == 0 ? words.a : words.b;
    u32 high = component == 2 ? words.c : words.d;
    return component < 2 ? low : high;
}

// Place in the stream of one of the four words of a counter.
static __device__ i64 place_of_word(i64 counter, i64 component) {
    return (counter >> 3) * 32 + component * 8 + (counter & 7);
}
