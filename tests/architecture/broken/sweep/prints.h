#pragma once
#include "cli/output.h"
