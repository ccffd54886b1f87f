// The command lines of all tools: declared once; from the declaration come parsing, --help in its three forms (help_text.h), --config
// and the dump of a run's settings.
//
//   ArgumentParser parser("swd_eval", "the distance between two sets of images");
//   parser.positional("REAL", &real, "folder, cache or `synthetic`");
//   parser.section("Training");
//   parser.add("--batch", &batch, "N", "images a step", all_of(at_least(8), multiple_of(8))).in_config();
//   if (!parser.parse(argc, argv)) return 0;   // --help or --version was printed
//
// Flags are `--flag value` or `--flag=value`; the last of a repeated flag wins; `--` ends the flags.  A value never begins
// as a known flag does, so `--out --force` is a missing value.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/base/check.h"
#include "core/files/json.h"
#include "tools/lib/cli/help_text.h"

namespace pbgen {

// Text into a value, strictly (the whole text, finite, in the type's range).  Returns the empty text, or what was expected;
// then value is unchanged.  Lists are joined by commas, without spaces, and not empty.
std::string parse_value(std::string_view text, int& value);
std::string parse_value(std::string_view text, std::int64_t& value);
std::string parse_value(std::string_view text, std::uint64_t& value);
std::string parse_value(std::string_view text, double& value);
std::string parse_value(std::string_view text, std::string& value);
std::string parse_value(std::string_view text, std::vector<std::int64_t>& value);
std::string parse_value(std::string_view text, std::vector<double>& value);
std::string parse_value(std::string_view text, std::vector<std::string>& value);
std::string parse_value(std::string_view text, std::array<int, 4>& value);  // four numbers

// A value as parse_value reads it back.
std::string value_text(std::int64_t value);
std::string value_text(std::uint64_t value);
inline std::string value_text(int value) { return value_text(std::int64_t{value}); }
std::string value_text(double value);
inline std::string value_text(const std::string& value) { return value; }
template <class List>
std::string list_text(const List& list) {
  std::string text;
  for (const auto& item : list) {
    if (!text.empty()) text += ',';
    text += value_text(item);
  }
  return text;
}
template <class T>
std::string value_text(const std::vector<T>& list) {
  return list_text(list);
}
inline std::string value_text(const std::array<int, 4>& list) { return list_text(list); }

// A rule for a value: the empty text where it is kept, else what was expected ("a multiple of 8").
template <class T>
using Rule = std::function<std::string(const T&)>;

// A bound in the type of the value it is compared with.
template <class Value, class Number>
Value like(const Value&, Number bound) {
  return static_cast<Value>(bound);
}
template <class Number>
auto at_least(Number low) {
  return [low](const auto& value) { return value >= like(value, low) ? std::string() : concat("at least ", low); };
}
template <class Number>
auto more_than(Number low) {
  return [low](const auto& value) { return value > like(value, low) ? std::string() : concat("more than ", low); };
}
template <class Number>
auto in_range(Number low, Number high) {
  return [low, high](const auto& value) {
    return value >= like(value, low) && value <= like(value, high) ? std::string() : concat("from ", low, " to ", high);
  };
}
inline auto multiple_of(std::int64_t unit) {
  return [unit](const auto& value) { return value % unit == 0 ? std::string() : concat("a multiple of ", unit); };
}
Rule<std::string> one_of(std::vector<std::string> words);
// The first rule that is broken counts.
template <class First, class... More>
auto all_of(First first, More... more) {
  if constexpr (sizeof...(More) == 0) {
    return first;
  } else {
    return [first, rest = all_of(more...)](const auto& value) {
      const std::string broken = first(value);
      return broken.empty() ? rest(value) : broken;
    };
  }
}
// The rule for every item of a list.
template <class ItemRule>
auto each(ItemRule rule) {
  return [rule](const auto& list) {
    for (const auto& item : list)
      if (const std::string broken = rule(item); !broken.empty()) return concat("every item ", broken);
    return std::string();
  };
}

class ArgumentParser {
 private:
  template <class T>
  struct Unwrapped {
    using type = T;
  };
  template <class T>
  struct Unwrapped<std::optional<T>> {
    using type = T;
  };

 public:
  // One declared flag or positional argument.
  class Option {
   public:
    // Part of config(): what a run depends on.
    Option& in_config() { return in_config_ = true, *this; }
    // Instead of the variable's value, what the help shows as the default.  Empty: nothing.
    Option& default_text(std::string text) { return default_text_ = std::move(text), *this; }
    // A second name on the command line: "-o".
    Option& short_name(std::string name) { return short_name_ = std::move(name), *this; }
    // What completion offers for the value beside what it finds: of a value that is not one of a few words.
    Option& suggest(std::vector<std::string> words) { return suggested_ = std::move(words), *this; }
    // The value may be the path of a file.  A flag whose value is called FILE or DIR takes a path without being told.
    Option& path() { return is_path_ = true, *this; }
    // Not for this tool, which shares its flags with another: the help leaves it out; where it is given it is refused with this reason.
    Option& withdraw(std::string reason) { return withdrawn_ = std::move(reason), *this; }

   private:
    friend class ArgumentParser;
    std::string name_;     // with its dashes; a positional argument's has none
    std::string short_name_;
    std::string metavar_;  // empty: a bare flag
    std::string help_;
    std::size_t section_ = 0;
    bool in_config_ = false;
    bool required_ = false;  // of positional arguments
    bool given_ = false;
    bool on_command_line_ = false;
    bool is_path_ = false;
    std::string text_;  // on the command line
    std::vector<std::string> suggested_;
    std::optional<std::string> default_text_;
    std::optional<std::string> withdrawn_;
    std::function<std::string(std::string_view text, bool store)> set_;  // returns what was expected; stores only where it says so
    std::function<Json()> show_;
  };

  // summary: one line, without a full stop.  description: further paragraphs of the help.
  ArgumentParser(std::string program, std::string summary, std::string description = "");
  ArgumentParser(const ArgumentParser&) = delete;
  ArgumentParser& operator=(const ArgumentParser&) = delete;

  // The heading over the flags declared next; without any, "Flags".
  void section(std::string title);
  // A command line with a line that says what it does, for the end of the help; "./tools/NAME" is shown as called_tool("NAME").
  void example(std::string command, std::string meaning);

  // A bare flag: sets the variable to `value`.  A --no-x is a flag of its own: add("--no-shuffle", &shuffle, "...", false).
  Option& add(std::string name, bool* target, std::string help, bool value = true);

  // A flag with a value; T is a type of parse_value or std::optional of one.  The variable's present value is the
  // default and must outlive the parser.
  template <class T>
  Option& add(std::string name, T* target, std::string metavar, std::string help,
              std::type_identity_t<Rule<typename Unwrapped<T>::type>> rule = {}) {
    Option& option = declare(std::move(name), std::move(metavar), std::move(help));
    bind(option, target, std::move(rule));
    return option;
  }

  // Arguments without a flag, filled in the order of declaration, the required ones first.
  template <class T>
  Option& positional(std::string name, T* target, std::string help, std::type_identity_t<Rule<typename Unwrapped<T>::type>> rule = {}) {
    Option& option = declare_positional(std::move(name), std::move(help), true);
    bind(option, target, std::move(rule));
    return option;
  }
  template <class T>
  Option& optional_positional(std::string name, T* target, std::string help,
                              std::type_identity_t<Rule<typename Unwrapped<T>::type>> rule = {}) {
    Option& option = declare_positional(std::move(name), std::move(help), false);
    bind(option, target, std::move(rule));
    return option;
  }

  // Adds `--config FILE`: parse() then applies that JSON file.
  void add_config_flag();

  // Fills the variables.  False where --help, -h, --help=man, --help=bash or --version was given: the text went to stdout and the tool is
  // to return 0.
  // Error(usage) with the flag, the value and the rule it broke; an unknown flag comes with the nearest known one.
  [[nodiscard]] bool parse(int argc, const char* const* argv);

  // Fills what the command line left open from an object whose keys are flag names without the leading dashes, hyphens
  // or underscores inside; values are booleans for bare flags, else numbers, strings, or arrays of them for lists; null
  // leaves a variable as it is.  Every value is checked, even where the command line wins.  Error(usage) names `source` and key.
  // Values have at most 4096 bytes, as a command line would say them, none of them 0, as there.
  // There is no version: a key that this build does not know is refused by name, and what is missing has its default.
  void apply_config(const Json& object, std::string_view source);

  // A flag that was declared before, by somebody else.
  Option& option(std::string_view name);

  // The flags on the command line, in the order of declaration, but those named: arguments that say the same to another tool
  // that declares them.
  std::vector<std::string> arguments_but(const std::vector<std::string>& names) const;

  // Whether the user gave that flag, on the command line or in the config file.
  bool given(std::string_view name) const;
  bool given_on_command_line(std::string_view name) const;

  // What is in_config(), in the order of declaration, as apply_config takes it; underscores in the keys, null for empty optionals.
  Json config() const;

  HelpText help_text() const;
  std::string help() const { return plain_help(help_text()); }

 private:
  Option& declare(std::string name, std::string metavar, std::string help);
  Option& declare_positional(std::string name, std::string help, bool required);
  const Option& named(std::string_view name) const;
  Option* find(std::string_view name);
  void set(Option& option, std::string_view text);
  static HelpEntry help_entry(const Option& option);
  void apply_member(Option& option, const Json& value, const std::string& where);
  [[noreturn]] void refuse_unknown(std::string_view name) const;
  std::string nearest(std::string_view name) const;

  template <class T>
  static Json show(const T& value) {
    if constexpr (std::is_arithmetic_v<T>) {
      // Json's integers have a sign; a seed beyond them goes as text.
      if constexpr (std::is_same_v<T, std::uint64_t>)
        if (!std::in_range<std::int64_t>(value)) return Json(value_text(value));
      return Json(value);
    } else {
      return Json(value_text(value));
    }
  }

  template <class T>
  static void bind(Option& option, T* target, Rule<typename Unwrapped<T>::type> rule) {
    using Value = typename Unwrapped<T>::type;
    option.set_ = [target, rule = std::move(rule)](std::string_view text, bool store) {
      Value value{};
      std::string expected = parse_value(text, value);
      if (expected.empty() && rule) expected = rule(value);
      if (expected.empty() && store) *target = std::move(value);
      return expected;
    };
    option.show_ = [target] {
      if constexpr (std::is_same_v<T, Value>) return show(*target);
      else return target->has_value() ? show(**target) : Json();
    };
  }

  std::string program_;
  std::string summary_;
  std::string description_;
  std::vector<std::string> sections_;
  std::vector<std::pair<std::string, std::string>> examples_;
  std::deque<Option> options_;  // stays in place: add() returns references
  std::deque<Option> positionals_;
  std::optional<std::string> config_path_;
};

}  // namespace pbgen
