// A library such as a wheel brings; where it lies tells which of several was opened.
extern "C" int answer() {
  return 42;
}
