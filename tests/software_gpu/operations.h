// What instructions do to registers.
#pragma once

#include "lanes.h"

namespace software_gpu {

/// Everything but branches, barriers, exchanges and memory. Throws Fault.
void operate(Rows& rows, const Instruction& instruction, Mask mask);

/// Its parts, by what they read.
void operate_on_integers(Rows& rows, const Instruction& instruction, Mask mask);
void operate_on_floats(Rows& rows, const Instruction& instruction, Mask mask);
void convert(Rows& rows, const Instruction& instruction, Mask mask);

}  // namespace software_gpu
