// What generated models call besides the elementary functions: Python's division, its ranges, and
// what the CPU engine does to numbers that it stores. Results are equal to Numba's to the bit.

// Whole quotient, rounded down; 0 where the divisor is 0. The lowest number by -1 wraps.
static __device__ inline i32 floor_div(i32 a, i32 b) {
    if (b == 0) return 0;
    if (b == -1) return i32(0u - u32(a));
    return a / b - i32((a % b != 0) & ((a ^ b) < 0));
}

// What `floor_div` leaves; it has the sign of the divisor.
static __device__ inline i32 floor_mod(i32 a, i32 b) {
    if (b == 0 || b == -1) return 0;
    i32 rest = a % b;
    return rest + ((rest != 0) & ((rest ^ b) < 0) ? b : 0);
}

static __device__ inline i32 absolute(i32 x) { return x < 0 ? i32(0u - u32(x)) : x; }
static __device__ inline float absolute(float x) { return fabsf(x); }
static __device__ inline double absolute(double x) { return fabs(x); }

static __device__ inline float square_root(float x) { return sqrtf(x); }
static __device__ inline double square_root(double x) { return sqrt(x); }

static __device__ inline float rounded_down(float x) { return floorf(x); }
static __device__ inline double rounded_down(double x) { return floor(x); }

static __device__ inline float rounded_up(float x) { return ceilf(x); }
static __device__ inline double rounded_up(double x) { return ceil(x); }

static __device__ inline float remainder_of(float a, float b) { return fmodf(a, b); }
static __device__ inline double remainder_of(double a, double b) { return fmod(a, b); }

// Largest whole number that is not above a / b, as Python finds it.
static __device__ inline real floor_div(real a, real b) {
    if (b == 0) return a / b;
    real rest = remainder_of(a, b);
    real quotient = (a - rest) / b;
    if (rest != 0 && (b < 0) != (rest < 0)) quotient = quotient - 1;
    if (!(quotient < 0 || quotient > 0)) return quotient * quotient * a / b;  // 0 with its sign
    real whole = rounded_down(quotient);
    return quotient - whole > real(0.5) ? whole + 1 : whole;
}

// a - b * floor_div(a, b), as Python finds it; it has the sign of b.
static __device__ inline real floor_mod(real a, real b) {
    real rest = remainder_of(a, b);
    if (b == 0) return rest;
    if (rest == 0) return b < 0 ? -real(0) : real(0);
    return (b < 0) != (rest < 0) ? rest + b : rest;
}

// Passes of `for i in range(start, stop, step)`, step not 0.
static __device__ inline i32 n_passes(i32 start, i32 stop, i32 step) {
    i64 way = i32(u32(stop) - u32(start));
    if ((way > 0) != (step > 0)) return 0;
    return i32((way + step + (step > 0 ? -1 : 1)) / step);
}

// Numbers so small that processors are slow with them are stored as 0.
static __device__ inline real flushed(real x) {
    const real tiny = real(sizeof(real) == 4 ? 0x1p-126 : 0x1p-1022);
    return absolute(x) < tiny ? real(0) : x;
}

// A number of steps as an i32; whatever lies further back than that is as good as gone.
static __device__ inline i32 short_steps(i64 n) {
    const i64 far = 1ll << 29;
    return i32(n < -far ? -far : n > far ? far : n);
}

// What is left of a trace after so many steps.
static __device__ inline real decay(real rate, i32 n_steps) {
    return Elementary<real>::exp(real(n_steps) * -rate);
}
