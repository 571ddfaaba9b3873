#include "sweep/point.h"
