#include "tools/lib/cli/text.h"

#include <algorithm>

#include "tools/lib/cli/shown.h"

namespace pbgen {
namespace {

// What no terminal should get raw is written byte by byte, in octal digits, which are three and so end by themselves.
std::string escaped_shell_word(std::string_view word) {
  std::string quoted = "$'";
  for (const char c : word) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\'' || c == '\\') {
      quoted.append(1, '\\').append(1, c);
    } else if (byte < 0x20 || byte >= 0x7f) {
      quoted += '\\';
      for (const int shift : {6, 3, 0}) quoted += static_cast<char>('0' + (byte >> shift & 7));
    } else {
      quoted.append(1, c);
    }
  }
  return quoted + "'";
}

std::string shell_word(std::string_view word) {
  if (!is_showable(word)) return escaped_shell_word(word);
  constexpr std::string_view kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./,:=+@%";
  if (!word.empty() && word.find_first_not_of(kPlain) == std::string_view::npos) return std::string(word);
  std::string quoted = "'";
  for (const char c : word) c == '\'' ? quoted.append("'\\''") : quoted.append(1, c);
  return quoted + "'";
}

}  // namespace

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == text.npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> cost(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) {
    for (std::size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        cost[i][j] = i + j;
        continue;
      }
      cost[i][j] = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, cost[i - 1][j - 1] + (a[i - 1] != b[j - 1])});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
    }
  }
  return cost[a.size()][b.size()];
}

std::string nearest_word(std::string_view word, const std::vector<std::string_view>& known, std::size_t shortest_beginning) {
  constexpr std::size_t kLongestGuess = 64;  // bytes; longer words are no slips of the pen
  if (word.size() > kLongestGuess) return "";
  std::string_view best;
  std::size_t best_distance = std::min<std::size_t>(3, word.size() / 3) + 1;
  for (const std::string_view candidate : known) {
    if (word.size() >= shortest_beginning && candidate.starts_with(word)) return std::string(candidate);
    const std::size_t distance = edit_distance(word, candidate);
    if (distance >= best_distance) continue;
    best_distance = distance;
    best = candidate;
  }
  return std::string(best);
}

std::string wrapped(std::string_view text, std::size_t indent, std::size_t width) {
  std::string out;
  for (const std::string_view paragraph : split(text, '\n')) {
    std::size_t column = 0;
    for (const std::string_view word : split(paragraph, ' ')) {
      if (word.empty()) continue;
      if (column > 0 && column + 1 + word.size() > width) {
        out.push_back('\n');
        column = 0;
      }
      const std::size_t space = column == 0 ? indent : 1;
      out.append(space, ' ');
      out += word;
      column += space + word.size();
    }
    out.push_back('\n');
  }
  return out;
}

std::string shell_command(std::string_view program, const std::vector<std::string>& arguments) {
  std::string command = shell_word(program);
  for (const std::string& argument : arguments) command.append(" ").append(shell_word(argument));
  return command;
}

std::string shell_command(int argc, const char* const* argv) { return shell_command(argv[0], {argv + 1, argv + argc}); }

}  // namespace pbgen
