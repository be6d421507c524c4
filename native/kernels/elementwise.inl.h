// The elementwise family.
#pragma once

#include "unary.inl.h"
#include "broadcast.inl.h"
