#include "ptx.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <cstring>
#include <optional>

namespace software_gpu {

namespace {

template <class Value>
using Names = std::vector<std::pair<std::string_view, Value>>;

const Names<Type> types{
    {"pred", Type::pred},     {"b8", Type::b8},       {"u8", Type::u8},         {"s8", Type::s8},
    {"b16", Type::b16},       {"u16", Type::u16},     {"s16", Type::s16},       {"f16", Type::f16},
    {"bf16", Type::bf16},     {"b32", Type::b32},     {"u32", Type::u32},       {"s32", Type::s32},
    {"f32", Type::f32},       {"f16x2", Type::f16x2}, {"bf16x2", Type::bf16x2}, {"b64", Type::b64},
    {"u64", Type::u64},       {"s64", Type::s64},     {"f64", Type::f64},       {"e4m3x2", Type::e4m3x2},
    {"e5m2x2", Type::e5m2x2}, {"b128", Type::b128}};

const Names<Space> spaces{{"global", Space::global}, {"const", Space::constant},
                          {"shared", Space::shared}, {"shared::cta", Space::shared},
                          {"local", Space::local},   {"param", Space::param}};

const Names<Opcode> opcodes{
    {"abs", Opcode::abs},           {"add", Opcode::add},   {"and", Opcode::and_},
    {"bfe", Opcode::bfe},           {"bfi", Opcode::bfi},   {"bra", Opcode::bra},
    {"brev", Opcode::brev},         {"clz", Opcode::clz},   {"copysign", Opcode::copysign},
    {"cos", Opcode::cos},           {"cvt", Opcode::cvt},   {"cvta", Opcode::cvta},
    {"div", Opcode::div},           {"ex2", Opcode::ex2},   {"exit", Opcode::ret},
    {"fma", Opcode::fma},           {"ld", Opcode::ld},     {"lg2", Opcode::lg2},
    {"mad", Opcode::mad},           {"max", Opcode::max},   {"min", Opcode::min},
    {"mov", Opcode::mov},           {"mul", Opcode::mul},   {"neg", Opcode::neg},
    {"not", Opcode::not_},          {"or", Opcode::or_},    {"popc", Opcode::popc},
    {"prefetch", Opcode::prefetch}, {"prmt", Opcode::prmt}, {"rcp", Opcode::rcp},
    {"rem", Opcode::rem},           {"ret", Opcode::ret},   {"rsqrt", Opcode::rsqrt},
    {"selp", Opcode::selp},         {"setp", Opcode::setp}, {"shfl", Opcode::shfl},
    {"shl", Opcode::shl},           {"shr", Opcode::shr},   {"sin", Opcode::sin},
    {"sqrt", Opcode::sqrt},         {"st", Opcode::st},     {"sub", Opcode::sub},
    {"tanh", Opcode::tanh},         {"xor", Opcode::xor_}};

const Names<Comparison> comparisons{
    {"eq", Comparison::eq},   {"ne", Comparison::ne},   {"lt", Comparison::lt},   {"le", Comparison::le},
    {"gt", Comparison::gt},   {"ge", Comparison::ge},   {"lo", Comparison::lt},   {"ls", Comparison::le},
    {"hi", Comparison::gt},   {"hs", Comparison::ge},   {"equ", Comparison::equ}, {"neu", Comparison::neu},
    {"ltu", Comparison::ltu}, {"leu", Comparison::leu}, {"gtu", Comparison::gtu}, {"geu", Comparison::geu},
    {"num", Comparison::num}, {"nan", Comparison::nan}};

const Names<Rounding> roundings{{"rn", Rounding::nearest},
                                {"rz", Rounding::zero},
                                {"rm", Rounding::down},
                                {"rp", Rounding::up},
                                {"rni", Rounding::nearest_integer},
                                {"rzi", Rounding::zero_integer},
                                {"rmi", Rounding::down_integer},
                                {"rpi", Rounding::up_integer}};

const Names<Exchange> exchanges{
    {"bfly", Exchange::butterfly}, {"down", Exchange::down}, {"up", Exchange::up}, {"idx", Exchange::index}};

const Names<Join> joins{{"and", Join::and_}, {"or", Join::or_}, {"xor", Join::xor_}};

// They change how fast an access or an instruction is here, or how it is ordered, and not what it gives to
// threads that run in turns.
constexpr std::array<std::string_view, 24> without_effect{"approx",
                                                          "full",
                                                          "nc",
                                                          "volatile",
                                                          "relaxed",
                                                          "weak",
                                                          "cg",
                                                          "ca",
                                                          "cs",
                                                          "lu",
                                                          "wb",
                                                          "L1",
                                                          "L2",
                                                          "aligned",
                                                          "sync",
                                                          "gpu",
                                                          "sys",
                                                          "L1::no_allocate",
                                                          "L2::128B",
                                                          "L2::256B",
                                                          "L1::evict_last",
                                                          "L1::evict_first",
                                                          "L1::evict_normal",
                                                          "L2::evict_last"};

constexpr std::array<std::string_view, 15> special_registers{
    "%tid.x",   "%tid.y",    "%tid.z",    "%ntid.x",   "%ntid.y", "%ntid.z", "%ctaid.x",    "%ctaid.y",
    "%ctaid.z", "%nctaid.x", "%nctaid.y", "%nctaid.z", "%laneid", "%warpid", "%globaltimer"};

template <class Value>
std::optional<Value> named(const Names<Value>& names, std::string_view name) {
  for (const auto& [known, value] : names) {
    if (known == name) return value;
  }
  return std::nullopt;
}

bool in_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '$' || c == '%' || c == '.';
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  for (std::size_t i = 0; i < text.size();) {
    if (std::isspace(static_cast<unsigned char>(text[i])) != 0) {
      ++i;
    } else if (text.substr(i, 2) == "//") {
      i = std::min(text.find('\n', i), text.size());
    } else if (text.substr(i, 2) == "/*") {
      i = text.find("*/", i) + 2;
    } else if (text[i] == '"') {
      const std::size_t end = text.find('"', i + 1);
      words.emplace_back(text.substr(i, end + 1 - i));
      i = end + 1;
    } else if (in_word(text[i])) {
      std::size_t end = i;
      while (end < text.size() && (in_word(text[end]) || text.substr(end, 2) == "::" ||
                                   (end > i && text.substr(end - 1, 2) == "::")))
        ++end;
      words.emplace_back(text.substr(i, end - i));
      i = end;
    } else {
      words.emplace_back(1, text[i++]);
    }
  }
  return words;
}

bool is_number(std::string_view word) {
  return !word.empty() && (std::isdigit(static_cast<unsigned char>(word[0])) != 0);
}

std::uint64_t number(const std::string& word) {
  if (word.size() > 2 && word[0] == '0' &&
      (word[1] == 'f' || word[1] == 'F' || word[1] == 'd' || word[1] == 'D'))
    return std::strtoull(word.c_str() + 2, nullptr, 16);
  if (word.find('.') != std::string::npos) throw PtxError("a number that is not in hexadecimal: " + word);
  return std::strtoull(word.c_str(), nullptr, 0);
}

class Reader {
 public:
  explicit Reader(std::string_view text) : words_(words_of(text)) {}

  Module read() {
    while (next_ < words_.size())
      top_level();
    return std::move(module_);
  }

 private:
  const std::string& peek(std::size_t ahead = 0) const {
    static const std::string end;
    return next_ + ahead < words_.size() ? words_[next_ + ahead] : end;
  }
  std::string take() {
    if (next_ >= words_.size()) throw PtxError("PTX ends in the middle");
    return words_[next_++];
  }
  void expect(std::string_view word) {
    const std::string found = take();
    if (found != word) throw PtxError("'" + std::string(word) + "' expected, not '" + found + "'");
  }
  bool accept(std::string_view word) {
    if (peek() != word) return false;
    ++next_;
    return true;
  }
  void skip_braces() {
    int depth = 0;
    do {
      const std::string word = take();
      depth += word == "{" ? 1 : word == "}" ? -1 : 0;
    } while (depth > 0);
  }

  void top_level() {
    const std::string word = take();
    if (word == ".version" || word == ".target" || word == ".address_size") {
      take();
      while (accept(","))
        take();
    } else if (word == ".entry") {
      entry();
    } else if (word == ".func") {
      while (peek() != "{" && peek() != ";")
        take();
      if (!accept(";")) skip_braces();
    } else if (word == ".global" || word == ".const") {
      global();
    } else if (word == ".shared") {
      variable(word);
    } else if (word != ".visible" && word != ".weak" && word != ".extern") {
      throw PtxError("unknown at the top of a module: " + word);
    }
  }

  struct Declared {
    std::string name;
    std::size_t bytes = 0, alignment = 1;
    Type type = Type::b8;
  };

  /// What comes after the state space: [.align N] .type name[[count]].
  Declared declared() {
    Declared found;
    std::size_t alignment = 0;
    while (peek()[0] == '.') {
      const std::string word = take();
      if (word == ".align") {
        alignment = number(take());
      } else if (const auto type = named(types, std::string_view(word).substr(1))) {
        found.type = *type;
      } else if (word != ".ptr" && !named(spaces, std::string_view(word).substr(1))) {
        throw PtxError("unknown in a declaration: " + word);
      }
    }
    found.name = take();
    std::size_t count = 1;
    while (accept("[")) {
      count *= peek() == "]" ? 0 : number(take());
      expect("]");
    }
    found.bytes = count * bytes_of(found.type);
    found.alignment = std::max(alignment, bytes_of(found.type));
    return found;
  }

  void global() {
    const Declared variable = declared();
    auto& bytes = module_.globals[variable.name];
    bytes.resize(std::max<std::size_t>(variable.bytes, 1));
    if (accept("=")) {
      const bool list = accept("{");
      std::size_t at = 0;
      do {
        const bool negative = accept("-");
        std::uint64_t value = number(take());
        if (negative) value = ~value + 1;
        std::memcpy(bytes.data() + at, &value, bytes_of(variable.type));
        at += bytes_of(variable.type);
      } while (list && accept(","));
      if (list) expect("}");
    }
    expect(";");
  }

  void variable(const std::string& space) {
    const Declared found = declared();
    expect(";");
    if (space == ".shared") {
      if (current_ == nullptr) {
        shared_[found.name] = found;
      } else {
        place(found, current_->shared_bytes);
      }
    } else {
      place(found, current_->local_bytes);
    }
  }

  void place(const Declared& variable, std::size_t& used) {
    used = (used + variable.alignment - 1) / variable.alignment * variable.alignment;
    scopes_.back()[variable.name] = constant(used);
    used += variable.bytes;
  }

  void entry() {
    Function function;
    function.name = take();
    current_ = &function;
    scopes_.assign(1, {});
    if (accept("(")) {
      while (!accept(")")) {
        expect(".param");
        const Declared parameter = declared();
        std::size_t& end = function.parameter_bytes;
        end = (end + parameter.alignment - 1) / parameter.alignment * parameter.alignment;
        function.parameters.push_back({parameter.name, end, parameter.bytes});
        scopes_.back()[parameter.name] = constant(end);
        end += parameter.bytes;
        accept(",");
      }
    }
    while (peek() != "{") {
      const std::string directive = take();
      const bool threads = directive == ".maxntid" || directive == ".reqntid";
      int product = 1;
      do {
        product *= static_cast<int>(number(take()));
      } while (accept(","));
      if (threads) function.most_threads = product;
    }
    for (const auto& [name, bytes] : module_.globals)
      scopes_.back()[name] = constant(reinterpret_cast<std::uintptr_t>(bytes.data()));
    // What is declared outside and has a size comes first, then what is declared inside, then what the launch
    // brings.
    for (const auto& [name, shared] : shared_) {
      if (shared.bytes > 0) place(shared, function.shared_bytes);
    }
    std::vector<std::pair<std::string, Row>> brought;
    for (const auto& [name, shared] : shared_) {
      if (shared.bytes == 0) brought.emplace_back(name, scopes_.back()[name] = new_row());
    }
    block();
    for (const auto& [label, at] : jumps_) {
      const auto found = labels_.find(label);
      if (found == labels_.end()) throw PtxError("no label " + label);
      function.instructions[at].target = found->second;
    }
    Instruction end;
    end.opcode = Opcode::ret;
    function.instructions.push_back(end);
    function.shared_bytes = (function.shared_bytes + 15) / 16 * 16;
    for (const auto& [name, row] : brought)
      function.constants.emplace_back(row, function.shared_bytes);
    jumps_.clear();
    labels_.clear();
    special_rows_.clear();
    current_ = nullptr;
    module_.functions.emplace(function.name, std::move(function));
  }

  void block() {
    expect("{");
    scopes_.emplace_back();
    while (!accept("}"))
      statement();
    scopes_.pop_back();
  }

  void statement() {
    if (peek() == "{") return block();
    if (peek() == ".reg") return registers();
    if (peek() == ".local" || peek() == ".shared") return variable(take());
    if (peek() == ".pragma") {
      while (!accept(";"))
        take();
      return;
    }
    if (peek() == ".loc") {
      for (int i = 0; i < 4; ++i)
        take();
      return;
    }
    if (peek(1) == ":") {
      labels_[take()] = static_cast<std::int32_t>(current_->instructions.size());
      take();
      return;
    }
    if (accept(";")) return;
    instruction();
  }

  void registers() {
    take();
    take();
    do {
      const std::string name = take();
      if (accept("<")) {
        const std::size_t count = number(take());
        expect(">");
        for (std::size_t i = 0; i < count; ++i)
          scopes_.back()[name + std::to_string(i)] = new_row();
      } else {
        scopes_.back()[name] = new_row();
      }
    } while (accept(","));
    expect(";");
  }

  Row new_row() { return current_->rows++; }
  Row constant(std::uint64_t value) {
    const Row row = new_row();
    current_->constants.emplace_back(row, value);
    return row;
  }

  Row row_of(const std::string& word) {
    for (auto scope = scopes_.rbegin(); scope != scopes_.rend(); ++scope) {
      if (const auto found = scope->find(word); found != scope->end()) return found->second;
    }
    if (word == "_") return new_row();
    if (std::find(special_registers.begin(), special_registers.end(), word) != special_registers.end()) {
      const auto [known, added] = special_rows_.try_emplace(word, no_row);
      if (added) {
        known->second = new_row();
        current_->specials.push_back({word, known->second});
      }
      return known->second;
    }
    throw PtxError("unknown name " + word);
  }

  /// One operand; a vector or a pair gives several rows.
  void operand(std::vector<Row>& rows) {
    if (accept("{")) {
      do {
        operand(rows);
      } while (accept(","));
      return expect("}");
    }
    if (accept("-")) {
      rows.push_back(constant(~number(take()) + 1));
      return;
    }
    const std::string word = take();
    if (is_number(word)) {
      rows.push_back(constant(number(word)));
    } else {
      rows.push_back(row_of(word));
    }
    if (accept("|")) operand(rows);
  }

  void address(Instruction& made) {
    expect("[");
    const std::string base = take();
    made.sources.push_back(is_number(base) ? constant(number(base)) : row_of(base));
    while (!accept("]")) {
      const bool minus = peek() == "-";
      if (!accept("+")) accept("-");
      const bool negative = accept("-") != minus;
      const auto distance = static_cast<std::int64_t>(number(take()));
      made.offset += negative ? -distance : distance;
    }
  }

  void instruction() {
    Instruction made;
    if (accept("@")) {
      made.negated_guard = accept("!");
      made.guard = row_of(take());
    }
    const std::string word = take();
    made.text = word;
    describe(word, made);
    operands(made);
    expect(";");
    current_->instructions.push_back(std::move(made));
  }

  static void describe(const std::string& word, Instruction& made) {
    std::vector<std::string> parts;
    for (std::size_t start = 0; start <= word.size();) {
      const std::size_t end = std::min(word.find('.', start), word.size());
      parts.push_back(word.substr(start, end - start));
      start = end + 1;
    }
    if (parts[0] == "bar" || parts[0] == "barrier") {
      made.opcode = parts.size() > 1 && parts[1] == "warp" ? Opcode::bar_warp : Opcode::bar_sync;
      return;
    }
    const auto opcode = named(opcodes, parts[0]);
    if (!opcode) throw PtxError("unknown instruction " + word);
    made.opcode = *opcode;
    for (std::size_t i = 1; i < parts.size(); ++i)
      modifier(word, parts[i], made);
  }

  static void modifier(const std::string& word, const std::string& part, Instruction& made) {
    if (const auto type = named(types, part)) {
      (made.type == Type::none ? made.type : made.source) = *type;
    } else if (const auto comparison = named(comparisons, part); comparison && made.opcode == Opcode::setp) {
      made.comparison = *comparison;
    } else if (const auto join = named(joins, part); join && made.opcode == Opcode::setp) {
      made.join = *join;
    } else if (const auto exchange = named(exchanges, part); exchange && made.opcode == Opcode::shfl) {
      made.exchange = *exchange;
    } else if (part == "lo") {
      made.part = Part::low;
    } else if (part == "hi") {
      made.part = Part::high;
    } else if (part == "wide") {
      made.part = Part::wide;
    } else if (const auto rounding = named(roundings, part)) {
      made.rounding = *rounding;
    } else if (const auto space = named(spaces, part)) {
      made.space = *space;
    } else if (part == "ftz") {
      made.flush = true;
    } else if (part == "sat" || part == "satfinite") {
      made.saturate = true;
    } else if (part == "relu") {
      made.relu = true;
    } else if (part == "to") {
      made.to_space = true;
    } else if (part == "uni") {
      made.uniform = true;
    } else if (part != "v2" && part != "v4" &&
               std::find(without_effect.begin(), without_effect.end(), part) == without_effect.end()) {
      throw PtxError("unknown part ." + part + " of " + word);
    }
  }

  void operands(Instruction& made) {
    switch (made.opcode) {
      case Opcode::ret:
      case Opcode::nop:
        return;
      case Opcode::bra:
        jumps_.emplace_back(take(), current_->instructions.size());
        return;
      case Opcode::ld:
        operand(made.targets);
        expect(",");
        return address(made);
      case Opcode::prefetch:
        return address(made);
      case Opcode::st:
        address(made);
        expect(",");
        return operand(made.sources);
      case Opcode::bar_sync:
      case Opcode::bar_warp:
        do {
          operand(made.sources);
        } while (accept(","));
        return;
      default:
        break;
    }
    operand(made.targets);
    while (accept(","))
      operand(made.sources);
  }

  std::vector<std::string> words_;
  std::size_t next_ = 0;
  Module module_;
  Function* current_ = nullptr;
  std::map<std::string, Declared> shared_;
  std::vector<std::map<std::string, Row>> scopes_;
  std::map<std::string, Row> special_rows_;
  std::map<std::string, std::int32_t> labels_;
  std::vector<std::pair<std::string, std::size_t>> jumps_;
};

}  // namespace

std::size_t bytes_of(Type type) {
  switch (type) {
    case Type::none:
    case Type::pred:
    case Type::b8:
    case Type::u8:
    case Type::s8:
      return 1;
    case Type::b16:
    case Type::u16:
    case Type::s16:
    case Type::f16:
    case Type::bf16:
    case Type::e4m3x2:
    case Type::e5m2x2:
      return 2;
    case Type::b32:
    case Type::u32:
    case Type::s32:
    case Type::f32:
    case Type::f16x2:
    case Type::bf16x2:
      return 4;
    case Type::b64:
    case Type::u64:
    case Type::s64:
    case Type::f64:
      return 8;
    case Type::b128:
      return 16;
  }
  return 0;
}

Module read_ptx(std::string_view text) {
  return Reader(text).read();
}

}  // namespace software_gpu
