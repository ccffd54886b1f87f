#include "tools/lib/cli/args.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>

#include "core/files/file.h"
#include "tools/lib/cli/program.h"
#include "tools/lib/cli/shown.h"
#include "tools/lib/cli/text.h"
#include "tools/lib/cli/version.h"

namespace pbgen {
namespace {

constexpr std::int64_t kMaxConfigBytes = 1 << 20;
constexpr std::size_t kMaxValueBytes = 4096;  // of a configuration's value, as text: the longest path
constexpr std::size_t kMaxShownBytes = 64;    // of what is wrong, in a message
constexpr std::size_t kHelpWidth = 100;
constexpr std::size_t kHelpColumn = 28;
constexpr std::string_view kToolsFolder = "./tools/";

constexpr const char* kExitCodes = "0 done, 1 internal error, 2 usage, 3 data, 4 model file, 5 diverged, 6 input/output; "
                                   "128 + N where signal N ended it (130 SIGINT, 143 SIGTERM)";

template <class Number>
std::string parse_number(std::string_view text, Number& value, const char* expected) {
  Number parsed{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), parsed);
  if (end != text.data() + text.size() || error == std::errc::invalid_argument) return expected;
  if (error == std::errc::result_out_of_range) return concat(expected, " that the program can hold");
  if constexpr (std::is_floating_point_v<Number>)
    if (!std::isfinite(parsed)) return expected;
  value = parsed;
  return "";
}

template <class Item>
std::string parse_list(std::string_view text, std::vector<Item>& value) {
  std::vector<Item> items;
  for (const std::string_view part : split(text, ',')) {
    if (part.empty()) return "items joined by single commas";
    const std::string expected = parse_value(part, items.emplace_back());
    if (!expected.empty()) return concat("items joined by commas, each ", expected);
  }
  value = std::move(items);
  return "";
}

std::string flag_of_key(std::string key) {
  std::replace(key.begin(), key.end(), '_', '-');
  return "--" + key;
}

std::string key_of_flag(std::string_view name) {
  std::string key(name.substr(2));
  std::replace(key.begin(), key.end(), '-', '_');
  return key;
}

// A scalar of a config file as the command line would say it.
std::optional<std::string> scalar_text(const Json& value) {
  if (value.is_string()) return value.as_string();
  if (value.is_number()) return value.text();
  return std::nullopt;
}

// For a message.
std::string beginning(const Json& value) {
  const std::string text = value.text();
  return text.size() <= kMaxShownBytes ? text : Json(text.substr(0, kMaxShownBytes)).text() + "..";
}

}  // namespace

std::string parse_value(std::string_view text, int& value) { return parse_number(text, value, "a whole number"); }
std::string parse_value(std::string_view text, std::int64_t& value) { return parse_number(text, value, "a whole number"); }
std::string parse_value(std::string_view text, std::uint64_t& value) {
  return parse_number(text, value, "a whole number, 0 or more");
}
std::string parse_value(std::string_view text, double& value) { return parse_number(text, value, "a number"); }
std::string parse_value(std::string_view text, std::string& value) {
  value = text;
  return "";
}
std::string parse_value(std::string_view text, std::vector<std::int64_t>& value) { return parse_list(text, value); }
std::string parse_value(std::string_view text, std::vector<double>& value) { return parse_list(text, value); }
std::string parse_value(std::string_view text, std::vector<std::string>& value) { return parse_list(text, value); }
std::string parse_value(std::string_view text, std::array<int, 4>& value) {
  std::vector<int> numbers;
  const std::string expected = parse_list(text, numbers);
  if (!expected.empty()) return expected;
  if (numbers.size() != value.size()) return "4 numbers with commas, such as 512,256,128,64";
  std::copy(numbers.begin(), numbers.end(), value.begin());
  return "";
}

std::string value_text(std::int64_t value) { return std::to_string(value); }
std::string value_text(std::uint64_t value) { return std::to_string(value); }
std::string value_text(double value) {
  char digits[32];
  return std::string(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}

Rule<std::string> one_of(std::vector<std::string> words) {
  return [words = std::move(words)](const std::string& value) {
    if (std::find(words.begin(), words.end(), value) != words.end()) return std::string();
    std::string expected;
    for (std::size_t i = 0; i < words.size(); ++i) expected += (i == 0 ? "" : i + 1 < words.size() ? ", " : " or ") + words[i];
    return expected;
  };
}

ArgumentParser::ArgumentParser(std::string program, std::string summary, std::string description)
    : program_(std::move(program)), summary_(std::move(summary)), description_(std::move(description)), sections_{"Flags"} {}

void ArgumentParser::section(std::string title) { sections_.push_back(std::move(title)); }

void ArgumentParser::example(std::string command, std::string meaning) {
  examples_.emplace_back(std::move(command), std::move(meaning));
}

ArgumentParser::Option& ArgumentParser::declare(std::string name, std::string metavar, std::string help) {
  check(name.size() > 2 && name.starts_with("--"), "ArgumentParser: a flag begins with --: ", name);
  check(find(name) == nullptr && name != "--help" && name != "--version", "ArgumentParser: declared twice: ", name);
  Option& option = options_.emplace_back();
  option.name_ = std::move(name);
  option.metavar_ = std::move(metavar);
  option.help_ = std::move(help);
  option.section_ = sections_.size() - 1;
  return option;
}

ArgumentParser::Option& ArgumentParser::declare_positional(std::string name, std::string help, bool required) {
  check(!required || positionals_.empty() || positionals_.back().required_, "ArgumentParser: required argument ", name,
        " after an optional one");
  Option& option = positionals_.emplace_back();
  option.name_ = std::move(name);
  option.help_ = std::move(help);
  option.required_ = required;
  return option;
}

ArgumentParser::Option& ArgumentParser::add(std::string name, bool* target, std::string help, bool value) {
  Option& option = declare(std::move(name), "", std::move(help));
  option.set_ = [target, value](std::string_view text, bool store) {
    if (store) *target = (text == "true") == value;
    return std::string();
  };
  option.show_ = [target, value] { return Json(*target == value); };
  return option;
}

void ArgumentParser::add_config_flag() {
  add("--config", &config_path_, "FILE", "JSON object of flags (names without dashes); flags on the command line win");
}

ArgumentParser::Option* ArgumentParser::find(std::string_view name) {
  const auto is_named = [&](const Option& option) { return option.name_ == name || (!name.empty() && option.short_name_ == name); };
  const auto found = std::find_if(options_.begin(), options_.end(), is_named);
  return found != options_.end() ? &*found : nullptr;
}

const ArgumentParser::Option& ArgumentParser::named(std::string_view name) const {
  for (const auto* options : {&options_, &positionals_})
    for (const Option& option : *options)
      if (option.name_ == name) return option;
  throw std::logic_error(concat("ArgumentParser: not declared: ", name));
}

bool ArgumentParser::given(std::string_view name) const { return named(name).given_; }
bool ArgumentParser::given_on_command_line(std::string_view name) const { return named(name).on_command_line_; }

ArgumentParser::Option& ArgumentParser::option(std::string_view name) {
  Option* const found = find(name);
  check(found != nullptr, "ArgumentParser: not declared: ", name);
  return *found;
}

std::vector<std::string> ArgumentParser::arguments_but(const std::vector<std::string>& names) const {
  std::vector<std::string> arguments;
  for (const Option& option : options_) {
    if (!option.on_command_line_ || std::find(names.begin(), names.end(), option.name_) != names.end()) continue;
    const bool in_one_word = option.text_.starts_with('-');  // it may begin as a flag does
    arguments.push_back(in_one_word ? concat(option.name_, '=', option.text_) : option.name_);
    if (!option.metavar_.empty() && !in_one_word) arguments.push_back(option.text_);
  }
  return arguments;
}

void ArgumentParser::set(Option& option, std::string_view text) {
  if (option.withdrawn_) fail(ErrorKind::usage, option.name_, ": ", *option.withdrawn_);
  const std::string expected = option.set_(text, true);
  if (!expected.empty()) fail(ErrorKind::usage, option.name_, " ", text.empty() ? "''" : text, ": expected ", expected);
  option.given_ = option.on_command_line_ = true;
  option.text_ = text;
}

bool ArgumentParser::parse(int argc, const char* const* argv) {
  const std::vector<std::string_view> words(argv + std::min(argc, 1), argv + argc);
  std::size_t next_positional = 0;
  bool flags_ended = false;
  // First of all, so that they help whatever else is wrong.
  for (const std::string_view word : words) {
    if (word == "--") break;
    const bool wants_help = word == "--help" || word == "-h";
    if (!wants_help && word != "--version") continue;
    const std::string text = wants_help ? shown_lines(help()) : version_text(program_);
    std::fwrite(text.data(), 1, text.size(), stdout);
    return false;
  }
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string_view word = words[i];
    if (flags_ended || word == "-" || !word.starts_with("-")) {
      if (next_positional == positionals_.size()) fail(ErrorKind::usage, "unexpected argument '", word, "' (--help shows what is)");
      set(positionals_[next_positional++], word);
      continue;
    }
    if (word == "--") {
      flags_ended = true;
      continue;
    }
    const std::size_t equals = word.find('=');
    const std::string_view name = word.substr(0, equals);
    Option* option = find(name);
    if (option == nullptr) refuse_unknown(name);
    if (option->metavar_.empty()) {
      if (equals != word.npos) fail(ErrorKind::usage, word, ": ", name, " takes no value");
      set(*option, "true");
    } else if (equals != word.npos) {
      set(*option, word.substr(equals + 1));
    } else {
      const bool missing = i + 1 == words.size() || words[i + 1] == "--" || find(words[i + 1].substr(0, words[i + 1].find('='))) != nullptr;
      if (missing) fail(ErrorKind::usage, name, ": needs a value, ", name, " ", option->metavar_);
      set(*option, words[++i]);
    }
  }
  if (next_positional < positionals_.size() && positionals_[next_positional].required_)
    fail(ErrorKind::usage, positionals_[next_positional].name_, " is missing (--help shows the arguments)");
  if (config_path_.has_value()) {
    const std::vector<std::uint8_t> bytes = read_file(*config_path_, kMaxConfigBytes);
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    apply_config(parse_json(text, ErrorKind::usage, *config_path_), *config_path_);
  }
  return true;
}

void ArgumentParser::apply_config(const Json& object, std::string_view source) {
  if (!object.is_object()) fail(ErrorKind::usage, source, ": expected a JSON object of flags, such as {\"batch\": 64}");
  std::vector<const Option*> seen;
  for (const auto& [key, value] : object.as_object()) {
    const std::string name = flag_of_key(key);
    Option* option = find(name);
    if (option == nullptr || name == "--config") {
      const std::string known = nearest(name);
      const std::string hint = known.empty() ? "" : concat("; did you mean \"", key_of_flag(known), "\"?");
      fail(ErrorKind::usage, source, ": unknown key ", beginning(Json(key)), hint);
    }
    const bool twice = std::find(seen.begin(), seen.end(), option) != seen.end();
    if (twice) fail(ErrorKind::usage, source, ": ", key_of_flag(name), " is there twice");
    seen.push_back(option);
    if (!value.is_null()) apply_member(*option, value, concat(source, ": ", key));
  }
}

void ArgumentParser::apply_member(Option& option, const Json& value, const std::string& where) {
  if (option.withdrawn_) fail(ErrorKind::usage, where, ": ", *option.withdrawn_);
  std::optional<std::string> text;
  if (option.metavar_.empty()) {
    if (!value.is_bool()) fail(ErrorKind::usage, where, " ", beginning(value), ": expected true or false");
    text = value.as_bool() ? "true" : "false";
  } else if (value.is_array()) {
    for (const Json& item : value.as_array()) {
      const std::optional<std::string> part = scalar_text(item);
      if (!part.has_value()) fail(ErrorKind::usage, where, ": expected numbers or strings in the list");
      if (text.has_value()) text->append(",").append(*part);
      else text = *part;
      if (text->size() > kMaxValueBytes) break;
    }
    if (!text.has_value()) fail(ErrorKind::usage, where, ": expected a list that is not empty");
  } else {
    text = scalar_text(value);
    if (!text.has_value()) fail(ErrorKind::usage, where, " ", beginning(value), ": expected a number or a string");
  }
  if (text->size() > kMaxValueBytes || text->find('\0') != text->npos)
    fail(ErrorKind::usage, where, " ", beginning(value), ": expected at most ", kMaxValueBytes, " bytes, none of them 0");
  const std::string expected = option.set_(*text, !option.on_command_line_);
  if (!expected.empty()) fail(ErrorKind::usage, where, " ", beginning(value), ": expected ", expected);
  option.given_ = true;
}

Json ArgumentParser::config() const {
  Json object = Json::object();
  for (const Option& option : options_)
    if (option.in_config_) object.set(key_of_flag(option.name_), option.show_());
  return object;
}

std::string ArgumentParser::nearest(std::string_view name) const {
  std::vector<std::string_view> known;
  for (const Option& option : options_)
    if (!option.withdrawn_) known.push_back(option.name_);
  return nearest_word(name, known, 5);  // the dashes and three letters
}

void ArgumentParser::refuse_unknown(std::string_view name) const {
  const std::string known = nearest(name);
  fail(ErrorKind::usage, "unknown flag ", name, known.empty() ? " (--help lists all)" : concat("; did you mean ", known, "?"));
}

std::string ArgumentParser::help() const {
  std::string text = concat(program_, ": ", summary_, "\n\nUsage: ", program_, " [flags]");
  for (const Option& option : positionals_) text += option.required_ ? " " + option.name_ : " [" + option.name_ + "]";
  text += "\n";
  if (!description_.empty()) text += "\n" + wrapped(description_, 0, kHelpWidth);

  // Name left, meaning from the column on, below the name where that is too long.
  const auto entry = [&](const std::string& name, const std::string& meaning) {
    const std::string paragraph = wrapped(meaning, kHelpColumn, kHelpWidth);
    text += "  " + name;
    if (name.size() + 4 > kHelpColumn) text += "\n" + paragraph;
    else text += paragraph.substr(std::min(paragraph.size(), name.size() + 2));
  };
  const auto with_default = [](const Option& option) {
    std::string value = option.default_text_.value_or("");
    if (!option.default_text_.has_value() && !option.metavar_.empty()) {
      const Json shown = option.show_();
      value = shown.is_null() ? "" : scalar_text(shown).value_or("");
    }
    return value.empty() ? option.help_ : concat(option.help_, " (default: ", value, ")");
  };

  if (!positionals_.empty()) text += "\nArguments\n";
  for (const Option& option : positionals_) entry(option.name_, with_default(option));
  for (std::size_t section = 0; section < sections_.size(); ++section) {
    bool titled = false;
    for (const Option& option : options_) {
      if (option.section_ != section || option.withdrawn_) continue;
      if (!titled) text += "\n" + sections_[section] + "\n";
      titled = true;
      const std::string name = option.short_name_.empty() ? option.name_ : option.name_ + ", " + option.short_name_;
      entry(option.metavar_.empty() ? name : name + " " + option.metavar_, with_default(option));
    }
  }
  text += "\nHelp\n";
  entry("--help, -h", "this text");
  entry("--version", "version and commit, the kernels in force, the compiler");
  if (!examples_.empty()) text += "\nExamples\n";
  for (const auto& [command, meaning] : examples_) {
    const bool names_tool = command.starts_with(kToolsFolder);
    text += concat("  ", names_tool ? called_tool(command.substr(kToolsFolder.size())) : command, "\n", wrapped(meaning, 6, kHelpWidth));
  }
  text += "\nExit codes\n" + wrapped(kExitCodes, 2, kHelpWidth);
  return text;
}

}  // namespace pbgen
