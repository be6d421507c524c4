// The native twin of `CharSampler`: packed weights behind a JavaScript object.
#pragma once

#include <node_api.h>

namespace lanegrad {

// (weights, vocab, embed, hidden, layers, embedding, headWeight, headBias) → handle. `weights` lists wIh, wHh, bIh and
// bHh of each layer.
napi_value create_char_sampler(napi_env env, napi_callback_info info) noexcept;

// (handle, given, steps, temperature, topK, topP, ids, draws, state) → −1, or the place of an id out of range.
napi_value run_char_sampler(napi_env env, napi_callback_info info) noexcept;

}  // namespace lanegrad
