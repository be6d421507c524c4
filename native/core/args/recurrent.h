// Arguments of the recurrent layers and of the character sampler; see ../kernel_table.h.
#pragma once

#include <stdint.h>

namespace lanegrad {

constexpr int kMaxLayers = 64;
constexpr int kMaxSamplerSteps = 256;

// G gates: 4 of the LSTM, 3 of the GRU, 1 of the plain layer.
struct RecurrentDims {
  int64_t steps, batch, inputs, hidden;
  bool reverse;
};

struct RecurrentInputs {
  const float* x;     // [T, B, I]
  const float* w_ih;  // [G·H, I]
  const float* w_hh;  // [G·H, H]
  const float* b_ih;  // [G·H] or null
  const float* b_hh;  // [G·H] or null
  const float* h0;    // [B, H]
};

struct LstmInputs : RecurrentInputs {
  const float* c0;  // [B, H]
};

struct LstmArgs {
  RecurrentDims dims;
  LstmInputs in;
  float* y;          // [T, B, H]
  float* h_n;        // [B, H]
  float* c_n;        // [B, H]
  float* workspace;  // lstm_workspace(dims)
};

struct LstmBackwardArgs {
  RecurrentDims dims;
  LstmInputs in;
  const float* y;
  float* workspace;  // consumed
  const float* dy;   // [T, B, H] or null for zeros
  const float* dh_n;
  const float* dc_n;
  float* dx;  // each of the six may be null: not wanted
  float* dw_ih;
  float* dw_hh;
  float* db;
  float* dh0;
  float* dc0;
};

struct GruArgs {
  RecurrentDims dims;
  RecurrentInputs in;
  float* y;          // [T, B, H]
  float* h_n;        // [B, H]
  float* workspace;  // gru_workspace(dims)
};

struct GruBackwardArgs {
  RecurrentDims dims;
  RecurrentInputs in;
  const float* y;
  float* workspace;  // consumed
  const float* dy;   // [T, B, H] or null for zeros
  const float* dh_n;
  float* dx;  // each of the six may be null: not wanted
  float* dw_ih;
  float* dw_hh;
  float* db_ih;
  float* db_hh;
  float* dh0;
};

struct RnnArgs {
  RecurrentDims dims;
  RecurrentInputs in;
  bool relu;   // the positive part in place of tanh
  float* y;    // [T, B, H]
  float* h_n;  // [B, H]
};

struct RnnBackwardArgs {
  RecurrentDims dims;
  RecurrentInputs in;
  bool relu;
  const float* y;
  const float* dy;  // [T, B, H] or null for zeros
  const float* dh_n;
  float* dx;  // each of the five may be null: not wanted
  float* dw_ih;
  float* dw_hh;
  float* db;
  float* dh0;
};

struct CharSamplerDims {
  int64_t vocab, embed, hidden;
  int32_t layers;  // 1 to kMaxLayers
};

struct CharSamplerLayer {
  const float* w_ih;  // [4H, E] in the first layer, [4H, H] above
  const float* w_hh;  // [4H, H]
  const float* b_ih;  // [4H]
  const float* b_hh;  // [4H]
};

struct CharSamplerWeights {
  CharSamplerDims dims;
  const float* embedding;  // [V, E]
  CharSamplerLayer layers[kMaxLayers];
  const float* head_weight;  // [V, H]
  const float* head_bias;    // [V]
};

struct CharSamplerArgs {
  CharSamplerDims dims;
  const float* packed;   // what char_sampler_pack of the same table wrote
  int32_t* ids;          // [steps + 1]
  const double* draws;   // [steps]
  float* state;          // [2, layers, H]
  int32_t given, steps;  // 1 <= given, 0 <= steps <= kMaxSamplerSteps
  double temperature, top_p;
  int64_t top_k;
};

}  // namespace lanegrad
