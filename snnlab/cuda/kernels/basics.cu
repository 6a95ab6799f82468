// Types of known size, bits of reals, and the arithmetic that Python and C do not share.

typedef signed char i8;
typedef short i16;
typedef int i32;
typedef long long i64;
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;

#define FULL_WARP 0xffffffffu

// ---- whole numbers that wrap around, as the rule language has them

static __device__ __forceinline__ i32 add(i32 x, i32 y) { return (i32)((u32)x + (u32)y); }
static __device__ __forceinline__ i32 subtract(i32 x, i32 y) { return (i32)((u32)x - (u32)y); }
static __device__ __forceinline__ i32 multiply(i32 x, i32 y) { return (i32)((u32)x * (u32)y); }
static __device__ __forceinline__ i32 negative(i32 x) { return (i32)(0u - (u32)x); }

static __device__ __forceinline__ i64 add(i64 x, i64 y) { return (i64)((u64)x + (u64)y); }
static __device__ __forceinline__ i64 subtract(i64 x, i64 y) { return (i64)((u64)x - (u64)y); }
static __device__ __forceinline__ i64 multiply(i64 x, i64 y) { return (i64)((u64)x * (u64)y); }
static __device__ __forceinline__ i64 negative(i64 x) { return (i64)(0ull - (u64)x); }

// The same names for reals, so that a template may use them for both.
static __device__ __forceinline__ float add(float x, float y) { return x + y; }
static __device__ __forceinline__ float subtract(float x, float y) { return x - y; }
static __device__ __forceinline__ float multiply(float x, float y) { return x * y; }
static __device__ __forceinline__ float negative(float x) { return -x; }
static __device__ __forceinline__ double add(double x, double y) { return x + y; }
static __device__ __forceinline__ double subtract(double x, double y) { return x - y; }
static __device__ __forceinline__ double multiply(double x, double y) { return x * y; }
static __device__ __forceinline__ double negative(double x) { return -x; }

static __device__ __forceinline__ i64 min_i64(i64 x, i64 y) { return y < x ? y : x; }
static __device__ __forceinline__ i64 max_i64(i64 x, i64 y) { return y > x ? y : x; }
static __device__ __forceinline__ i32 min_i32(i32 x, i32 y) { return y < x ? y : x; }
static __device__ __forceinline__ i32 max_i32(i32 x, i32 y) { return y > x ? y : x; }

// ---- bits of reals

static __device__ __forceinline__ i32 to_bits(float x) { return __float_as_int(x); }
static __device__ __forceinline__ i64 to_bits(double x) { return __double_as_longlong(x); }
static __device__ __forceinline__ float from_bits(i32 bits) { return __int_as_float(bits); }
static __device__ __forceinline__ double from_bits(i64 bits) { return __longlong_as_double(bits); }

// ---- functions of a real that are correctly rounded everywhere

static __device__ __forceinline__ float sqrt_(float x) { return sqrtf(x); }
static __device__ __forceinline__ double sqrt_(double x) { return sqrt(x); }
static __device__ __forceinline__ float floor_(float x) { return floorf(x); }
static __device__ __forceinline__ double floor_(double x) { return floor(x); }
static __device__ __forceinline__ float ceil_(float x) { return ceilf(x); }
static __device__ __forceinline__ double ceil_(double x) { return ceil(x); }
static __device__ __forceinline__ float rint_(float x) { return rintf(x); }
static __device__ __forceinline__ double rint_(double x) { return rint(x); }
static __device__ __forceinline__ float abs_(float x) { return fabsf(x); }
static __device__ __forceinline__ double abs_(double x) { return fabs(x); }
static __device__ __forceinline__ i32 abs_(i32 x) { return x < 0 ? negative(x) : x; }
static __device__ __forceinline__ i64 abs_(i64 x) { return x < 0 ? negative(x) : x; }
static __device__ __forceinline__ float remainder_(float x, float y) { return fmodf(x, y); }
static __device__ __forceinline__ double remainder_(double x, double y) { return fmod(x, y); }

// ---- // and % of Python: towards minus infinity, with the sign of the divisor

// By 0 both give 0; the one quotient that does not fit gives 0 too.
static __device__ __forceinline__ bool divides(i64 x, i64 y) {
    return y != 0 && !(y == -1 && x == negative(x) && x != 0);
}

static __device__ __forceinline__ i64 floor_divide(i64 x, i64 y) {
    if (!divides(x, y)) return 0;
    i64 rest = x % y;
    return x / y - (rest != 0 && (rest ^ y) < 0);
}

static __device__ __forceinline__ i64 modulo(i64 x, i64 y) {
    if (!divides(x, y)) return 0;
    i64 rest = x % y;
    return rest != 0 && (rest ^ y) < 0 ? rest + y : rest;
}

// Divided as 64-bit numbers, so that every quotient fits before it wraps.
static __device__ __forceinline__ i32 floor_divide(i32 x, i32 y) {
    return (i32)floor_divide((i64)x, (i64)y);
}

static __device__ __forceinline__ i32 modulo(i32 x, i32 y) {
    return (i32)modulo((i64)x, (i64)y);
}

template <typename T>
static __device__ __forceinline__ T floor_divide_reals(T x, T y) {
    if (y == (T)0) return x / y;
    T rest = remainder_(x, y);
    T quotient = (x - rest) / y;
    if (rest != (T)0 && (y < (T)0) != (rest < (T)0)) quotient = quotient - (T)1;
    if (!(quotient < (T)0 || quotient > (T)0)) {
        // Nothing, with the sign of the true quotient; or undefined.
        return quotient * quotient * x / y;
    }
    T whole = floor_(quotient);
    return quotient - whole > (T)0.5 ? whole + (T)1 : whole;
}

template <typename T>
static __device__ __forceinline__ T modulo_reals(T x, T y) {
    if (y == (T)0) return remainder_(x, y);
    T rest = remainder_(x, y);
    if (rest == (T)0) return y < (T)0 ? -(T)0 : (T)0;
    return (y < (T)0) != (rest < (T)0) ? rest + y : rest;
}

static __device__ __forceinline__ float floor_divide(float x, float y) {
    return floor_divide_reals(x, y);
}
static __device__ __forceinline__ double floor_divide(double x, double y) {
    return floor_divide_reals(x, y);
}
static __device__ __forceinline__ float modulo(float x, float y) { return modulo_reals(x, y); }
static __device__ __forceinline__ double modulo(double x, double y) { return modulo_reals(x, y); }
