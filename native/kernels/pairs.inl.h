// Functions and comparisons of two operands.
#pragma once

struct Add {
  LANEGRAD_INLINE vf apply(vf a, vf b) { return a + b; }
};
struct Sub {
  LANEGRAD_INLINE vf apply(vf a, vf b) { return a - b; }
};
struct Mul {
  LANEGRAD_INLINE vf apply(vf a, vf b) { return a * b; }
};
struct Div {
  LANEGRAD_INLINE vf apply(vf a, vf b) { return a / b; }
};
struct Maximum {
  LANEGRAD_INLINE vf apply(vf a, vf b) { return maximum(a, b); }
};
struct Minimum {
  LANEGRAD_INLINE vf apply(vf a, vf b) { return minimum(a, b); }
};
struct Pow {
  LANEGRAD_INLINE vf apply(vf a, vf b) { return vpow(a, b); }
};
struct Atan2 {
  LANEGRAD_INLINE vf apply(vf a, vf b) { return vatan2(a, b); }
};
struct Gate {
  LANEGRAD_INLINE vf apply(vf a, vf b) { return select(gt(b, zero()), a, zero()); }
};

struct Fmod {
  LANEGRAD_INLINE vf apply(vf a, vf b) { return vfmod(a, b); }
};
struct Remainder {
  LANEGRAD_INLINE vf apply(vf a, vf b) { return vremainder(a, b); }
};
struct FloorDivide {
  LANEGRAD_INLINE vf apply(vf a, vf b) { return vfloor_divide(a, b); }
};
struct TruncDivide {
  LANEGRAD_INLINE vf apply(vf a, vf b) { return vtrunc(a / b); }
};
struct Hypot {
  LANEGRAD_INLINE vf apply(vf a, vf b) { return vhypot(a, b); }
};
struct Copysign {
  LANEGRAD_INLINE vf apply(vf a, vf b) { return copy_sign(a, b); }
};
struct Xlogy {
  LANEGRAD_INLINE vf apply(vf a, vf b) { return select(eq(a, zero()) & eq(b, b), zero(), a * vlog(b)); }
};
struct Logaddexp {
  LANEGRAD_INLINE vf apply(vf a, vf b) { return vlogaddexp(a, b); }
};
struct Prelu {
  LANEGRAD_INLINE vf apply(vf a, vf b) { return select(gt(a, zero()), a, b * a); }
};

struct BinaryCrossEntropy {
  LANEGRAD_INLINE vf apply(vf p, vf t) {
    const vf lowest = set1(-100.0f);
    return -(t * maximum(vlog(p), lowest) + (set1(1.0f) - t) * maximum(vlog1p(-p), lowest));
  }
};
struct LogitCrossEntropy {
  LANEGRAD_INLINE vf apply(vf x, vf t) {
    const vf side = select(gt(x, zero()), set1(1.0f), zero());
    return x * (side - t) + vsoftplus(-vabs(x));
  }
};

struct Eq {
  LANEGRAD_INLINE vm apply(vf a, vf b) { return eq(a, b); }
};
struct Ne {
  LANEGRAD_INLINE vm apply(vf a, vf b) { return ne(a, b); }
};
struct Lt {
  LANEGRAD_INLINE vm apply(vf a, vf b) { return lt(a, b); }
};
struct Le {
  LANEGRAD_INLINE vm apply(vf a, vf b) { return le(a, b); }
};
struct Gt {
  LANEGRAD_INLINE vm apply(vf a, vf b) { return gt(a, b); }
};
struct Ge {
  LANEGRAD_INLINE vm apply(vf a, vf b) { return ge(a, b); }
};
struct And {
  LANEGRAD_INLINE vm apply(vf a, vf b) { return ne(a, zero()) & ne(b, zero()); }
};
struct Or {
  LANEGRAD_INLINE vm apply(vf a, vf b) { return ne(a, zero()) | ne(b, zero()); }
};
struct Xor {
  LANEGRAD_INLINE vm apply(vf a, vf b) {
    const vm left = ne(a, zero()), right = ne(b, zero());
    return (left & ~right) | (right & ~left);
  }
};
struct Within {
  LANEGRAD_INLINE vm apply(vf a, vf b) { return lt(vabs(a), b); }
};
struct Beyond {
  LANEGRAD_INLINE vm apply(vf a, vf b) { return ge(vabs(a), b); }
};
