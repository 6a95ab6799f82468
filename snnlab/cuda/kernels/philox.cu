// Philox4x32-10: random numbers as a pure function of a counter and a key.

struct Words {
    u32 a, b, c, d;
};

static __device__ __forceinline__ Words philox4x32(
    u32 counter_0, u32 counter_1, u32 counter_2, u32 counter_3, u32 key_0, u32 key_1) {
    Words x = {counter_0, counter_1, counter_2, counter_3};
    for (int round = 0; round < 10; round++) {
        u32 high_0 = __umulhi(0xD2511F53u, x.a), low_0 = 0xD2511F53u * x.a;
        u32 high_1 = __umulhi(0xCD9E8D57u, x.c), low_1 = 0xCD9E8D57u * x.c;
        x = {high_1 ^ x.b ^ key_0, low_1, high_0 ^ x.d ^ key_1, low_0};
        key_0 += 0x9E3779B9u;
        key_1 += 0xBB67AE85u;
    }
    return x;
}
