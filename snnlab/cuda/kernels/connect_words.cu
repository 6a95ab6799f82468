// The words of a neuron's stream, in their order: eight counters' first words, their second ones,
// their third and their fourth, then the next eight counters.

struct Words {
    u32 of[4];
};

__device__ inline Words draw_words(const ConnectionRule* rule, i64 counter, i64 index)
{
    Words words;
    philox4x32((u32)counter, (u32)index, FOR_PARTNERS, 0, (u32)rule->seed, (u32)rule->stream, words.of);
    return words;
}

// Place in the stream of one of the four words of a counter.
__device__ inline i64 place_of_word(i64 counter, i64 component)
{
    return (counter >> 3) * 32 + component * 8 + (counter & 7);
}
