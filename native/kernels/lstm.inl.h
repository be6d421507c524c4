// A whole LSTM layer in one direction, forward and backward.
//
// Workspace, the same on every ISA: gates [T, B, 4H] activated, c [T, B, H], tanh(c) [T, B, H], by the time step of x.
//
// Two ways to share the steps among threads, chosen from the problem's size; they give the same bits, since both
// compute every element by the same chain. With enough sequences each thread takes its own through all steps and never
// waits; with few, the units of each step are shared and the threads meet once a step.
#pragma once

#include "lstm_cell.inl.h"

constexpr int64_t kLstmMostFloats = int64_t{1} << 52;
constexpr int64_t kFewestRows = 4;  // of a task: with fewer, the weights' traffic dominates
constexpr int64_t kTaskRows = 8;    // of a task where there are sequences enough: small, so that a thread which loses
                                    // its core for a while does not hold up the rest
constexpr double kFlopsPerStep = 262144.0;  // a step worth sharing: its weights alone take some µs to read

inline int64_t lstm_workspace(const LstmDims& dims) {
  const double floats =
      6.0 * static_cast<double>(dims.steps) * static_cast<double>(dims.batch) * static_cast<double>(dims.hidden);
  return floats < static_cast<double>(kLstmMostFloats) ? 6 * dims.steps * dims.batch * dims.hidden : kLstmMostFloats;
}

inline int64_t whole_lines(int64_t floats) { return (floats + 15) / 16 * 16; }

// The arrays of the workspace, and the time steps in the order in which they are walked.
struct LstmTape {
  int64_t steps, rows, hidden;  // rows of one step: the batch
  bool reverse;
  float* gates;
  float* c;
  float* tanh_c;

  LstmTape(const LstmDims& dims, float* workspace)
      : steps(dims.steps), rows(dims.batch), hidden(dims.hidden), reverse(dims.reverse) {
    const int64_t cells = steps * rows * hidden;
    gates = workspace;
    c = gates + kGates * cells;
    tanh_c = c + cells;
  }
  int64_t time(int64_t walked) const { return reverse ? steps - 1 - walked : walked; }
  int64_t at(int64_t time, int64_t row) const { return (time * rows + row) * hidden; }
};

// How the rows and units of the steps are shared.
struct LstmSplit {
  bool by_rows;
  int64_t tasks;  // row ranges, each through all steps

  LstmSplit(const LstmDims& dims, int threads) {
    const int64_t fair = smaller(threads, dims.batch / kFewestRows);
    const int64_t ranges = threads == 1 ? 1 : larger(1, larger(fair, smaller(4 * threads, dims.batch / kTaskRows)));
    const double flops =
        8.0 * static_cast<double>(dims.batch) * static_cast<double>(dims.hidden) * static_cast<double>(dims.hidden);
    by_rows = ranges >= threads || flops < kFlopsPerStep;
    tasks = by_rows ? ranges : 1;
  }
  int64_t first_row(int64_t task, int64_t batch) const { return batch * task / tasks; }
};

#include "lstm_forward.inl.h"
#include "lstm_backward.inl.h"
