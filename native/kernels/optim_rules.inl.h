// The rules of `update`, whose formulas stand at UpdateRule in src/backend/opcodes.ts. The order of their terms is PyTorch's;
// factors are derived in double and rounded once.
#pragma once

#include "optim.inl.h"

struct UpdateFactors {
  vf rate, one_less1, beta2, one_less2, eps, decay, keep, momentum, correction, average, grow, shrink, low, high;
  bool maximize, decays, adaptive, copies;
};

LANEGRAD_INLINE vf running_mean(vf mean, vf x, vf share) { return fma(share, x - mean, mean); }
LANEGRAD_INLINE vf mean_square(const UpdateFactors& f, vf square, vf x) {
  return fma(f.one_less2 * x, x, f.beta2 * square);
}

// A rule says which states it has, one bit each, and moves p and them by g.
struct Adagrad {
  static constexpr int kStates = 1;
  LANEGRAD_INLINE vf apply(const UpdateFactors& f, vf p, vf g, vf (&s)[3]) {
    s[0] = fma(g, g, s[0]);
    return fnma(f.rate, g / (vsqrt(s[0]) + f.eps), p);
  }
};

template <bool kCentered, bool kMomentum>
struct Rmsprop {
  static constexpr int kStates = 1 | (kCentered ? 2 : 0) | (kMomentum ? 4 : 0);
  LANEGRAD_INLINE vf apply(const UpdateFactors& f, vf p, vf g, vf (&s)[3]) {
    s[0] = mean_square(f, s[0], g);
    vf spread = s[0];
    if constexpr (kCentered) {
      s[1] = running_mean(s[1], g, f.one_less2);
      // A variance is not negative, but its rounding can be.
      spread = maximum(fnma(s[1], s[1], s[0]), zero());
    }
    const vf direction = g / (vsqrt(spread) + f.eps);
    if constexpr (!kMomentum) return fnma(f.rate, direction, p);
    s[2] = fma(f.momentum, s[2], direction);
    return fnma(f.rate, s[2], p);
  }
};

struct Adadelta {
  static constexpr int kStates = 3;
  LANEGRAD_INLINE vf apply(const UpdateFactors& f, vf p, vf g, vf (&s)[3]) {
    s[0] = mean_square(f, s[0], g);
    const vf delta = vsqrt(s[1] + f.eps) / vsqrt(s[0] + f.eps) * g;
    s[1] = mean_square(f, s[1], delta);
    return fnma(f.rate, delta, p);
  }
};

struct Adamax {
  static constexpr int kStates = 3;
  LANEGRAD_INLINE vf apply(const UpdateFactors& f, vf p, vf g, vf (&s)[3]) {
    s[0] = running_mean(s[0], g, f.one_less1);
    s[1] = maximum(f.beta2 * s[1], vabs(g) + f.eps);
    return fnma(f.rate, s[0] / s[1], p);
  }
};

struct Nadam {
  static constexpr int kStates = 3;
  LANEGRAD_INLINE vf apply(const UpdateFactors& f, vf p, vf g, vf (&s)[3]) {
    s[0] = running_mean(s[0], g, f.one_less1);
    s[1] = mean_square(f, s[1], g);
    const vf direction = fma(f.momentum, s[0], f.rate * g);
    return f.keep * p - direction / fma(vsqrt(s[1]), f.correction, f.eps);
  }
};

struct Radam {
  static constexpr int kStates = 3;
  LANEGRAD_INLINE vf apply(const UpdateFactors& f, vf p, vf g, vf (&s)[3]) {
    s[0] = running_mean(s[0], g, f.one_less1);
    s[1] = mean_square(f, s[1], g);
    const vf step = f.rate * s[0];
    return f.keep * p - (f.adaptive ? step / (vsqrt(s[1]) + f.eps) : step);
  }
};

struct Rprop {
  static constexpr int kStates = 3;
  LANEGRAD_INLINE vf apply(const UpdateFactors& f, vf p, vf g, vf (&s)[3]) {
    // By signs: a product of small gradients would be 0.
    const vm up = gt(g, zero()), down = lt(g, zero()), was_up = gt(s[0], zero()), was_down = lt(s[0], zero());
    const vm agree = (up & was_up) | (down & was_down), differ = (up & was_down) | (down & was_up);
    s[1] = s[1] * select(agree, f.grow, select(differ, f.shrink, set1(1.0f)));
    s[1] = minimum(maximum(s[1], f.low), f.high);
    s[0] = select(differ, zero(), g);
    return select(gt(s[0], zero()), p - s[1], select(lt(s[0], zero()), p + s[1], p));
  }
};

struct Asgd {
  static constexpr int kStates = 1;
  LANEGRAD_INLINE vf apply(const UpdateFactors& f, vf p, vf g, vf (&s)[3]) {
    const vf next = fnma(f.rate, g, f.keep * p);
    s[0] = f.copies ? next : running_mean(s[0], next, f.average);
    return next;
  }
};

// Factors by value: see AdamFactors.
template <class Rule>
inline void update_run(const UpdateParam a, const UpdateFactors f, int64_t from, int64_t to) {
  for_lanes(from, to, [&](int64_t i, int count) LANEGRAD_INLINE_LAMBDA {
    const vf p = load_lanes(a.p + i, count);
    const vf g = step_gradient(load_lanes(a.g + i, count), p, f.maximize, f.decays, f.decay);
    vf states[3];
    LANEGRAD_UNROLL for (int s = 0; s < 3; ++s) {
      states[s] = Rule::kStates >> s & 1 ? load_lanes(a.states[s] + i, count) : zero();
    }
    store_lanes(a.p + i, Rule::apply(f, p, g, states), count);
    LANEGRAD_UNROLL for (int s = 0; s < 3; ++s) {
      if (Rule::kStates >> s & 1) store_lanes(a.states[s] + i, states[s], count);
    }
  });
}

template <class Rule>
inline void update_by(const UpdateArgs& args, const UpdateFactors& f, const Parallel& par) {
  for_arrays(par, args.params, args.count,
             [&](const UpdateParam& a, int64_t from, int64_t to) { update_run<Rule>(a, f, from, to); });
}

inline void update(const UpdateArgs& args, const Parallel& par) {
  UpdateFactors f;
  f.rate = set_double(args.rate);
  f.one_less1 = set_double(1.0 - args.beta1);
  f.beta2 = set_double(args.beta2);
  f.one_less2 = set_double(1.0 - args.beta2);
  f.eps = set_double(args.eps);
  f.decay = set_double(args.weight_decay);
  f.keep = set_double(args.keep);
  f.momentum = set_double(args.momentum);
  f.correction = set_double(args.correction);
  f.average = set_double(args.average);
  f.grow = set_double(args.grow);
  f.shrink = set_double(args.shrink);
  f.low = set_double(args.low);
  f.high = set_double(args.high);
  f.maximize = args.maximize;
  f.decays = args.weight_decay != 0.0;
  f.adaptive = args.adaptive;
  f.copies = args.average == 1.0;
  const bool centered = args.params[0].states[1] != nullptr, momentum = args.params[0].states[2] != nullptr;
  switch (args.rule) {
    case UpdateRule::kAdagrad: return update_by<Adagrad>(args, f, par);
    case UpdateRule::kRmsprop:
      if (centered) return momentum ? update_by<Rmsprop<true, true>>(args, f, par)
                                    : update_by<Rmsprop<true, false>>(args, f, par);
      return momentum ? update_by<Rmsprop<false, true>>(args, f, par) : update_by<Rmsprop<false, false>>(args, f, par);
    case UpdateRule::kAdadelta: return update_by<Adadelta>(args, f, par);
    case UpdateRule::kAdamax: return update_by<Adamax>(args, f, par);
    case UpdateRule::kNadam: return update_by<Nadam>(args, f, par);
    case UpdateRule::kRadam: return update_by<Radam>(args, f, par);
    case UpdateRule::kRprop: return update_by<Rprop>(args, f, par);
    case UpdateRule::kAsgd: return update_by<Asgd>(args, f, par);
  }
}
