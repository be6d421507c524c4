#include "workloads.h"

#include <initializer_list>

namespace lanegrad {
namespace {

constexpr int64_t kMany = 200003;  // elements: seven tasks of light work, and no multiple of any vector

void unary(Machine& m) {
  const Drawn x(m, kMany, 4);
  for (int32_t op = 0; op < kUnaryOpCount; ++op) {
    Result<float> y(m, kMany);
    m.table.unary({static_cast<UnaryOp>(op), x.data, y.data, kMany, 0.3f, 0.7f}, m.parallel);
  }
}

constexpr int32_t kDims[] = {37, 53, 91};
constexpr int32_t kAStrides[] = {0, 91, 1}, kBStrides[] = {53, 1, 0};  // of [1, 53, 91] and [37, 53, 1]
const BroadcastPlan kPlans[] = {
    {PlanKind::kSame, 0, kMany, nullptr, nullptr, nullptr},
    {PlanKind::kScalarA, 0, kMany, nullptr, nullptr, nullptr},
    {PlanKind::kScalarB, 0, kMany, nullptr, nullptr, nullptr},
    {PlanKind::kStrided, 3, int64_t{37} * 53 * 91, kDims, kAStrides, kBStrides},
};

void binary(Machine& m) {
  for (const BroadcastPlan& plan : kPlans) {
    const bool strided = plan.kind == PlanKind::kStrided;
    const Drawn a(m, strided ? 53 * 91 : plan.kind == PlanKind::kScalarA ? 1 : kMany, 2);
    const Drawn b(m, strided ? 37 * 53 : plan.kind == PlanKind::kScalarB ? 1 : kMany, 2);
    for (int32_t op = 0; op < kBinaryOpCount; ++op) {
      Result<float> y(m, plan.size);
      m.table.binary({static_cast<BinaryOp>(op), plan, a.data, b.data, y.data}, m.parallel);
    }
    Result<uint8_t> mask(m, plan.size);
    m.table.compare({CompareOp::kLt, plan, a.data, b.data, mask.data}, m.parallel);
    if (plan.kind != PlanKind::kSame) continue;
    Result<float> y(m, plan.size);
    m.table.select({mask.data, a.data, b.data, y.data, plan.size}, m.parallel);
    m.table.lerp({a.data, b.data, y.data, plan.size, 0.3f}, m.parallel);
    m.table.isclose({a.data, b.data, mask.data, plan.size, 1e-5f, 1e-8f, true}, m.parallel);
  }
}

void reduce(Machine& m) {
  constexpr int64_t kShapes[][3] = {{1, kMany, 1}, {701, 131, 1}, {5, 300, 67}, {1, 40, 3001}};
  for (const auto& [outer, n, inner] : kShapes) {
    const Drawn x(m, outer * n * inner, 1.5f);
    for (int32_t op = 0; op < kReduceOpCount; ++op) {
      Result<float> y(m, outer * inner);
      const ReduceArgs args{static_cast<ReduceOp>(op), x.data, y.data, outer, n, inner};
      m.table.reduce(args, m.parallel, m.scratch(m.table.reduce_scratch(args, m.threads)));
    }
    for (int32_t op = 0; op < kArgReduceOpCount; ++op) {
      Result<int32_t> y(m, outer * inner);
      const ArgReduceArgs args{static_cast<ArgReduceOp>(op), x.data, y.data, outer, n, inner};
      m.table.arg_reduce(args, m.parallel, m.scratch(m.table.arg_reduce_scratch(args, m.threads)));
    }
    Result<float> low(m, outer * inner), high(m, outer * inner);
    const ExtremesArgs args{x.data, low.data, high.data, outer, n, inner};
    m.table.extremes(args, m.parallel, m.scratch(m.table.extremes_scratch(args, m.threads)));
  }
}

void copy_strided(Machine& m) {
  constexpr int64_t kRows = 301, kCols = 517;
  const Drawn x(m, kRows * kCols);
  constexpr int32_t kDimsOfCopy[] = {kCols, kRows}, kOfX[] = {1, kCols}, kOfY[] = {kRows, 1}, kBackwards[] = {-1, kCols};
  Result<float> transposed(m, kRows * kCols), mirrored(m, kRows * kCols);
  m.table.copy_strided({x.data, transposed.data, 2, kDimsOfCopy, kOfX, kOfY}, m.parallel);
  m.table.copy_strided({x.data + kCols - 1, mirrored.data, 2, kDimsOfCopy, kBackwards, kOfY}, m.parallel);
}

void convert(Machine& m) {
  const Drawn x(m, kMany, 1e10f);
  Result<int32_t> integers(m, kMany);
  m.table.convert({Element::kFloat32, Element::kInt32, x.data, integers.data, kMany}, m.parallel);
  Result<uint8_t> bytes(m, kMany), bools(m, kMany);
  m.table.convert({Element::kFloat32, Element::kUint8, x.data, bytes.data, kMany}, m.parallel);
  m.table.convert({Element::kInt32, Element::kBool, integers.data, bools.data, kMany}, m.parallel);
  Result<float> back(m, kMany);
  m.table.convert({Element::kInt32, Element::kFloat32, integers.data, back.data, kMany}, m.parallel);
}

void gemm(Machine& m) {
  struct Shape {
    int64_t rows, cols, depth, batch;
    bool trans_a, trans_b, accumulate;
  };
  // Tiles with edges, both classes of one row, few rows, a long K, and a batch.
  constexpr Shape kShapes[] = {
      {203, 151, 300, 1, false, false, false}, {1, 1999, 300, 1, false, true, false}, {1, 1999, 300, 1, false, false, false},
      {65, 257, 600, 1, true, false, true},    {131, 67, 260, 1, true, true, false},  {9, 33, 65, 11, false, true, true},
      {16, 16, 5000, 1, false, false, false},
  };
  for (const Shape& s : kShapes) {
    const Drawn a(m, s.rows * s.depth * s.batch), b(m, s.depth * s.cols * s.batch), bias(m, s.cols);
    const Drawn start(m, s.rows * s.cols * s.batch);
    Result<float> c(m, s.rows * s.cols * s.batch);
    if (s.accumulate) memcpy(c.data, start.data, c.size() * sizeof(float));
    const GemmArgs args{s.trans_a,
                        s.trans_b,
                        s.accumulate,
                        s.rows,
                        s.cols,
                        s.depth,
                        a.data,
                        b.data,
                        c.data,
                        s.accumulate ? nullptr : bias.data,
                        s.batch,
                        s.rows * s.depth,
                        s.depth * s.cols,
                        s.rows * s.cols};
    m.table.gemm(args, m.parallel, m.scratch(m.table.gemm_scratch(args, m.threads)));
  }
}

void rows(Machine& m) {
  constexpr int64_t kRows = 50, kCount = 1500, kWidth = 131;
  const Drawn table(m, kRows * kWidth), src(m, kCount * kWidth);
  const DrawnIds ids(m, kCount, kRows);
  Result<float> y(m, kCount * kWidth), sums(m, kRows * kWidth);
  CHECK(m.table.gather_rows({table.data, ids.data, y.data, kRows, kCount, kWidth}, m.parallel) == -1);
  memcpy(sums.data, table.data, sums.size() * sizeof(float));
  CHECK(m.table.scatter_add_rows({src.data, ids.data, sums.data, kRows, kCount, kWidth}, m.parallel) == -1);
  CHECK(m.table.set_rows({src.data, ids.data, sums.data, kRows, kCount, kWidth}, m.parallel) == -1);
  constexpr int64_t kTables = 40;
  const Drawn tables(m, kTables * kRows * 3), parts(m, kTables * kCount * 3);
  Result<float> chosen(m, kTables * kCount * 3), added(m, kTables * kRows * 3);
  CHECK(m.table.gather_rows({tables.data, ids.data, chosen.data, kRows, kCount, 3, kTables}, m.parallel) == -1);
  memcpy(added.data, tables.data, added.size() * sizeof(float));
  CHECK(m.table.scatter_add_rows({parts.data, ids.data, added.data, kRows, kCount, 3, kTables}, m.parallel) == -1);
  Result<float> narrow(m, kCount), narrow_sums(m, kRows);
  CHECK(m.table.gather_rows({table.data, ids.data, narrow.data, kRows, kCount, 1}, m.parallel) == -1);
  memcpy(narrow_sums.data, table.data, narrow_sums.size() * sizeof(float));
  CHECK(m.table.scatter_add_rows({src.data, ids.data, narrow_sums.data, kRows, kCount, 1}, m.parallel) == -1);
}

void places(Machine& m) {
  constexpr int64_t kOuter = 70, kCount = 1500, kRows = 50;
  const int32_t layout[] = {kOuter, kCount, kRows, 0, 0, 1};
  const DrawnIds ids(m, kCount, kRows);
  Result<int32_t> found(m, kOuter * kCount);
  const PlacesArgs args = {ids.data, found.data, kCount, 2, layout, layout + 2, layout + 4, kRows, 0, kRows, 1, false};
  CHECK(m.table.places(args, m.parallel) == -1);
  CHECK(found.data[kCount] == kRows + ids.data[0]);
  const uint8_t* mask = reinterpret_cast<const uint8_t*>(ids.data);
  const int64_t count = m.table.nonzero({mask, nullptr, 4 * kCount, 0}, m.parallel);
  Result<int32_t> chosen(m, count);
  CHECK(m.table.nonzero({mask, chosen.data, 4 * kCount, count}, m.parallel) == count);
}

constexpr int64_t kTallRows = 701, kTallWidth = 131;

void softmax(Machine& m) {
  constexpr int64_t kShapes[][2] = {{kTallRows, kTallWidth}, {3, 30011}};
  for (const auto& [count, n] : kShapes) {
    const Drawn x(m, count * n, 8), dy(m, count * n);
    for (const bool log : {false, true}) {
      Result<float> y(m, count * n), dx(m, count * n);
      m.table.softmax({log, x.data, y.data, count, n}, m.parallel);
      m.table.softmax_backward({log, y.data, dy.data, dx.data, count, n}, m.parallel);
    }
  }
}

void cross_entropy(Machine& m) {
  const Drawn x(m, kTallRows * kTallWidth, 8), d_losses(m, kTallRows);
  const DrawnIds targets(m, kTallRows, kTallWidth);
  Result<float> losses(m, kTallRows), lse(m, kTallRows), dx(m, kTallRows * kTallWidth);
  const CrossEntropyArgs args{x.data, targets.data, losses.data, lse.data, kTallRows, kTallWidth, 7};
  CHECK(m.table.cross_entropy(args, m.parallel) == -1);
  m.table.cross_entropy_backward({x.data, targets.data, lse.data, d_losses.data, dx.data, kTallRows, kTallWidth, 7},
                                 m.parallel);
}

void layer_norm(Machine& m) {
  constexpr int64_t kSize = kTallRows * kTallWidth;
  const Drawn x(m, kSize, 3), weight(m, kTallWidth), bias(m, kTallWidth), dy(m, kSize);
  Result<float> y(m, kSize), mean(m, kTallRows), rstd(m, kTallRows), dx(m, kSize);
  Result<float> d_weight(m, kTallWidth), d_bias(m, kTallWidth);
  m.table.layer_norm({x.data, weight.data, bias.data, y.data, mean.data, rstd.data, kTallRows, kTallWidth, 1e-5},
                     m.parallel);
  const LayerNormBackwardArgs args{x.data,        weight.data, mean.data, rstd.data, dy.data, dx.data,
                                   d_weight.data, d_bias.data, kTallRows, kTallWidth};
  m.table.layer_norm_backward(args, m.parallel, m.scratch(m.table.layer_norm_backward_scratch(args, m.threads)));
}

constexpr RecurrentDims kLayers[] = {{5, 19, 33, 40, false}, {3, 67, 20, 98, true}, {9, 1, 21, 70, false}};

void lstm(Machine& m) {
  for (const RecurrentDims& d : kLayers) {
    const int64_t state = d.batch * d.hidden, gates = 4 * d.hidden, outputs = d.steps * state;
    const int64_t inputs = d.steps * d.batch * d.inputs;
    const Drawn x(m, inputs), w_ih(m, gates * d.inputs, 0.3f), w_hh(m, gates * d.hidden, 0.3f);
    const Drawn b_ih(m, gates), b_hh(m, gates), h0(m, state), c0(m, state), dy(m, outputs), dh_n(m, state), dc_n(m, state);
    Result<float> y(m, outputs), h_n(m, state), c_n(m, state);
    Guarded<float> workspace(static_cast<size_t>(m.table.lstm_workspace(d)), m.flush);
    Result<float> dx(m, inputs), dw_ih(m, gates * d.inputs), dw_hh(m, gates * d.hidden), db(m, gates);
    Result<float> dh0(m, state), dc0(m, state);
    const LstmInputs in{x.data, w_ih.data, w_hh.data, b_ih.data, b_hh.data, h0.data, c0.data};
    const LstmArgs forward{d, in, y.data, h_n.data, c_n.data, workspace.data};
    m.table.lstm(forward, m.parallel, m.scratch(m.table.lstm_scratch(forward, m.threads)));
    const LstmBackwardArgs backward{d,         in,        y.data,  workspace.data, dy.data, dh_n.data, dc_n.data,
                                    dx.data,   dw_ih.data, dw_hh.data, db.data,    dh0.data, dc0.data};
    m.table.lstm_backward(backward, m.parallel, m.scratch(m.table.lstm_backward_scratch(backward, m.threads)));
  }
}

void gru(Machine& m) {
  for (const RecurrentDims& d : kLayers) {
    const int64_t state = d.batch * d.hidden, gates = 3 * d.hidden, outputs = d.steps * state;
    const int64_t inputs = d.steps * d.batch * d.inputs;
    const Drawn x(m, inputs), w_ih(m, gates * d.inputs, 0.3f), w_hh(m, gates * d.hidden, 0.3f);
    const Drawn b_ih(m, gates), b_hh(m, gates), h0(m, state), dy(m, outputs), dh_n(m, state);
    Result<float> y(m, outputs), h_n(m, state);
    Guarded<float> workspace(static_cast<size_t>(m.table.gru_workspace(d)), m.flush);
    Result<float> dx(m, inputs), dw_ih(m, gates * d.inputs), dw_hh(m, gates * d.hidden), db_ih(m, gates);
    Result<float> db_hh(m, gates), dh0(m, state);
    const RecurrentInputs in{x.data, w_ih.data, w_hh.data, b_ih.data, b_hh.data, h0.data};
    const GruArgs forward{d, in, y.data, h_n.data, workspace.data};
    m.table.gru(forward, m.parallel, m.scratch(m.table.gru_scratch(forward, m.threads)));
    const GruBackwardArgs backward{d,       in,         y.data,     workspace.data, dy.data,    dh_n.data,
                                   dx.data, dw_ih.data, dw_hh.data, db_ih.data,     db_hh.data, dh0.data};
    m.table.gru_backward(backward, m.parallel, m.scratch(m.table.gru_backward_scratch(backward, m.threads)));
  }
}

void rnn(Machine& m) {
  for (const RecurrentDims& d : kLayers) {
    const bool relu = d.reverse;
    const int64_t state = d.batch * d.hidden, outputs = d.steps * state, inputs = d.steps * d.batch * d.inputs;
    const Drawn x(m, inputs), w_ih(m, d.hidden * d.inputs, 0.3f), w_hh(m, d.hidden * d.hidden, 0.1f);
    const Drawn b_ih(m, d.hidden), b_hh(m, d.hidden), h0(m, state), dy(m, outputs), dh_n(m, state);
    Result<float> y(m, outputs), h_n(m, state), dx(m, inputs), dw_ih(m, d.hidden * d.inputs);
    Result<float> dw_hh(m, d.hidden * d.hidden), db(m, d.hidden), dh0(m, state);
    const RecurrentInputs in{x.data, w_ih.data, w_hh.data, b_ih.data, b_hh.data, h0.data};
    const RnnArgs forward{d, in, relu, y.data, h_n.data};
    m.table.rnn(forward, m.parallel, m.scratch(m.table.rnn_scratch(forward, m.threads)));
    const RnnBackwardArgs backward{d,       in,         relu,       y.data,  dy.data, dh_n.data,
                                   dx.data, dw_ih.data, dw_hh.data, db.data, dh0.data};
    m.table.rnn_backward(backward, m.parallel, m.scratch(m.table.rnn_backward_scratch(backward, m.threads)));
  }
}

void uniform(Machine& m) {
  Result<float> y(m, kMany);
  const DrawPlace place{1, 2, 3, 4, 0xfffffff0u};
  m.table.uniform({place, y.data, kMany}, m.parallel);
  constexpr int64_t kOuter = 3, kRows = 50, kInner = 403;
  Result<float> rows(m, kOuter * kRows * kInner);
  m.table.uniform_rows({place, 1u << 28, kOuter, kRows, kInner, rows.data}, m.parallel);
  Result<float> normals(m, kMany);
  m.table.normal({place, normals.data, nullptr, kMany}, m.parallel);
  Result<double> wide(m, kMany);
  m.table.uniform53({place, wide.data, kMany}, m.parallel);
  Result<int32_t> integers(m, kMany);
  m.table.integers({place, -5, 4294967290.0 / 2, integers.data, kMany}, m.parallel);
}

// Parameters of a network: a large array between small ones.
constexpr int64_t kSmall = 17, kLarge = 100003, kOne = 1;
constexpr int kArrays = 3;

void adam(Machine& m) {
  for (const bool variant : {false, true}) {
    const Drawn g[] = {{m, kSmall}, {m, kLarge}, {m, kOne}};
    Updated p[] = {{m, kSmall}, {m, kLarge}, {m, kOne}}, mean[] = {{m, kSmall}, {m, kLarge}, {m, kOne}};
    Updated v[] = {{m, kSmall, 0}, {m, kLarge, 0}, {m, kOne, 0}};
    Updated v_max[] = {{m, kSmall, 0}, {m, kLarge, 0}, {m, kOne, 0}};
    AdamParam params[kArrays];
    for (int i = 0; i < kArrays; ++i) {
      params[i] = {p[i].data, g[i].data, mean[i].data, v[i].data, variant ? v_max[i].data : nullptr,
                   static_cast<int64_t>(p[i].size())};
    }
    m.table.adam({params, kArrays, 1e-2, 0.9, 0.999, 1e-8, 0.01, 0.271, 0.003, variant, variant}, m.parallel);
  }
}

void sgd(Machine& m) {
  for (const bool variant : {false, true}) {
    const Drawn g[] = {{m, kSmall}, {m, kLarge}, {m, kOne}};
    Updated p[] = {{m, kSmall}, {m, kLarge}, {m, kOne}}, momentum[] = {{m, kSmall}, {m, kLarge}, {m, kOne}};
    SgdParam params[kArrays];
    for (int i = 0; i < kArrays; ++i)
      params[i] = {p[i].data, g[i].data, momentum[i].data, static_cast<int64_t>(p[i].size())};
    m.table.sgd({params, kArrays, 1e-2, 0.9, 0.1, 0.01, variant, variant, false}, m.parallel);
  }
}

void update(Machine& m) {
  for (int32_t rule = 0; rule < kUpdateRuleCount; ++rule) {
    for (const bool variant : {false, true}) {
      const Drawn g[] = {{m, kSmall}, {m, kLarge}, {m, kOne}};
      Updated p[] = {{m, kSmall}, {m, kLarge}, {m, kOne}}, first[] = {{m, kSmall, 0}, {m, kLarge, 0}, {m, kOne, 0}};
      Updated second[] = {{m, kSmall, 0}, {m, kLarge, 0}, {m, kOne, 0}};
      Updated third[] = {{m, kSmall}, {m, kLarge}, {m, kOne}};
      const bool fewer = variant && rule == static_cast<int32_t>(UpdateRule::kRmsprop);
      UpdateParam params[kArrays];
      for (int i = 0; i < kArrays; ++i) {
        float* const optional[] = {fewer ? nullptr : second[i].data, fewer ? nullptr : third[i].data};
        params[i] = {p[i].data, g[i].data, {first[i].data, optional[0], optional[1]},
                     static_cast<int64_t>(p[i].size())};
      }
      m.table.update({params, kArrays, static_cast<UpdateRule>(rule), 1e-2, 0.9, 0.99, 1e-6, 0.01, 0.999, 0.5, 1.3, 0.3,
                      1.2, 0.5, 1e-3, 2.0, variant, variant}, m.parallel);
    }
  }
}

void clip(Machine& m) {
  Updated x[] = {{m, kSmall}, {m, kLarge}, {m, kOne}};
  ArraySpan arrays[kArrays];
  for (int i = 0; i < kArrays; ++i) arrays[i] = {x[i].data, static_cast<int64_t>(x[i].size())};
  const SumSquaresArgs args{arrays, kArrays};
  const double sum = m.table.sum_squares(args, m.parallel, m.scratch(m.table.sum_squares_scratch(args, m.threads)));
  m.take(sum);
  m.table.scale({arrays, kArrays, 0.3f}, m.parallel);
}

void char_sampler(Machine& m) {
  constexpr int64_t kVocab = 65, kEmbed = 33, kHidden = 130;
  constexpr int32_t kSteps = 12, kGiven = 3;
  const Drawn embedding(m, kVocab * kEmbed), w_ih(m, 4 * kHidden * kEmbed, 0.3f), w_hh(m, 4 * kHidden * kHidden, 0.3f);
  const Drawn b(m, 4 * kHidden), head(m, kVocab * kHidden, 2), head_bias(m, kVocab);
  CharSamplerWeights weights{{kVocab, kEmbed, kHidden, 1}, embedding.data, {}, head.data, head_bias.data};
  weights.layers[0] = {w_ih.data, w_hh.data, b.data, b.data};
  Workspace packed;
  float* copy = packed.reserve(m.table.char_sampler_size(weights.dims));
  CHECK(copy != nullptr);
  m.table.char_sampler_pack(weights, copy);
  Guarded<double> draws(kSteps, m.flush);
  for (int i = 0; i < kSteps; ++i) draws.data[i] = m.draw_word() * 0x1p-24;
  Updated state(m, 2 * kHidden);
  Result<int32_t> ids(m, kSteps + 1);
  for (int i = 0; i < kGiven; ++i) ids.data[i] = static_cast<int32_t>(m.draw_word() % kVocab);
  const CharSamplerArgs args{weights.dims, copy, ids.data, draws.data, state.data, kGiven, kSteps, 0.8, 0.95, 20};
  CHECK(m.table.char_sampler_run(args, m.parallel, m.scratch(m.table.char_sampler_run_scratch(args, m.threads))) == -1);
}

constexpr Workload kAll[] = {
    {"unary", unary}, {"binary", binary}, {"reduce", reduce}, {"copy_strided", copy_strided},
    {"scans", scans}, {"sorting", sorting}, {"gemm", gemm}, {"rows", rows},
    {"places", places}, {"softmax", softmax}, {"cross_entropy", cross_entropy}, {"layer_norm", layer_norm},
    {"lstm", lstm}, {"gru", gru}, {"rnn", rnn}, {"uniform", uniform},
    {"adam", adam}, {"sgd", sgd}, {"update", update}, {"clip", clip},
    {"char_sampler", char_sampler}, {"conv2d", conv2d}, {"max_pool2d", max_pool2d}, {"patches", patches},
    {"resample", resample}, {"channel_norm", channel_norm}, {"convert", convert},
};

}  // namespace

const WorkloadList kWorkloads = {kAll, kAll + sizeof kAll / sizeof kAll[0]};

}  // namespace lanegrad
