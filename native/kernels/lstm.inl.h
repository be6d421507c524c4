// A whole LSTM layer in one direction, forward and backward.
//
// Workspace, the same on every ISA: gates [T, B, 4H] activated, c [T, B, H], tanh(c) [T, B, H], by the time step of x.
#pragma once

#include "lstm_cell.inl.h"

inline int64_t lstm_workspace(const RecurrentDims& dims) { return recurrent_workspace(dims, kLstmGates + 2); }

// The arrays of the workspace.
struct LstmTape {
  float* gates;
  float* c;
  float* tanh_c;

  LstmTape(const RecurrentDims& dims, float* workspace) {
    const int64_t cells = dims.steps * dims.batch * dims.hidden;
    gates = workspace;
    c = gates + kLstmGates * cells;
    tanh_c = c + cells;
  }
};

#include "lstm_forward.inl.h"
#include "lstm_backward.inl.h"
