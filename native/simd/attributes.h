// Macros alone, so that this header may be included inside a per-ISA namespace.
#pragma once

// Vector wrappers must dissolve into their callers: a call would spill every register. `static` keeps each ISA's copy
// out of the linker's sight (no weak symbol that a baseline caller could be bound to).
#if defined(_MSC_VER) && !defined(__clang__)
#define LANEGRAD_INLINE static __forceinline
#define LANEGRAD_INLINE_LAMBDA
#else
#define LANEGRAD_INLINE static inline __attribute__((always_inline))
// After the parameters of a lambda; MSVC has no place for it there, and inlines what is called in one place anyway.
#define LANEGRAD_INLINE_LAMBDA __attribute__((always_inline))
#endif

// Before a loop over registers: an array of vectors lives in registers only when every index is a constant.
#if defined(__clang__)
#define LANEGRAD_UNROLL _Pragma("clang loop unroll(full)")
#elif defined(__GNUC__)
#define LANEGRAD_UNROLL _Pragma("GCC unroll 16")
#else
#define LANEGRAD_UNROLL
#endif
