// Vectors of four floats, each operation rounded once, in which the portable leaves are written:
//
//   all load store  [lane]  + - * / of vectors  * of a vector and a float  < select  bits_of floats_of  & | ^ ~ + - << of bits
//
// g++ and clang++ know such vectors on every machine, and make SSE2, NEON, WebAssembly's SIMD128 or RISC-V's V of them where they may.
// Two kinds of machine want more:
//   - NEON of 32-bit ARM flushes denormal numbers, so g++ leaves it aside for floats unless it is allowed to round otherwise
//     (-funsafe-math-optimizations).  We ask for nothing of denormals (pbgen.h): each operator is the instruction itself, by its name.
//   - Where there are no vectors (Cortex-M7, RISC-V without V, or with it by a g++ before 14) g++ keeps them in memory.  Four floats by
//     name stay in registers.
#pragma once

#include <cstdint>

#include "core/freestanding/bits.h"

#if defined(__ARM_NEON) && !defined(__aarch64__)
#include <arm_neon.h>
#endif

namespace pbgen::edge {

#if defined(__ARM_NEON) && !defined(__aarch64__)

// Sums of a loop that registers hold beside what is added to them.
inline constexpr int kFourSums = 8;

typedef std::int32_t FourBits __attribute__((vector_size(16)));

struct Four {
  float32x4_t lanes;

  Four() = default;
  Four(float32x4_t all_lanes) : lanes(all_lanes) {}
  Four(float a, float b, float c, float d) : lanes{a, b, c, d} {}
  float operator[](int lane) const { return lanes[lane]; }
};

inline Four all(float value) { return vdupq_n_f32(value); }
inline Four load(const float* from) { return vld1q_f32(from); }
inline void store(float* to, Four value) { vst1q_f32(to, value.lanes); }
inline FourBits load_bits(const std::uint32_t* from) { return reinterpret_cast<FourBits>(vld1q_u32(from)); }
inline FourBits bits_of(Four value) { return reinterpret_cast<FourBits>(value.lanes); }
inline Four floats_of(FourBits bits) { return reinterpret_cast<float32x4_t>(bits); }

inline Four operator+(Four a, Four b) { return vaddq_f32(a.lanes, b.lanes); }
inline Four operator-(Four a, Four b) { return vsubq_f32(a.lanes, b.lanes); }
inline Four operator*(Four a, Four b) { return vmulq_f32(a.lanes, b.lanes); }
inline Four operator*(Four a, float b) { return vmulq_n_f32(a.lanes, b); }
// There is no instruction for it.
inline Four operator/(Four a, Four b) { return {a[0] / b[0], a[1] / b[1], a[2] / b[2], a[3] / b[3]}; }
inline FourBits operator<(Four a, Four b) { return reinterpret_cast<FourBits>(vcltq_f32(a.lanes, b.lanes)); }

#elif defined(__SSE2__) || defined(__ARM_NEON) || defined(__wasm_simd128__) || defined(__ALTIVEC__) || \
    defined(__mips_msa) || defined(__loongarch_sx) || (defined(__riscv_vector) && (defined(__clang__) || __GNUC__ >= 14))

inline constexpr int kFourSums = 8;

typedef float Four __attribute__((vector_size(16)));
typedef std::int32_t FourBits __attribute__((vector_size(16)));
// Anywhere in an array.
typedef float UnalignedFour __attribute__((vector_size(16), aligned(4), may_alias));
typedef std::int32_t UnalignedBits __attribute__((vector_size(16), aligned(4), may_alias));

inline Four all(float value) { return Four{value, value, value, value}; }
inline Four load(const float* from) { return *reinterpret_cast<const UnalignedFour*>(from); }
inline void store(float* to, Four value) { *reinterpret_cast<UnalignedFour*>(to) = value; }
inline FourBits load_bits(const std::uint32_t* from) { return *reinterpret_cast<const UnalignedBits*>(from); }
inline FourBits bits_of(Four value) { return reinterpret_cast<FourBits>(value); }
inline Four floats_of(FourBits bits) { return reinterpret_cast<Four>(bits); }

#else

inline constexpr int kFourSums = 4;

struct Four {
  float a, b, c, d;

  float operator[](int lane) const { return lane == 0 ? a : lane == 1 ? b : lane == 2 ? c : d; }
};

struct FourBits {
  std::uint32_t a, b, c, d;
};

inline Four all(float value) { return {value, value, value, value}; }
inline Four load(const float* from) { return {from[0], from[1], from[2], from[3]}; }
inline void store(float* to, Four value) {
  to[0] = value.a;
  to[1] = value.b;
  to[2] = value.c;
  to[3] = value.d;
}
inline FourBits load_bits(const std::uint32_t* from) { return {from[0], from[1], from[2], from[3]}; }
inline FourBits bits_of(Four value) { return bits_as<FourBits>(value); }
inline Four floats_of(FourBits bits) { return bits_as<Four>(bits); }

inline Four operator+(Four x, Four y) { return {x.a + y.a, x.b + y.b, x.c + y.c, x.d + y.d}; }
inline Four operator-(Four x, Four y) { return {x.a - y.a, x.b - y.b, x.c - y.c, x.d - y.d}; }
inline Four operator*(Four x, Four y) { return {x.a * y.a, x.b * y.b, x.c * y.c, x.d * y.d}; }
inline Four operator*(Four x, float y) { return {x.a * y, x.b * y, x.c * y, x.d * y}; }
inline Four operator/(Four x, Four y) { return {x.a / y.a, x.b / y.b, x.c / y.c, x.d / y.d}; }

inline FourBits operator&(FourBits x, FourBits y) { return {x.a & y.a, x.b & y.b, x.c & y.c, x.d & y.d}; }
inline FourBits operator|(FourBits x, FourBits y) { return {x.a | y.a, x.b | y.b, x.c | y.c, x.d | y.d}; }
inline FourBits operator^(FourBits x, FourBits y) { return {x.a ^ y.a, x.b ^ y.b, x.c ^ y.c, x.d ^ y.d}; }
inline FourBits operator~(FourBits x) { return {~x.a, ~x.b, ~x.c, ~x.d}; }
inline FourBits operator+(FourBits x, FourBits y) { return {x.a + y.a, x.b + y.b, x.c + y.c, x.d + y.d}; }
inline FourBits operator-(FourBits x, FourBits y) { return {x.a - y.a, x.b - y.b, x.c - y.c, x.d - y.d}; }
inline FourBits operator<<(FourBits x, int places) { return {x.a << places, x.b << places, x.c << places, x.d << places}; }
inline FourBits operator<(Four x, Four y) { return {0u - (x.a < y.a), 0u - (x.b < y.b), 0u - (x.c < y.c), 0u - (x.d < y.d)}; }

#endif

// Where the mask has all bits set a, else b.
inline Four select(FourBits mask, Four a, Four b) { return floats_of((mask & bits_of(a)) | (~mask & bits_of(b))); }

}  // namespace pbgen::edge
