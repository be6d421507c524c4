// Readers of the optimizers and of what clipping needs.
#include "readers.h"

namespace lanegrad {

// (params, grads, m, v, vMax | null, lr, beta1, beta2, eps, weightDecay, biasCorrection1, biasCorrection2, decoupled,
//  maximize)
bool read_adam(Args& in, AdamArgs& a) {
  const List params = in.list("params", -1);
  const List grads = in.list("grads", params.count);
  const List m = in.list("m", params.count);
  const List v = in.list("v", params.count);
  const List v_max = in.list("vMax", params.count, true);
  a.lr = in.number("lr");
  a.beta1 = in.number("beta1");
  a.beta2 = in.number("beta2");
  a.eps = in.number("eps");
  a.weight_decay = in.number("weightDecay");
  a.bias_correction1 = in.number("biasCorrection1");
  a.bias_correction2 = in.number("biasCorrection2");
  a.decoupled = in.flag("decoupled");
  a.maximize = in.flag("maximize");
  std::vector<AdamParam>& rows = in.state().adam;
  rows.clear();
  for (int64_t i = 0; i < params.count && in.ok(); ++i) {
    const ArraySpan p = in.span(params, i, -1, Range::kOutput);
    rows.push_back({p.data, in.span(grads, i, p.n, Range::kInput).data, in.span(m, i, p.n, Range::kOutput).data,
                    in.span(v, i, p.n, Range::kOutput).data, in.span(v_max, i, p.n, Range::kOutput).data, p.n});
  }
  a.params = rows.data();
  a.count = static_cast<int64_t>(rows.size());
  return a.count > 0;
}

// (params, grads, momentum | null, lr, momentumFactor, dampening, weightDecay, nesterov, maximize, first)
bool read_sgd(Args& in, SgdArgs& a) {
  const List params = in.list("params", -1);
  const List grads = in.list("grads", params.count);
  const List momentum = in.list("momentum", params.count, true);
  a.lr = in.number("lr");
  a.momentum = in.number("momentumFactor");
  a.dampening = in.number("dampening");
  a.weight_decay = in.number("weightDecay");
  a.nesterov = in.flag("nesterov");
  a.maximize = in.flag("maximize");
  a.first = in.flag("first");
  std::vector<SgdParam>& rows = in.state().sgd;
  rows.clear();
  for (int64_t i = 0; i < params.count && in.ok(); ++i) {
    const ArraySpan p = in.span(params, i, -1, Range::kOutput);
    rows.push_back(
        {p.data, in.span(grads, i, p.n, Range::kInput).data, in.span(momentum, i, p.n, Range::kOutput).data, p.n});
  }
  a.params = rows.data();
  a.count = static_cast<int64_t>(rows.size());
  return a.count > 0;
}

// (params, grads, first, second | null, third | null, rule, rate, beta1, beta2, eps, weightDecay, keep, momentum, correction,
//  average, grow, shrink, low, high, adaptive, maximize)
bool read_update(Args& in, UpdateArgs& a) {
  const List params = in.list("params", -1);
  const List grads = in.list("grads", params.count);
  const List states[] = {in.list("first", params.count), in.list("second", params.count, true),
                         in.list("third", params.count, true)};
  a.rule = in.opcode<UpdateRule>("rule", kUpdateRuleCount);
  double* const numbers[] = {&a.rate,       &a.beta1,   &a.beta2, &a.eps,    &a.weight_decay, &a.keep, &a.momentum,
                             &a.correction, &a.average, &a.grow,  &a.shrink, &a.low,          &a.high};
  constexpr const char* kNames[] = {"rate",       "beta1",   "beta2", "eps",    "weightDecay", "keep", "momentum",
                                    "correction", "average", "grow",  "shrink", "low",         "high"};
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; ++i) *numbers[i] = in.number(kNames[i]);
  a.adaptive = in.flag("adaptive");
  a.maximize = in.flag("maximize");
  const bool one_will_do =
      a.rule == UpdateRule::kAdagrad || a.rule == UpdateRule::kRmsprop || a.rule == UpdateRule::kAsgd;
  if (!states[1].present && !one_will_do) in.refuse(ErrorClass::kBuffer, "second must be an array: got null");
  std::vector<UpdateParam>& rows = in.state().updates;
  rows.clear();
  for (int64_t i = 0; i < params.count && in.ok(); ++i) {
    const ArraySpan p = in.span(params, i, -1, Range::kOutput);
    const float* g = in.span(grads, i, p.n, Range::kInput).data;
    const auto state = [&](int k) { return in.span(states[k], i, p.n, Range::kOutput).data; };
    rows.push_back({p.data, g, {state(0), state(1), state(2)}, p.n});
  }
  a.params = rows.data();
  a.count = static_cast<int64_t>(rows.size());
  return a.count > 0;
}

namespace {

const ArraySpan* read_spans(Args& in, const List& list, Range::Role role, int64_t* count) {
  std::vector<ArraySpan>& spans = in.state().spans;
  spans.clear();
  for (int64_t i = 0; i < list.count && in.ok(); ++i) spans.push_back(in.span(list, i, -1, role));
  *count = static_cast<int64_t>(spans.size());
  return spans.data();
}

}  // namespace

// (arrays)
bool read_sum_squares(Args& in, SumSquaresArgs& a) {
  a.arrays = read_spans(in, in.list("arrays", -1), Range::kInput, &a.count);
  return true;
}

// (arrays, factor)
bool read_scale(Args& in, ScaleArgs& a) {
  const List arrays = in.list("arrays", -1);
  a.factor = static_cast<float>(in.number("factor"));
  a.arrays = read_spans(in, arrays, Range::kOutput, &a.count);
  return a.count > 0;
}

}  // namespace lanegrad
