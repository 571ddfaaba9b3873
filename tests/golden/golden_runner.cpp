// Runs one golden case twice and compares exit code, standard output and standard error to what the case
// expects.
//
// A case is a text file: comments, one line `$ trainbudget ARGUMENTS`, then sections, each begun by a line
// `-- NAME`:
//   -- env NAME=VALUE     for the command (repeatable, no body)
//   -- file NAME          a file in the working folder; `<stdin>` is standard input
//   -- exit CODE          (no body)
//   -- stdout, -- stderr  what must be printed
// UPDATE_GOLDEN=1 rewrites the last three. The version of the program and its revision are shown as VERSION,
// the profiles folder as PROFILES.
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

namespace fs = std::filesystem;
using Files = std::vector<std::pair<std::string, std::string>>;

struct Result {
  std::string exit_code, out, err;
  bool operator==(const Result&) const = default;
};

struct Case {
  std::string head;  // comments and the command line, as written
  std::vector<std::string> arguments;
  std::vector<std::string> environment;
  Files files;
  Result expected;
};

[[noreturn]] void fail(const std::string& message) {
  std::cerr << message << '\n';
  std::exit(1);
}

std::string read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

/// Words of a command; quotes keep spaces together.
std::vector<std::string> words(const std::string& line) {
  std::vector<std::string> result;
  std::string word;
  bool in_word = false;
  char quote = '\0';
  for (const char c : line) {
    if (quote != '\0') {
      if (c == quote)
        quote = '\0';
      else
        word += c;
    } else if (c == '\'' || c == '"') {
      quote = c;
      in_word = true;
    } else if (c == ' ') {
      if (in_word) result.push_back(word);
      word.clear();
      in_word = false;
    } else {
      word += c;
      in_word = true;
    }
  }
  if (quote != '\0') fail("unterminated quote in: " + line);
  if (in_word) result.push_back(word);
  return result;
}

Case parse(const fs::path& path) {
  Case parsed;
  std::istringstream lines(read(path));
  std::string* body = nullptr;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("-- ")) {
      const std::string section = line.substr(3);
      body = nullptr;
      if (section.starts_with("env "))
        parsed.environment.push_back(section.substr(4));
      else if (section.starts_with("exit "))
        parsed.expected.exit_code = section.substr(5);
      else if (section.starts_with("file "))
        body = &parsed.files.emplace_back(section.substr(5), "").second;
      else if (section == "stdout")
        body = &parsed.expected.out;
      else if (section == "stderr")
        body = &parsed.expected.err;
      else
        fail("unknown section: " + line);
    } else if (body != nullptr) {
      *body += line + "\n";
    } else {
      parsed.head += line + "\n";
      if (!line.starts_with("$ ")) continue;
      parsed.arguments = words(line.substr(2));
    }
  }
  if (parsed.arguments.empty() || parsed.arguments.front() != "trainbudget")
    fail("no line '$ trainbudget …'");
  return parsed;
}

void replace_all(std::string& text, const std::string& what, const std::string& with) {
  for (std::size_t at = text.find(what); !what.empty() && at != std::string::npos;
       at = text.find(what, at + with.size())) {
    text.replace(at, what.size(), with);
  }
}

int open_for(const fs::path& path, int flags) {
  const int descriptor = ::open(path.c_str(), flags, 0600);
  if (descriptor < 0) fail("cannot open " + path.string());
  return descriptor;
}

Result run(const Case& golden, const fs::path& program, const fs::path& profiles,
           const std::string& revision) {
  char folder_name[] = "/tmp/trainbudget-golden-XXXXXX";
  if (mkdtemp(folder_name) == nullptr) fail("cannot make a folder in /tmp");
  const fs::path base = folder_name;
  const fs::path work = base / "work";
  fs::create_directory(work);
  std::ofstream(base / "in").put('\n');
  for (const auto& [name, content] : golden.files) {
    std::ofstream(name == "<stdin>" ? base / "in" : work / name, std::ios::binary) << content;
  }
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(open_for(base / "in", O_RDONLY), STDIN_FILENO);
    ::dup2(open_for(base / "out", O_WRONLY | O_CREAT), STDOUT_FILENO);
    ::dup2(open_for(base / "err", O_WRONLY | O_CREAT), STDERR_FILENO);
    if (::chdir(work.c_str()) != 0) ::_exit(126);
    ::clearenv();
    ::setenv("TRAINBUDGET_PROFILES", profiles.c_str(), 1);
    ::setenv("SOURCE_DATE_EPOCH", "1788220800", 1);  // 2026-09-01
    for (const std::string& variable : golden.environment) {
      const std::size_t equals = variable.find('=');
      ::setenv(variable.substr(0, equals).c_str(), variable.substr(equals + 1).c_str(), 1);
    }
    std::vector<char*> argv;
    for (const std::string& argument : golden.arguments)
      argv.push_back(const_cast<char*>(argument.c_str()));
    argv.push_back(nullptr);
    ::alarm(20);
    ::execv(program.c_str(), argv.data());
    ::_exit(127);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  Result result{
      WIFEXITED(status) ? std::to_string(WEXITSTATUS(status)) : "signal " + std::to_string(WTERMSIG(status)),
      read(base / "out"), read(base / "err")};
  fs::remove_all(base);
  for (std::string* text : {&result.out, &result.err}) {
    replace_all(*text, profiles.string(), "PROFILES");
    replace_all(*text, revision, "REVISION");
    if (!text->empty() && text->back() != '\n') *text += "\n(no line end)\n";
  }
  return result;
}

void update(const fs::path& path, const Case& golden, const Result& result) {
  std::ofstream file(path, std::ios::binary);
  file << golden.head;
  for (const std::string& variable : golden.environment)
    file << "-- env " << variable << '\n';
  for (const auto& [name, content] : golden.files)
    file << "-- file " << name << '\n' << content;
  file << "-- exit " << result.exit_code << "\n-- stdout\n" << result.out << "-- stderr\n" << result.err;
}

/// The first line that differs, with both versions.
void show_difference(const char* what, const std::string& expected, const std::string& actual) {
  if (expected == actual) return;
  std::istringstream a(expected);
  std::istringstream b(actual);
  std::string line_a;
  std::string line_b;
  for (int line = 1;; ++line) {
    const bool more_a = static_cast<bool>(std::getline(a, line_a));
    const bool more_b = static_cast<bool>(std::getline(b, line_b));
    if (more_a && more_b && line_a == line_b) continue;
    std::cerr << what << ", line " << line << ":\n  expected: " << (more_a ? line_a : "(end)")
              << "\n  actual:   " << (more_b ? line_b : "(end)") << '\n';
    return;
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) fail("usage: golden_runner PROGRAM PROFILES REVISION CASE");
  const fs::path path = argv[4];
  const Case golden = parse(path);
  const Result result = run(golden, argv[1], argv[2], argv[3]);
  if (result != run(golden, argv[1], argv[2], argv[3])) fail("two runs differ");
  const char* wants_update = std::getenv("UPDATE_GOLDEN");
  if (wants_update != nullptr && *wants_update != '\0') {
    update(path, golden, result);
    return 0;
  }
  if (result == golden.expected) return 0;
  show_difference("exit code", golden.expected.exit_code, result.exit_code);
  show_difference("stdout", golden.expected.out, result.out);
  show_difference("stderr", golden.expected.err, result.err);
  std::cerr << "UPDATE_GOLDEN=1 ctest -R golden rewrites the cases; read the difference before you commit\n";
  return 1;
}
