// A character LSTM that walks one character a step: embedding, layers, head, and the draw of the next character. It
// works on its own packed copy of the weights, in the layouts of the LSTM cell and of the register tile, and gives the
// bits of the layers' own forward pass (general class).
#pragma once

#include "char_draw.inl.h"

// Where each part of the packed copy begins, in floats; every part begins at a cache line.
struct SamplerLayout {
  int64_t vocab, embed, hidden, blocks;
  int32_t layers;
  int64_t first_layer, upper_layer;  // floats of the first layer and of each one above

  explicit SamplerLayout(const CharSamplerDims& dims)
      : vocab(dims.vocab),
        embed(dims.embed),
        hidden(dims.hidden),
        blocks(ceil_div(dims.hidden, kLanes)),
        layers(dims.layers) {
    first_layer = layer_floats(embed);
    upper_layer = layer_floats(hidden);
  }
  int64_t inputs(int32_t layer) const { return layer == 0 ? embed : hidden; }
  int64_t layer_floats(int64_t inputs) const {
    return whole_lines(kLstmGates * hidden) + whole_lines(blocks * (inputs + hidden) * kLstmGateLanes);
  }
  // A layer: bias [4H], then W_ih and W_hh packed.
  int64_t layer(int32_t index) const {
    return whole_lines(vocab * embed) + (index == 0 ? 0 : first_layer + (index - 1) * upper_layer);
  }
  int64_t w_ih(int32_t index) const { return layer(index) + whole_lines(kLstmGates * hidden); }
  int64_t w_hh(int32_t index) const { return w_ih(index) + blocks * inputs(index) * kLstmGateLanes; }
  int64_t head_bias() const { return layer(layers); }
  int64_t head() const { return head_bias() + whole_lines(vocab); }
  int64_t floats() const { return head() + ceil_div(vocab, kPanel) * kPanel * hidden; }
};

inline size_t char_sampler_size(const CharSamplerDims& dims) {
  return static_cast<size_t>(SamplerLayout(dims).floats());
}

inline void char_sampler_pack(const CharSamplerWeights& weights, float* packed) {
  const SamplerLayout at(weights.dims);
  memcpy(packed, weights.embedding, static_cast<size_t>(at.vocab * at.embed) * sizeof(float));
  for (int32_t layer = 0; layer < at.layers; ++layer) {
    const CharSamplerLayer& from = weights.layers[layer];
    float* bias = packed + at.layer(layer);
    sum_biases(from.b_ih, from.b_hh, kLstmGates * at.hidden, bias);
    for (int64_t block = 0; block < at.blocks; ++block) {
      pack_gates<kLstmGates>(from.w_ih, at.hidden, at.inputs(layer), block, 0, packed + at.w_ih(layer));
      pack_gates<kLstmGates>(from.w_hh, at.hidden, at.hidden, block, 0, packed + at.w_hh(layer));
    }
  }
  memcpy(packed + at.head_bias(), weights.head_bias, static_cast<size_t>(at.vocab) * sizeof(float));
  Product p{};
  p.b = weights.head_weight;
  p.ldb = at.hidden;
  p.trans_b = true;
  for (int64_t j = 0; j < at.vocab; j += kPanel) {
    pack_panel(p, 0, at.hidden, j, smaller(kPanel, at.vocab - j), packed + at.head() + j * at.hidden);
  }
}

// One layer's step: h and c of one layer move on, from the input row x.
inline void step_layer(const SamplerLayout& at, int32_t layer, const float* packed, const float* x, float* h, float* c,
                       float* gates, float* tanh_c, float* h_next) {
  const auto cell = cell_of_rows<LstmCell>(1);
  for (int64_t block = 0; block < at.blocks; ++block) {
    const int64_t unit = block * kLanes;
    LstmTile t{};
    t.inputs = at.inputs(layer);
    t.hidden = at.hidden;
    t.x = x;
    t.w_ih = packed + at.w_ih(layer) + block * t.inputs * kLstmGateLanes;
    t.w_hh = packed + at.w_hh(layer) + block * at.hidden * kLstmGateLanes;
    t.bias = packed + at.layer(layer) + unit;
    t.h = h;
    t.c_prev = c + unit;
    t.gates = gates + unit;
    t.gate_step = at.hidden;
    t.c = c + unit;
    t.tanh_c = tanh_c + unit;
    t.y = h_next + unit;
    t.lanes = static_cast<int>(smaller(kLanes, at.hidden - unit));
    cell(t);
  }
  memcpy(h, h_next, static_cast<size_t>(at.hidden) * sizeof(float));
}

inline void head_logits(const SamplerLayout& at, const float* packed, const float* h, float* logits) {
  for (int64_t j = 0; j < at.vocab; j += kPanel) {
    const int64_t columns = smaller(kPanel, at.vocab - j);
    const int vecs = vectors(columns);
    for (int64_t k = 0; k < at.hidden; k += kBlockK) {
      Tile t{};
      t.k = smaller(kBlockK, at.hidden - k);
      t.a = h + k;
      t.b_step = vecs * kLanes;
      t.b = packed + at.head() + j * at.hidden + k * t.b_step;
      t.c = logits + j;
      t.start = k == 0 ? packed + at.head_bias() + j : t.c;
      t.tail = static_cast<int>(columns - (vecs - 1) * kLanes);
      tile_of<TileMode::kInPlace>(1, vecs)(t);
    }
  }
}

inline size_t char_sampler_run_scratch(const CharSamplerArgs& args, int) {
  const CharSamplerDims& dims = args.dims;
  return static_cast<size_t>((kLstmGates + 2) * whole_lines(dims.hidden) + whole_lines(dims.vocab)) +
         draw_scratch(dims.vocab);
}

inline int64_t char_sampler_run(const CharSamplerArgs& args, const Parallel&, Scratch scratch) {
  const SamplerLayout at(args.dims);
  const int32_t forced = args.given < args.steps + 1 ? args.given : args.steps + 1;
  for (int32_t i = 0; i < forced; ++i) {
    if (args.ids[i] < 0 || args.ids[i] >= at.vocab) return i;
  }
  const int64_t line = whole_lines(at.hidden);
  float* gates = scratch.data;
  float* tanh_c = gates + kLstmGates * line;
  float* h_next = tanh_c + line;
  float* logits = h_next + line;
  float* draw = logits + whole_lines(at.vocab);
  for (int32_t i = 0; i < args.steps; ++i) {
    const float* x = args.packed + args.ids[i] * at.embed;
    for (int32_t layer = 0; layer < at.layers; ++layer) {
      float* h = args.state + layer * at.hidden;
      float* c = args.state + (at.layers + layer) * at.hidden;
      step_layer(at, layer, args.packed, x, h, c, gates, tanh_c, h_next);
      x = h;
    }
    if (i + 1 < args.given) continue;
    head_logits(at, args.packed, x, logits);
    const DrawRule rule{args.temperature, args.top_p, args.top_k};
    args.ids[i + 1] = draw_character(logits, at.vocab, rule, args.draws[i], draw);
  }
  return -1;
}
