// The floating-point environment of a native call: IEEE defaults inside, the caller's own again afterwards.
#pragma once

#include <stdint.h>

#if defined(__x86_64__) || defined(_M_X64)
#include <xmmintrin.h>
#elif defined(_M_ARM64)
#include <intrin.h>
#endif

namespace lanegrad {

#if defined(__x86_64__) || defined(_M_X64)
constexpr uint64_t kDefaultFpControl = 0x1f80;  // MXCSR: round to nearest, no flushing, every exception masked
inline uint64_t fp_control() noexcept { return _mm_getcsr(); }
inline void set_fp_control(uint64_t word) noexcept { _mm_setcsr(static_cast<unsigned>(word)); }
#elif defined(_M_ARM64)
constexpr uint64_t kDefaultFpControl = 0;  // FPCR: round to nearest, no flushing, exceptions untrapped
inline uint64_t fp_control() noexcept { return static_cast<uint64_t>(_ReadStatusReg(ARM64_FPCR)); }
inline void set_fp_control(uint64_t word) noexcept { _WriteStatusReg(ARM64_FPCR, static_cast<int64_t>(word)); }
#elif defined(__aarch64__)
constexpr uint64_t kDefaultFpControl = 0;
inline uint64_t fp_control() noexcept {
  uint64_t word;
  __asm__ volatile("mrs %0, fpcr" : "=r"(word));
  return word;
}
inline void set_fp_control(uint64_t word) noexcept { __asm__ volatile("msr fpcr, %0" : : "r"(word)); }
#else
constexpr uint64_t kDefaultFpControl = 0;
inline uint64_t fp_control() noexcept { return kDefaultFpControl; }
inline void set_fp_control(uint64_t) noexcept {}
#endif

// The whole register is put back, sticky exception flags too: JavaScript must not see that we were here.
class FpScope {
 public:
  FpScope() noexcept : saved_(fp_control()) { set_fp_control(kDefaultFpControl); }
  ~FpScope() { set_fp_control(saved_); }
  FpScope(const FpScope&) = delete;
  FpScope& operator=(const FpScope&) = delete;

 private:
  uint64_t saved_;
};

}  // namespace lanegrad
