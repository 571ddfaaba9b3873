#include "ptx.h"

#include "ptx_words.h"

#include <algorithm>
#include <cstring>

namespace software_gpu {

namespace {

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
      } else if (const auto type = type_named(std::string_view(word).substr(1))) {
        found.type = *type;
      } else if (word != ".ptr" && !space_named(std::string_view(word).substr(1))) {
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
    if (is_special_register(word)) {
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
