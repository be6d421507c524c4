// Readers of the recurrent layers.
#include "readers.h"

namespace lanegrad {

// (steps, batch, inputs, hidden, reverse, …)
RecurrentDims read_recurrent_dims(Args& in) {
  RecurrentDims d{};
  d.steps = in.dim("steps");
  d.batch = in.dim("batch");
  d.inputs = in.dim("inputs");
  d.hidden = in.dim("hidden");
  d.reverse = in.flag("reverse");
  // Keeps every product that the kernels form of the sizes within 64 bits.
  in.mul(in.mul(d.steps + 1, d.batch + 1), in.mul(64, in.add(d.hidden, d.inputs + 1)));
  in.mul(in.mul(64, d.hidden + 1), d.hidden + d.inputs + 1);
  // An empty state has no steps to take.
  if (d.batch == 0 || d.hidden == 0) d.steps = 0;
  return d;
}

namespace {

int64_t state_size(Args& in, const RecurrentDims& d) { return in.mul(d.batch, d.hidden); }
int64_t output_size(Args& in, const RecurrentDims& d) { return in.mul(d.steps, d.batch, d.hidden); }

// x, wIh, wHh, bIh | null, bHh | null, h0
RecurrentInputs read_inputs(Args& in, const RecurrentDims& d, int64_t gates) {
  RecurrentInputs a{};
  const int64_t rows = in.mul(gates, d.hidden);
  a.x = in.in("x", in.mul(d.steps, d.batch, d.inputs));
  a.w_ih = in.in("wIh", in.mul(rows, d.inputs));
  a.w_hh = in.in("wHh", in.mul(rows, d.hidden));
  a.b_ih = in.in_or_null("bIh", rows);
  a.b_hh = in.in_or_null("bHh", rows);
  a.h0 = in.in("h0", state_size(in, d));
  return a;
}

// dx | null, dwIh | null, dwHh | null
template <class BackwardArgs>
void read_products(Args& in, BackwardArgs& a, int64_t gates) {
  const RecurrentDims& d = a.dims;
  const int64_t rows = in.mul(gates, d.hidden);
  a.dx = in.out_or_null("dx", in.mul(d.steps, d.batch, d.inputs));
  a.dw_ih = in.out_or_null("dwIh", in.mul(rows, d.inputs));
  a.dw_hh = in.out_or_null("dwHh", in.mul(rows, d.hidden));
}

int64_t workspace_of(Args& in, const RecurrentDims& d, int64_t (*size)(const RecurrentDims&)) {
  return in.ok() ? size(d) : 0;
}

}  // namespace

// (dims…, inputs…, c0, y, hN, cN, workspace)
bool read_lstm(Args& in, LstmArgs& a) {
  a.dims = read_recurrent_dims(in);
  const int64_t state = state_size(in, a.dims);
  a.in = {read_inputs(in, a.dims, 4), in.in("c0", state)};
  a.y = in.out("y", output_size(in, a.dims));
  a.h_n = in.out("hN", state);
  a.c_n = in.out("cN", state);
  a.workspace = in.out("workspace", workspace_of(in, a.dims, in.state().table->lstm_workspace));
  return state > 0;
}

// (dims…, inputs…, c0, y, workspace, dy | null, dhN | null, dcN | null, dx | null, dwIh | null, dwHh | null, db | null,
//  dh0 | null, dc0 | null)
bool read_lstm_backward(Args& in, LstmBackwardArgs& a) {
  a.dims = read_recurrent_dims(in);
  const RecurrentDims& d = a.dims;
  const int64_t state = state_size(in, d), outputs = output_size(in, d);
  a.in = {read_inputs(in, d, 4), in.in("c0", state)};
  a.y = in.in("y", outputs);
  a.workspace = in.out("workspace", workspace_of(in, d, in.state().table->lstm_workspace));
  a.dy = in.in_or_null("dy", outputs);
  a.dh_n = in.in_or_null("dhN", state);
  a.dc_n = in.in_or_null("dcN", state);
  read_products(in, a, 4);
  a.db = in.out_or_null("db", in.mul(4, d.hidden));
  a.dh0 = in.out_or_null("dh0", state);
  a.dc0 = in.out_or_null("dc0", state);
  return true;
}

// (dims…, inputs…, y, hN, workspace)
bool read_gru(Args& in, GruArgs& a) {
  a.dims = read_recurrent_dims(in);
  const int64_t state = state_size(in, a.dims);
  a.in = read_inputs(in, a.dims, 3);
  a.y = in.out("y", output_size(in, a.dims));
  a.h_n = in.out("hN", state);
  a.workspace = in.out("workspace", workspace_of(in, a.dims, in.state().table->gru_workspace));
  return state > 0;
}

// (dims…, inputs…, y, workspace, dy | null, dhN | null, dx | null, dwIh | null, dwHh | null, dbIh | null, dbHh | null,
//  dh0 | null)
bool read_gru_backward(Args& in, GruBackwardArgs& a) {
  a.dims = read_recurrent_dims(in);
  const RecurrentDims& d = a.dims;
  const int64_t state = state_size(in, d), outputs = output_size(in, d), gates = in.mul(3, d.hidden);
  a.in = read_inputs(in, d, 3);
  a.y = in.in("y", outputs);
  a.workspace = in.out("workspace", workspace_of(in, d, in.state().table->gru_workspace));
  a.dy = in.in_or_null("dy", outputs);
  a.dh_n = in.in_or_null("dhN", state);
  read_products(in, a, 3);
  a.db_ih = in.out_or_null("dbIh", gates);
  a.db_hh = in.out_or_null("dbHh", gates);
  a.dh0 = in.out_or_null("dh0", state);
  return true;
}

// (dims…, relu, inputs…, y, hN)
bool read_rnn(Args& in, RnnArgs& a) {
  a.dims = read_recurrent_dims(in);
  a.relu = in.flag("relu");
  const int64_t state = state_size(in, a.dims);
  a.in = read_inputs(in, a.dims, 1);
  a.y = in.out("y", output_size(in, a.dims));
  a.h_n = in.out("hN", state);
  return state > 0;
}

// (dims…, relu, inputs…, y, dy | null, dhN | null, dx | null, dwIh | null, dwHh | null, db | null, dh0 | null)
bool read_rnn_backward(Args& in, RnnBackwardArgs& a) {
  a.dims = read_recurrent_dims(in);
  a.relu = in.flag("relu");
  const RecurrentDims& d = a.dims;
  const int64_t state = state_size(in, d), outputs = output_size(in, d);
  a.in = read_inputs(in, d, 1);
  a.y = in.in("y", outputs);
  a.dy = in.in_or_null("dy", outputs);
  a.dh_n = in.in_or_null("dhN", state);
  read_products(in, a, 1);
  a.db = in.out_or_null("db", d.hidden);
  a.dh0 = in.out_or_null("dh0", state);
  return true;
}

}  // namespace lanegrad
