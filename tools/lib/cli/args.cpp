#include "tools/lib/cli/args.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <tuple>

#include "core/files/file.h"
#include "tools/lib/cli/bash_completion.h"
#include "tools/lib/cli/manual_page.h"
#include "tools/lib/cli/program.h"
#include "tools/lib/cli/shown.h"
#include "tools/lib/cli/text.h"
#include "tools/lib/cli/version.h"
#include "tools/lib/cli/version_number.h"

namespace pbgen {
namespace {

constexpr std::int64_t kMaxConfigBytes = 1 << 20;
constexpr std::size_t kMaxValueBytes = 4096;  // of a configuration's value, as text: the longest path
constexpr std::size_t kMaxShownBytes = 64;    // of what is wrong, in a message
constexpr std::string_view kToolsFolder = "./tools/";

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

// The words that a value may be, and whether it may be several with commas, where that is all that it may be: what it says that it expected
// of a wrong one names them, and takes each.  No words for any other value.
std::pair<std::vector<std::string>, bool> accepted_words(const std::function<std::string(std::string_view, bool)>& set) {
  constexpr std::string_view kEvery = "every item ";
  for (const std::string_view wrong : {"?", "-1"}) {  // no word, and for a number out of range
    const std::string expected = set(wrong, false);
    std::string_view listed = expected;
    const bool is_list = listed.starts_with(kEvery);
    if (is_list) listed.remove_prefix(kEvery.size());
    std::vector<std::string> words;
    for (const std::string_view part : split(listed, ',')) {
      std::string_view rest = part.substr(std::min(part.find_first_not_of(' '), part.size()));
      for (std::size_t at = 0; (at = rest.find(" or ")) != rest.npos; rest.remove_prefix(at + 4)) words.emplace_back(rest.substr(0, at));
      words.emplace_back(rest);
    }
    const auto is_taken = [&](const std::string& word) {
      return !word.empty() && word.find(' ') == word.npos && set(word, false).empty();
    };
    if (!expected.empty() && std::all_of(words.begin(), words.end(), is_taken)) return {words, is_list};
  }
  return {};
}

// For a message.
std::string beginning(const Json& value) {
  const std::string text = value.text();
  return text.size() <= kMaxShownBytes ? text : Json(text.substr(0, kMaxShownBytes)).text() + "..";
}

// What a word asks to be printed in place of all else; nothing where it does not.
std::optional<std::string> text_of(std::string_view word, const ArgumentParser& parser, std::string_view program) {
  if (word == "--version") return version_text(tool_name(program));
  if (word == "--help" || word == "-h") return shown_lines(parser.help());
  if (word == "--help=man") return manual_page(parser.help_text(), build_date(), concat("PBGen ", kVersion));
  if (word == "--help=bash") return bash_completion(parser.help_text());
  if (word.starts_with("--help=")) fail(ErrorKind::usage, word, ": expected man (a manual page) or bash (its completion), or --help alone");
  return std::nullopt;
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
    : program_(std::move(program)), summary_(std::move(summary)), description_(std::move(description)), sections_{kFirstSection} {}

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
    const std::optional<std::string> text = text_of(word, *this, program_);
    if (!text.has_value()) continue;
    std::fwrite(text->data(), 1, text->size(), stdout);
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

HelpEntry ArgumentParser::help_entry(const Option& option) {
  HelpEntry entry;
  entry.name = option.name_;
  entry.short_name = option.short_name_;
  entry.metavar = option.metavar_;
  entry.meaning = option.help_;
  entry.required = option.required_;
  std::string value = option.default_text_.value_or("");
  if (!option.default_text_.has_value() && !option.metavar_.empty()) {
    const Json shown = option.show_();
    value = shown.is_null() ? "" : scalar_text(shown).value_or("");
  }
  if (!value.empty()) entry.meaning += concat(" (default: ", value, ")");
  const bool is_argument = !option.name_.starts_with('-');
  if (option.is_path_ || option.metavar_ == "FILE") entry.path = HelpEntry::Path::file;
  if (option.metavar_ == "DIR") entry.path = HelpEntry::Path::folder;
  if (is_argument || !option.metavar_.empty()) std::tie(entry.words, entry.is_list) = accepted_words(option.set_);
  entry.words.insert(entry.words.end(), option.suggested_.begin(), option.suggested_.end());
  return entry;
}

HelpText ArgumentParser::help_text() const {
  HelpText help;
  help.tool = tool_name(program_);
  help.called = called_tool(program_);
  help.summary = summary_;
  help.description = description_;
  for (const Option& option : positionals_) help.arguments.push_back(help_entry(option));
  for (std::size_t section = 0; section < sections_.size(); ++section) {
    HelpSection shown{sections_[section], {}};
    for (const Option& option : options_)
      if (option.section_ == section && !option.withdrawn_) shown.entries.push_back(help_entry(option));
    if (!shown.entries.empty()) help.sections.push_back(std::move(shown));
  }
  HelpEntry of_help;
  of_help.name = "--help";
  of_help.short_name = "-h";
  of_help.meaning = "this text; --help=man: as a manual page, --help=bash: what bash needs to complete all this";
  HelpEntry of_version;
  of_version.name = "--version";
  of_version.meaning = "version and commit, the kernels in force, the compiler";
  help.sections.push_back({"Help", {of_help, of_version}});
  for (const auto& [command, meaning] : examples_) {
    const bool names_tool = command.starts_with(kToolsFolder);
    const std::size_t end = std::min(command.find(' '), command.size());
    help.examples.emplace_back(
        names_tool ? called_tool(command.substr(kToolsFolder.size(), end - kToolsFolder.size())) + command.substr(end) : command, meaning);
  }
  return help;
}

}  // namespace pbgen
