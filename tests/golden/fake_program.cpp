// Stands in for trainbudget where the golden runner itself is tested: each command shows one thing to
// capture.
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

#include <unistd.h>

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  const std::string command = words.empty() ? "" : words[0];
  if (command == "say") {
    for (std::size_t i = 1; i < words.size(); ++i)
      std::cout << "[" << words[i] << "]\n";
  } else if (command == "raw") {
    std::cout << words.at(1);
  } else if (command == "copy") {
    std::cout << std::string(std::istreambuf_iterator<char>(std::cin), {});
  } else if (command == "show") {
    std::cout << std::ifstream(words.at(1), std::ios::binary).rdbuf();
  } else if (command == "write") {
    std::ofstream(words.at(1)) << words.at(2) << "\n";
  } else if (command == "variable") {
    const char* value = std::getenv(words.at(1).c_str());
    std::cout << (value == nullptr ? "unset" : value) << "\n";
  } else if (command == "pid") {
    std::cout << "{\"pid\": " << getpid() << "}\n";
  } else {
    std::cerr << "unknown command '" << command << "'\n";
    return 2;
  }
  return 0;
}
