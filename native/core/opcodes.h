// Written by scripts/opcodes.ts from src/backend/opcodes.ts; change that file and run the script.
#pragma once

#include <stdint.h>

namespace lanegrad {

enum class UnaryOp : int32_t {
  kNeg = 0,
  kAbs = 1,
  kSign = 2,
  kSquare = 3,
  kSqrt = 4,
  kRsqrt = 5,
  kReciprocal = 6,
  kExp = 7,
  kExpm1 = 8,
  kLog = 9,
  kLog1p = 10,
  kTanh = 11,
  kSigmoid = 12,
  kRelu = 13,
  kSoftplus = 14,
  kClamp = 15,
  kAffine = 16,
  kLeakyRelu = 17,
  kThreshold = 18,
  kFloor = 19,
  kCeil = 20,
  kRound = 21,
  kTrunc = 22,
  kErf = 23,
  kGelu = 24,
  kSin = 25,
  kCos = 26,
  kTan = 27,
  kAsin = 28,
  kAcos = 29,
  kAtan = 30,
  kSinh = 31,
  kCosh = 32,
  kAsinh = 33,
  kAcosh = 34,
  kAtanh = 35,
  kExp2 = 36,
  kLog2 = 37,
  kLog10 = 38,
  kErfc = 39,
  kSilu = 40,
  kMish = 41,
  kElu = 42,
  kHardsigmoid = 43,
  kHardswish = 44,
  kSoftsign = 45,
  kSoftshrink = 46,
  kHardshrink = 47,
  kNanToNum = 48,
  kFrac = 49,
  kHuber = 50,
  kLogsigmoid = 51,
  kSelu = 52,
};
constexpr int32_t kUnaryOpCount = 53;

enum class BinaryOp : int32_t {
  kAdd = 0,
  kSub = 1,
  kMul = 2,
  kDiv = 3,
  kMaximum = 4,
  kMinimum = 5,
  kPow = 6,
  kGate = 7,
  kAtan2 = 8,
  kFmod = 9,
  kRemainder = 10,
  kFloorDivide = 11,
  kTruncDivide = 12,
  kHypot = 13,
  kCopysign = 14,
  kXlogy = 15,
  kLogaddexp = 16,
  kPrelu = 17,
  kBinaryCrossEntropy = 18,
  kLogitCrossEntropy = 19,
};
constexpr int32_t kBinaryOpCount = 20;

enum class CompareOp : int32_t {
  kEq = 0,
  kNe = 1,
  kLt = 2,
  kLe = 3,
  kGt = 4,
  kGe = 5,
  kAnd = 6,
  kOr = 7,
  kXor = 8,
  kWithin = 9,
  kBeyond = 10,
};
constexpr int32_t kCompareOpCount = 11;

enum class ReduceOp : int32_t {
  kSum = 0,
  kMax = 1,
  kMin = 2,
  kSumSquares = 3,
  kProd = 4,
  kSumAbs = 5,
  kMaxAbs = 6,
  kMinAbs = 7,
  kAny = 8,
  kAll = 9,
  kNanSum = 10,
};
constexpr int32_t kReduceOpCount = 11;

enum class ArgReduceOp : int32_t {
  kArgmax = 0,
  kArgmin = 1,
};
constexpr int32_t kArgReduceOpCount = 2;

enum class ScanOp : int32_t {
  kSum = 0,
  kProd = 1,
  kLogsumexp = 2,
};
constexpr int32_t kScanOpCount = 3;

enum class UpdateRule : int32_t {
  kAdagrad = 0,
  kRmsprop = 1,
  kAdadelta = 2,
  kAdamax = 3,
  kNadam = 4,
  kRadam = 5,
  kRprop = 6,
  kAsgd = 7,
};
constexpr int32_t kUpdateRuleCount = 8;

}  // namespace lanegrad
