// Readers of the elementwise, reduction and copying kernels.
#include "readers.h"

namespace lanegrad {
namespace {

// Strides that walk `dims` touch the elements [low, high) counted from their start; nothing if a dimension is 0.
struct Reach {
  int64_t low = 0, high = 0;
};

constexpr int64_t kFarthest = int64_t{1} << 48;

Reach reach_of(Args& in, int32_t rank, const int32_t* dims, const int32_t* strides) {
  Reach reach{0, 1};
  for (int32_t i = 0; i < rank && in.ok(); ++i) {
    if (dims[i] == 0) return {0, 0};
    const int64_t span = int64_t{dims[i] - 1} * strides[i];  // below 2^62
    int64_t& end = span < 0 ? reach.low : reach.high;
    end += span;
    if (end > kFarthest || end < -kFarthest) in.refuse(ErrorClass::kLimit, "strides reach too far");
  }
  return reach;
}

// The rank of `[rank, dims…, strides…, strides…]`, once the array is known to hold as much and no dimension is
// negative.
int32_t read_rank(Args& in, const int32_t* layout, int64_t length) {
  if (!in.ok()) return 0;
  if (layout == nullptr || length < 1 || layout[0] < 0 || layout[0] > kMaxRank || length < 1 + 3 * int64_t{layout[0]}) {
    in.refuse(ErrorClass::kShape,
              "layout must hold a rank of 0 to %d, then dims and two lists of strides: got %lld elements", kMaxRank,
              static_cast<long long>(layout == nullptr ? 0 : length));
    return 0;
  }
  for (int32_t i = 0; i < layout[0]; ++i) {
    if (layout[1 + i] < 0) in.refuse(ErrorClass::kShape, "layout has a negative dimension: got %d", layout[1 + i]);
  }
  return in.ok() ? layout[0] : 0;
}

void refuse_negative_strides(Args& in, int32_t rank, const int32_t* strides) {
  for (int32_t i = 0; i < rank; ++i) {
    if (strides[i] < 0) in.refuse(ErrorClass::kShape, "layout has a negative stride: got %d", strides[i]);
  }
}

void read_plan(Args& in, BroadcastPlan& p, int64_t* a_extent, int64_t* b_extent) {
  p.kind = in.opcode<PlanKind>("plan.kind", 4);
  p.size = in.dim("plan.size");
  int64_t length = 0;
  const int32_t* layout = in.in_i32_or_null("plan.layout", &length);
  const int64_t one = p.size > 0 ? 1 : 0;
  *a_extent = p.kind == PlanKind::kScalarA ? one : p.size;
  *b_extent = p.kind == PlanKind::kScalarB ? one : p.size;
  if (p.kind != PlanKind::kStrided) return;
  p.rank = read_rank(in, layout, length);
  if (!in.ok()) return;
  p.dims = layout + 1;
  p.a_strides = p.dims + p.rank;
  p.b_strides = p.a_strides + p.rank;
  refuse_negative_strides(in, 2 * p.rank, p.a_strides);
  int64_t size = 1;
  for (int32_t i = 0; i < p.rank; ++i) size = in.mul(size, p.dims[i]);
  if (in.ok() && size != p.size) {
    in.refuse(ErrorClass::kShape, "plan.size must be the product of the layout's dims: got %lld and %lld",
              static_cast<long long>(p.size), static_cast<long long>(size));
  }
  if (!in.ok()) return;
  *a_extent = reach_of(in, p.rank, p.dims, p.a_strides).high;
  *b_extent = reach_of(in, p.rank, p.dims, p.b_strides).high;
}

}  // namespace

// (op, p0, p1, x, y)
bool read_unary(Args& in, UnaryArgs& a) {
  a.op = in.opcode<UnaryOp>("op", kUnaryOpCount);
  a.p0 = static_cast<float>(in.number("p0"));
  a.p1 = static_cast<float>(in.number("p1"));
  a.x = in.in_all("x", &a.n);
  a.y = in.out_in_place("y", a.n);
  return a.n > 0;
}

// (op, kind, size, layout | null, a, b, y)
bool read_binary(Args& in, BinaryArgs& a) {
  int64_t a_extent = 0, b_extent = 0;
  a.op = in.opcode<BinaryOp>("op", kBinaryOpCount);
  read_plan(in, a.plan, &a_extent, &b_extent);
  a.a = in.in("a", a_extent);
  a.b = in.in("b", b_extent);
  a.y = in.out_in_place("y", a.plan.size);
  return a.plan.size > 0;
}

// (op, kind, size, layout | null, a, b, y)
bool read_compare(Args& in, CompareArgs& a) {
  int64_t a_extent = 0, b_extent = 0;
  a.op = in.opcode<CompareOp>("op", kCompareOpCount);
  read_plan(in, a.plan, &a_extent, &b_extent);
  a.a = in.in("a", a_extent);
  a.b = in.in("b", b_extent);
  a.y = in.out_u8("y", a.plan.size);
  return a.plan.size > 0;
}

// (mask, a, b, y)
bool read_select(Args& in, SelectArgs& a) {
  a.mask = in.in_u8_all("mask", &a.n);
  a.a = in.in("a", a.n);
  a.b = in.in("b", a.n);
  a.y = in.out_in_place("y", a.n);
  return a.n > 0;
}

// (weight, a, b, y)
bool read_lerp(Args& in, LerpArgs& a) {
  a.weight = static_cast<float>(in.number("weight"));
  a.a = in.in_all("a", &a.n);
  a.b = in.in("b", a.n);
  a.y = in.out_in_place("y", a.n);
  return a.n > 0;
}

// (rtol, atol, equalNan, a, b, y)
bool read_isclose(Args& in, IscloseArgs& a) {
  a.rtol = static_cast<float>(in.number("rtol"));
  a.atol = static_cast<float>(in.number("atol"));
  a.equal_nan = in.flag("equalNan");
  a.a = in.in_all("a", &a.n);
  a.b = in.in("b", a.n);
  a.y = in.out_u8("y", a.n);
  return a.n > 0;
}

// (op, outer, n, inner, x, y)
bool read_reduce(Args& in, ReduceArgs& a) {
  a.op = in.opcode<ReduceOp>("op", kReduceOpCount);
  const int64_t outputs = read_walk(in, a);
  a.x = in.in("x", in.mul(outputs, a.n));
  a.y = in.out("y", outputs);
  if (a.n == 0 && outputs > 0 && (a.op == ReduceOp::kMax || a.op == ReduceOp::kMin)) {
    in.refuse(ErrorClass::kShape, "n must be at least 1 for a maximum or minimum: got 0");
  }
  return outputs > 0;
}

// (op, outer, n, inner, x, y)
bool read_arg_reduce(Args& in, ArgReduceArgs& a) {
  a.op = in.opcode<ArgReduceOp>("op", kArgReduceOpCount);
  const int64_t outputs = read_walk(in, a);
  a.x = in.in("x", in.mul(outputs, a.n));
  a.y = in.out_i32("y", outputs);
  if (a.n == 0 && outputs > 0) in.refuse(ErrorClass::kShape, "n must be at least 1: got 0");
  return outputs > 0;
}

// (outer, n, inner, x, low, high)
bool read_extremes(Args& in, ExtremesArgs& a) {
  const int64_t outputs = read_walk(in, a);
  a.x = in.in("x", in.mul(outputs, a.n));
  a.low = in.out("low", outputs);
  a.high = in.out("high", outputs);
  if (a.n == 0 && outputs > 0) in.refuse(ErrorClass::kShape, "n must be at least 1: got 0");
  return outputs > 0;
}

// (from, to, x, y)
bool read_convert(Args& in, ConvertArgs& a) {
  a.from = in.opcode<Element>("from", kElementCount - 1);
  a.to = in.opcode<Element>("to", kElementCount);
  a.x = in.in_elements("x", a.from, &a.n);
  a.y = in.out_elements("y", a.to, a.n, nullptr);
  return a.n > 0;
}

// (xOffset, yOffset, layout, x, y)
bool read_copy_strided(Args& in, CopyStridedArgs& a) {
  const int64_t x_offset = in.dim("xOffset"), y_offset = in.dim("yOffset");
  int64_t length = 0;
  const int32_t* layout = in.in_i32_all("layout", &length);
  a.rank = read_rank(in, layout, length);
  if (!in.ok()) return false;
  a.dims = layout + 1;
  a.x_strides = a.dims + a.rank;
  a.y_strides = a.x_strides + a.rank;
  refuse_negative_strides(in, a.rank, a.y_strides);
  const Reach x = reach_of(in, a.rank, a.dims, a.x_strides), y = reach_of(in, a.rank, a.dims, a.y_strides);
  if (in.ok() && x_offset + x.low < 0) {
    in.refuse(ErrorClass::kBuffer, "x is walked to before its start: to element %lld",
              static_cast<long long>(x_offset + x.low));
  }
  if (x.high == 0 || !in.ok()) return false;
  a.x = in.window("x", x_offset + x.low, x_offset + x.high, Range::kInput);
  a.y = in.window("y", y_offset, y_offset + y.high, Range::kOutput);
  if (!in.ok()) return false;
  a.x += x_offset;
  a.y += y_offset;
  return true;
}

// (n, stride, wrap, accumulate, layout, ids, places)
bool read_places(Args& in, PlacesArgs& a) {
  a.n = static_cast<uint32_t>(in.dim("n"));
  a.stride = static_cast<int32_t>(in.dim("stride"));
  const bool wrap = in.flag("wrap");
  a.accumulate = in.flag("accumulate");
  a.shift = wrap ? a.n : 0;
  a.limit = a.n + a.shift;
  int64_t length = 0;
  const int32_t* layout = in.in_i32_all("layout", &length);
  a.rank = read_rank(in, layout, length);
  if (!in.ok()) return false;
  a.dims = layout + 1;
  a.base_strides = a.dims + a.rank;
  a.id_strides = a.base_strides + a.rank;
  refuse_negative_strides(in, 2 * a.rank, a.base_strides);
  int64_t size = 1;
  for (int32_t i = 0; i < a.rank; ++i) size = in.mul(size, a.dims[i]);
  const int64_t extent = reach_of(in, a.rank, a.dims, a.id_strides).high;
  a.ids = in.in_i32_all("ids", &a.count);
  a.places = in.out_i32("places", size);
  if (in.ok() && a.count < extent) {
    in.refuse(ErrorClass::kBuffer, "ids must have at least %lld elements: got %lld", static_cast<long long>(extent),
              static_cast<long long>(a.count));
  }
  return true;
}

// (room, mask, places | null)
bool read_nonzero(Args& in, NonzeroArgs& a) {
  a.room = in.dim("room");
  a.mask = in.in_u8_all("mask", &a.n);
  a.places = in.out_i32_or_null("places", a.room);
  if (a.places == nullptr) a.room = 0;
  return true;
}

namespace {

constexpr int64_t kLastBlock = (int64_t{1} << 53) - 1;

// (seedLo, seedHi, streamLo, streamHi, block)
DrawPlace read_place(Args& in) {
  DrawPlace place;
  place.seed_lo = in.u32("seedLo");
  place.seed_hi = in.u32("seedHi");
  place.stream_lo = in.u32("streamLo");
  place.stream_hi = in.u32("streamHi");
  place.block = static_cast<uint64_t>(in.integer("block", 0, kLastBlock));
  return place;
}

}  // namespace

// (…place, y)
bool read_uniform(Args& in, UniformArgs& a) {
  a.place = read_place(in);
  a.y = in.out_all("y", &a.n, Range::kOutput);
  return a.n > 0;
}

// (…place, stride, outer, rows, inner, y)
bool read_uniform_rows(Args& in, UniformRowsArgs& a) {
  a.place = read_place(in);
  a.stride = static_cast<uint64_t>(in.integer("stride", 0, kLastBlock));
  a.outer = in.dim("outer");
  a.rows = in.dim("rows");
  a.inner = in.dim("inner");
  const int64_t n = in.mul(a.outer, a.rows, a.inner);
  a.y = in.out("y", n);
  return n > 0;
}

// (…place, y)
bool read_uniform53(Args& in, Uniform53Args& a) {
  a.place = read_place(in);
  a.y = static_cast<double*>(in.out_elements("y", Element::kFloat64, -1, &a.n));
  return a.n > 0;
}

// (…place, wide, y)
bool read_normal(Args& in, NormalArgs& a) {
  a.place = read_place(in);
  const bool wide = in.flag("wide");
  a.y = wide ? nullptr : in.out_all("y", &a.n, Range::kOutput);
  a.wide = wide ? static_cast<double*>(in.out_elements("y", Element::kFloat64, -1, &a.n)) : nullptr;
  return a.n > 0;
}

// (…place, low, count, y)
bool read_integers(Args& in, IntegersArgs& a) {
  a.place = read_place(in);
  a.low = static_cast<double>(in.integer("low", INT32_MIN, INT32_MAX));
  a.count = static_cast<double>(in.integer("count", 1, int64_t{1} << 32));
  a.y = static_cast<int32_t*>(in.out_elements("y", Element::kInt32, -1, &a.n));
  if (in.ok() && a.low + a.count > 2147483648.0) {
    in.refuse(ErrorClass::kShape, "low + count must be at most 2147483648: got %.0f", a.low + a.count);
  }
  return a.n > 0;
}

// (what, rounds, x, y)
bool read_yardstick(Args& in, YardstickArgs& a) {
  a.what = in.opcode<Yardstick>("what", kYardstickCount);
  a.rounds = in.dim("rounds");
  a.x = in.in_all("x", &a.n);
  a.y = in.out("y", a.n);
  return true;
}

}  // namespace lanegrad
