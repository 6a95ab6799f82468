// exp, log, tanh and quantiles in float and double: step by step what snnlab.rules.elementary has.
//
// They take and return one type of real. `Constants` of a type come after this file; they are
// written by Python, which computes with them too.

template <typename T>
struct Constants;

// Polynomial by Horner's scheme, highest power first.
template <typename T>
static __device__ __forceinline__ T horner(T, T value) {
    return value;
}
template <typename T, typename... Rest>
static __device__ __forceinline__ T horner(T x, T value, T next, Rest... rest) {
    return horner(x, value * x + next, rest...);
}

// ---- exponentials

// Remainder r with exp(x) = (1 + r) 2**k, and the real whose low bits hold k.
template <typename T>
static __device__ __forceinline__ T expm1_parts(T x, T &shifted) {
    typedef Constants<T> C;
    shifted = x * C::log2_e + C::magic;
    T k = shifted - C::magic;
    T f = (x - k * C::ln2_high) - k * C::ln2_low;
    return f + f * f * C::exp_series(f);
}

// The power of two whose stored exponent is in the low bits of `shifted`, with `bias` added.
template <typename T>
static __device__ __forceinline__ T power_of_two(T shifted, int bias) {
    typedef Constants<T> C;
    typedef typename C::Unsigned Unsigned;
    Unsigned exponent = (Unsigned)to_bits(shifted) + (Unsigned)bias;
    return from_bits((typename C::Signed)(exponent << C::mantissa));
}

template <typename T>
static __device__ __forceinline__ T exp_(T x) {
    typedef Constants<T> C;
    T shifted;
    T value = (T)1 + expm1_parts(x, shifted);
    // Half the power of two, twice the value: the largest powers are not finite numbers.
    T result = (value + value) * power_of_two(shifted, C::bias - 1);
    result = x > C::exp_largest ? C::infinity() : result;
    return x < C::exp_smallest ? (T)0 : result;
}

// exp(x) - 1 for 0 <= x < 60.
template <typename T>
static __device__ __forceinline__ T expm1_(T x) {
    T shifted;
    T remainder = expm1_parts(x, shifted);
    T power = power_of_two(shifted, Constants<T>::bias);
    return power * remainder + (power - (T)1);
}

template <typename T>
static __device__ __forceinline__ T tanh_(T x) {
    T twice = x + x;
    twice = x >= (T)0 ? twice : -twice;
    T t = expm1_(twice > Constants<T>::tanh_limit ? Constants<T>::tanh_limit : twice);
    T value = t / (t + (T)2);
    return x >= (T)0 ? value : -value;
}

// ---- logarithm

template <typename T>
static __device__ __forceinline__ T log_(T x) {
    typedef Constants<T> C;
    typedef typename C::Signed Signed;
    typedef typename C::Unsigned Unsigned;
    Signed bits = to_bits(x < C::smallest_normal ? x * C::lift : x);
    Signed exponent = (Signed)((Unsigned)bits - (Unsigned)C::root_half_bits) >> C::mantissa;
    T k = from_bits((Signed)((Unsigned)to_bits(C::magic) + (Unsigned)exponent)) - C::magic;
    k = x < C::smallest_normal ? k - C::lifted : k;
    T f = from_bits((Signed)((Unsigned)bits - ((Unsigned)exponent << C::mantissa))) - (T)1;
    T s = f / ((T)2 + f);
    T z = s * s;
    T hump = (T)0.5 * f * f;
    T series = z * C::log_series(z);
    T result = k * C::ln2_high - ((hump - (s * (hump + series) + k * C::ln2_low)) - f);
    result = x == C::infinity() ? C::infinity() : result;
    T outside = x == (T)0 ? -C::infinity() : C::undefined();
    return x > (T)0 ? result : outside;
}

// ---- from uniform numbers to others

// Uniform real between 0 and 1, both excluded: unit<real>(word).
template <typename T>
static __device__ __forceinline__ T unit(u32 word) {
    typedef Constants<T> C;
    return ((T)(word >> C::unit_shift) + (T)0.5) * C::unit_scale;
}

template <typename T>
static __device__ __forceinline__ T normal_quantile(T u) {
    typedef Constants<T> C;
    T q = u - (T)0.5;
    T r = C::centre - q * q;
    T inner = q * C::central_above(r) / C::central_below(r);
    T t = sqrt_(-log_(q < (T)0 ? u : (T)1 - u)) - C::tail_shift;
    T outer = C::tail_above(t) / C::tail_below(t);
    outer = q < (T)0 ? -outer : outer;
    return abs_(q) <= C::split ? inner : outer;
}

template <typename T>
static __device__ __forceinline__ T normal(u32 word) {
    return normal_quantile(unit<T>(word));
}

template <typename T>
static __device__ i32 poisson_quantile(T u, T lam) {
    T probability = exp_(-lam);
    T cumulative = probability;
    T n = (T)1;
    i32 count = 0;
    while (u > cumulative && probability > cumulative * Constants<T>::negligible) {
        probability = probability * (lam / n);
        cumulative = cumulative + probability;
        count = count + 1;
        n = n + (T)1;
    }
    return count;
}
