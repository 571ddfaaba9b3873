// The error that an action ends in, for tests of what users get to read.
#pragma once

#include "catch.h"
#include "io/input_error.h"

#include <utility>

template <class Action>
trainbudget::io::InputError input_error_of(Action&& action) {
  try {
    std::forward<Action>(action)();
  } catch (const trainbudget::io::InputError& error) {
    return error;
  }
  FAIL("no InputError was thrown");
  return {{}, ""};
}
