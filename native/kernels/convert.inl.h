// Arrays of one class as those of another, as typed arrays convert: floats to integers towards 0 and modulo 2ⁿ.
#pragma once

#include "split.inl.h"

// The low 32 bits of the integer part; 0 of what is not finite.
inline int32_t wrap_to_int(double x) {
  if (fabs(x) < 0x1p63) return static_cast<int32_t>(static_cast<uint32_t>(static_cast<int64_t>(x)));
  uint64_t word;
  memcpy(&word, &x, sizeof word);
  // x = ±m·2^shift, so nothing is left of it below 2³² once the shift has passed that.
  const int shift = static_cast<int>(word >> 52 & 0x7ff) - 1075;
  if (shift >= 32) return 0;
  const uint64_t magnitude = ((word & 0xfffffffffffffULL) | 0x10000000000000ULL) << shift;
  return static_cast<int32_t>(static_cast<uint32_t>(word >> 63 ? 0 - magnitude : magnitude));
}

constexpr int64_t kConvertBlock = 512;

// Floats to integers. Blocks within the range of int32, which is nearly all there are, go without a branch an element.
template <class From, class To>
inline void convert_wrapping(const From* x, To* y, int64_t n) {
  for (int64_t from = 0; from < n; from += kConvertBlock) {
    const int64_t end = smaller(n, from + kConvertBlock);
    int32_t outside = 0;
    for (int64_t i = from; i < end; ++i) {
      outside |= x[i] > From(-2147483648.0) && x[i] < From(2147483648.0) ? 0 : 1;
    }
    if (outside == 0) {
      for (int64_t i = from; i < end; ++i) y[i] = static_cast<To>(static_cast<int32_t>(x[i]));
    } else {
      for (int64_t i = from; i < end; ++i) y[i] = static_cast<To>(wrap_to_int(x[i]));
    }
  }
}

template <class From, class To>
inline void convert_plainly(const From* x, To* y, int64_t n) {
  for (int64_t i = 0; i < n; ++i) y[i] = static_cast<To>(x[i]);
}

template <class From>
inline void convert_to_bool(const From* x, uint8_t* y, int64_t n) {
  for (int64_t i = 0; i < n; ++i) y[i] = x[i] != From(0) ? 1 : 0;
}

template <class From, bool kFloat>
inline void convert_from(const ConvertArgs& args, int64_t at, int64_t n) {
  const From* x = static_cast<const From*>(args.x) + at;
  switch (args.to) {
    case Element::kFloat32: return convert_plainly(x, static_cast<float*>(args.y) + at, n);
    case Element::kFloat64: return convert_plainly(x, static_cast<double*>(args.y) + at, n);
    case Element::kBool: return convert_to_bool(x, static_cast<uint8_t*>(args.y) + at, n);
    case Element::kInt32: {
      int32_t* y = static_cast<int32_t*>(args.y) + at;
      if constexpr (kFloat) return convert_wrapping(x, y, n);
      else return convert_plainly(x, y, n);
    }
    case Element::kUint8: {
      uint8_t* y = static_cast<uint8_t*>(args.y) + at;
      if constexpr (kFloat) return convert_wrapping(x, y, n);
      else return convert_plainly(x, y, n);
    }
  }
}

inline void convert(const ConvertArgs& args, const Parallel& par) {
  for_chunks(par, args.n, 1, kConvertBlock, [&](int64_t from, int64_t to) {
    switch (args.from) {
      case Element::kFloat32: return convert_from<float, true>(args, from, to - from);
      case Element::kFloat64: return convert_from<double, true>(args, from, to - from);
      case Element::kInt32: return convert_from<int32_t, false>(args, from, to - from);
      case Element::kUint8:
      case Element::kBool: return convert_from<uint8_t, false>(args, from, to - from);
    }
  });
}
