#include "sampler.h"

#include <algorithm>

#include "call.h"

namespace lanegrad {
namespace {

constexpr napi_type_tag kSamplerTag = {0x6c616e6567726164ULL, 0x63686172736d706cULL};

struct CharSampler {
  const KernelTable* table;  // the one that packed: another may pack in another order
  CharSamplerDims dims;
  float* packed;
  int64_t bytes;
};

void finalize(napi_env env, void* data, void*) {
  auto* sampler = static_cast<CharSampler*>(data);
  int64_t total = 0;
  napi_adjust_external_memory(env, -sampler->bytes, &total);
  free_aligned(sampler->packed);
  delete sampler;
}

void read_weights(Args& in, CharSamplerWeights& w) {
  const List list = in.list("weights", -1);
  CharSamplerDims& d = w.dims;
  d.vocab = in.integer("vocab", 1, kMaxDim);
  d.embed = in.integer("embed", 1, kMaxDim);
  d.hidden = in.integer("hidden", 1, kMaxDim);
  d.layers = static_cast<int32_t>(in.integer("layers", 1, kMaxLayers));
  if (in.ok() && list.count != 4 * int64_t{d.layers}) {
    in.refuse(ErrorClass::kShape, "weights must have 4 arrays a layer: got %lld for %d layers",
              static_cast<long long>(list.count), d.layers);
  }
  w.embedding = in.in("embedding", in.mul(d.vocab, d.embed));
  w.head_weight = in.in("headWeight", in.mul(d.vocab, d.hidden));
  w.head_bias = in.in("headBias", d.vocab);
  const int64_t gates = 4 * d.hidden;
  for (int32_t l = 0; l < d.layers && in.ok(); ++l) {
    const int64_t at = 4 * int64_t{l};
    w.layers[l].w_ih = in.span(list, at, in.mul(gates, l == 0 ? d.embed : d.hidden), Range::kInput).data;
    w.layers[l].w_hh = in.span(list, at + 1, in.mul(gates, d.hidden), Range::kInput).data;
    w.layers[l].b_ih = in.span(list, at + 2, gates, Range::kInput).data;
    w.layers[l].b_hh = in.span(list, at + 3, gates, Range::kInput).data;
  }
}

napi_value wrap(napi_env env, CharSampler* sampler) {
  napi_value handle = nullptr;
  int64_t total = 0;
  if (napi_create_object(env, &handle) != napi_ok || napi_type_tag_object(env, handle, &kSamplerTag) != napi_ok ||
      napi_wrap(env, handle, sampler, finalize, nullptr, nullptr) != napi_ok) {
    free_aligned(sampler->packed);
    delete sampler;
    return nullptr;
  }
  napi_adjust_external_memory(env, sampler->bytes, &total);
  return handle;
}

}  // namespace

napi_value create_char_sampler(napi_env env, napi_callback_info info) noexcept {
  return guarded(env, info, [env](Args& in) -> napi_value {
    CharSamplerWeights weights{};
    read_weights(in, weights);
    if (!in.finish()) return nullptr;
    const KernelTable& table = *in.state().table;
    const size_t floats = table.char_sampler_size(weights.dims);
    const auto bytes = static_cast<int64_t>(floats * sizeof(float));
    auto* sampler = new CharSampler{&table, weights.dims, allocate_aligned(floats), bytes};
    if (sampler->packed == nullptr) {
      delete sampler;
      throw std::bad_alloc();
    }
    table.char_sampler_pack(weights, sampler->packed);
    return wrap(env, sampler);
  });
}

napi_value run_char_sampler(napi_env env, napi_callback_info info) noexcept {
  return guarded(env, info, [env](Args& in) -> napi_value {
    const auto* sampler = static_cast<CharSampler*>(in.wrapped("handle", kSamplerTag));
    if (sampler == nullptr) {
      in.report();
      return nullptr;
    }
    CharSamplerArgs a{};
    a.dims = sampler->dims;
    a.packed = sampler->packed;
    const int64_t given = in.integer("given", 1, kMaxDim);
    a.steps = static_cast<int32_t>(in.integer("steps", 0, kMaxSamplerSteps));
    a.given = static_cast<int32_t>(std::min<int64_t>(given, a.steps + 1));
    a.temperature = in.number("temperature");
    a.top_k = in.dim("topK");
    a.top_p = in.number("topP");
    a.ids = in.out_i32("ids", int64_t{a.steps} + 1);
    a.draws = in.in_f64("draws", a.steps);
    a.state = in.out("state", in.mul(2, a.dims.layers, a.dims.hidden));
    if (!in.finish()) return nullptr;
    const Parallel parallel = parallel_with(in.state().threads);
    const Scratch scratch = take_scratch(in, sampler->table->char_sampler_run_scratch(a, parallel.threads));
    if (!in.report()) return nullptr;
    return to_js(env, static_cast<double>(sampler->table->char_sampler_run(a, parallel, scratch)));
  });
}

}  // namespace lanegrad
