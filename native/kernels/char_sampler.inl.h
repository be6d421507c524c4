// A character LSTM that walks one character a step: embedding, layers, head, and the draw of the next character. It
// works on its own packed copy of the weights, in the layouts of the LSTM cell and of the register tile, and gives the
// bits of the layers' own forward pass (general class).
//
// A step takes as long as reading the weights that it meets. So what each character brings to the first layer's gates is
// computed when the weights are packed, unless the table of it grows out of proportion, and large layers are shared by
// the threads.
#pragma once

#include "char_draw.inl.h"

// The table of the first layer's input part has at most so many rows for each input.
constexpr int64_t kTableRows = 4;
// Weights of a layer that are worth a fork and join.
constexpr int64_t kSharedFloats = 131072;

// Where each part of the packed copy begins, in floats; every part begins at a cache line.
struct SamplerLayout {
  int64_t vocab, embed, hidden, blocks;
  int32_t layers;
  bool tabulated;      // the copy begins with the first layer's input part by character, [V, 4H]; else with the embedding
  int64_t characters;  // floats of either
  int64_t first_layer, upper_layer;  // floats of the first layer and of each one above

  explicit SamplerLayout(const CharSamplerDims& dims)
      : vocab(dims.vocab),
        embed(dims.embed),
        hidden(dims.hidden),
        blocks(ceil_div(dims.hidden, kLanes)),
        layers(dims.layers),
        tabulated(dims.vocab <= kTableRows * dims.embed),
        characters(whole_lines(vocab * (tabulated ? kLstmGates * hidden : embed))) {
    first_layer = layer_floats(embed);
    upper_layer = layer_floats(hidden);
  }
  int64_t inputs(int32_t layer) const { return layer == 0 ? embed : hidden; }
  int64_t layer_floats(int64_t inputs) const {
    return whole_lines(kLstmGates * hidden) + whole_lines(blocks * (inputs + hidden) * kLstmGateLanes);
  }
  // A layer: bias [4H], then W_ih and W_hh packed.
  int64_t layer(int32_t index) const {
    return characters + (index == 0 ? 0 : first_layer + (index - 1) * upper_layer);
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

// The tile of one sequence and one block of units of a packed layer, without what changes from step to step.
inline LstmTile sampler_tile(const SamplerLayout& at, int32_t layer, const float* packed, int64_t block) {
  LstmTile t{};
  t.inputs = at.inputs(layer);
  t.hidden = at.hidden;
  t.w_ih = packed + at.w_ih(layer) + block * t.inputs * kLstmGateLanes;
  t.w_hh = packed + at.w_hh(layer) + block * at.hidden * kLstmGateLanes;
  t.bias = packed + at.layer(layer) + block * kLanes;
  t.gate_step = at.hidden;
  t.lanes = static_cast<int>(smaller(kLanes, at.hidden - block * kLanes));
  return t;
}

// bias + embedding·W_ihᵀ of each character, with the bits of the cell's own input part.
inline void tabulate_inputs(const SamplerLayout& at, const float* embedding, float* packed) {
  for (int64_t block = 0; block < at.blocks; ++block) {
    LstmTile t = sampler_tile(at, 0, packed, block);
    for (int64_t v = 0; v < at.vocab; ++v) {
      t.x = embedding + v * at.embed;
      t.gates = packed + v * kLstmGates * at.hidden + block * kLanes;
      vf gates[1][kLstmGates];
      input_part<false>(t, gates);
      for (int g = 0; g < kLstmGates; ++g) store_lanes(t.gates + g * t.gate_step, gates[0][g], t.lanes);
    }
  }
}

inline void char_sampler_pack(const CharSamplerWeights& weights, float* packed) {
  const SamplerLayout at(weights.dims);
  for (int32_t layer = 0; layer < at.layers; ++layer) {
    const CharSamplerLayer& from = weights.layers[layer];
    float* bias = packed + at.layer(layer);
    sum_biases(from.b_ih, from.b_hh, kLstmGates * at.hidden, bias);
    for (int64_t block = 0; block < at.blocks; ++block) {
      pack_gates<kLstmGates>(from.w_ih, at.hidden, at.inputs(layer), block, 0, packed + at.w_ih(layer));
      pack_gates<kLstmGates>(from.w_hh, at.hidden, at.hidden, block, 0, packed + at.w_hh(layer));
    }
  }
  if (at.tabulated) tabulate_inputs(at, weights.embedding, packed);
  else memcpy(packed, weights.embedding, static_cast<size_t>(at.vocab * at.embed) * sizeof(float));
  memcpy(packed + at.head_bias(), weights.head_bias, static_cast<size_t>(at.vocab) * sizeof(float));
  Product p{};
  p.b = weights.head_weight;
  p.ldb = at.hidden;
  p.trans_b = true;
  for (int64_t j = 0; j < at.vocab; j += kPanel) {
    pack_panel(p, 0, at.hidden, j, smaller(kPanel, at.vocab - j), packed + at.head() + j * at.hidden);
  }
}

// One step of one layer, by blocks of units.
struct LayerStep {
  const SamplerLayout* at;
  int32_t layer;
  const float* packed;
  const float* x;  // null where `gates` holds the input part
  const float* h;
  float* c;
  float* gates;
  float* tanh_c;
  float* h_next;

  static void run(void* ctx, int block, int) {
    const LayerStep& self = *static_cast<const LayerStep*>(ctx);
    const int64_t unit = int64_t{block} * kLanes;
    LstmTile t = sampler_tile(*self.at, self.layer, self.packed, block);
    t.x = self.x;
    t.h = self.h;
    t.c_prev = self.c + unit;
    t.gates = self.gates + unit;
    t.c = self.c + unit;
    t.tanh_c = self.tanh_c + unit;
    t.y = self.h_next + unit;
    LstmCell::tile<1>(t);
  }
};

// h and c of one layer move on.
inline void step_layer(const LayerStep& step, float* h, const Parallel& par) {
  const SamplerLayout& at = *step.at;
  const int64_t depth = at.hidden + (step.x == nullptr ? 0 : at.inputs(step.layer));
  const auto blocks = static_cast<int>(at.blocks);
  auto* ctx = const_cast<LayerStep*>(&step);
  if (par.threads > 1 && kLstmGates * at.hidden * depth >= kSharedFloats) par.run(par, blocks, LayerStep::run, ctx);
  else for (int block = 0; block < blocks; ++block) LayerStep::run(ctx, block, 0);
  memcpy(h, step.h_next, static_cast<size_t>(at.hidden) * sizeof(float));
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

inline int64_t char_sampler_run(const CharSamplerArgs& args, const Parallel& par, Scratch scratch) {
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
    const float* x = nullptr;
    if (at.tabulated) {
      const int64_t row = kLstmGates * at.hidden;
      memcpy(gates, args.packed + args.ids[i] * row, static_cast<size_t>(row) * sizeof(float));
    } else {
      x = args.packed + args.ids[i] * at.embed;
    }
    for (int32_t layer = 0; layer < at.layers; ++layer) {
      float* h = args.state + layer * at.hidden;
      float* c = args.state + (at.layers + layer) * at.hidden;
      step_layer({&at, layer, args.packed, x, h, c, gates, tanh_c, h_next}, h, par);
      x = h;
    }
    if (i + 1 < args.given) continue;
    head_logits(at, args.packed, x, logits);
    const DrawRule rule{args.temperature, args.top_p, args.top_k};
    args.ids[i + 1] = draw_character(logits, at.vocab, rule, args.draws[i], draw);
  }
  return -1;
}
