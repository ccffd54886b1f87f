#include "tools/lib/html/model_page.h"

#include <filesystem>
#include <system_error>
#include <vector>

#include "core/base/check.h"
#include "core/files/file.h"
#include "tools/lib/cli/program.h"
#include "tools/lib/html/encode.h"

namespace pbgen {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kMaxPageBytes = 64 << 20;
constexpr std::string_view kBegin = "<!-- models -->\n";
constexpr std::string_view kEnd = "<!-- end of models -->\n";

}  // namespace

ModelPage ModelPage::find() {
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  const bool installed = program.filename().string().starts_with(kInstalledPrefix);
  // Seen from tools/NAME and from build/VARIANT/bin/NAME, or from where it is installed.
  std::vector<fs::path> folders{"../build/web", "../../web"};
  if (installed) folders = {"../share/pbgen/web"};
  for (const fs::path& folder : folders)
    if (const fs::path page = (program.parent_path() / folder / "index.html").lexically_normal(); fs::exists(page, error))
      return load(page.string());
  fail(ErrorKind::input_output, "--web: the page and its module are not built: run `make wasm`", installed ? " and `make install`" : "",
       " (what it needs, `make deps-wasm` installs)");
}

ModelPage ModelPage::load(const std::string& path) {
  const std::string text = read_text_file(path, kMaxPageBytes);
  const std::size_t begin = text.find(kBegin);
  const std::size_t end = text.find(kEnd);
  if (begin == std::string::npos || end == std::string::npos || end < begin)
    fail(ErrorKind::input_output, path, ": not the page that `make wasm` writes: remove it and run that again");
  ModelPage page;
  page.before_ = text.substr(0, begin + kBegin.size());
  page.behind_ = text.substr(end);
  return page;
}

void ModelPage::add(std::string_view name, std::span<const std::uint8_t> model) {
  models_ += concat(R"(<script type="application/pbgen" data-name=")", escape_markup(name), R"(">)", base64(model), "</script>\n");
}

}  // namespace pbgen
