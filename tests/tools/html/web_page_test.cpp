// The page of tools/web and its module, as tests/web/run.py tries them in node and Chromium; there is much that a machine may lack.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <string>

#include "tests/support/image_files.h"
#include "tests/support/tool_run.h"

namespace pbgen {
namespace {

bool runs_program(const std::string& name, const std::string& folder) {
  return run_tool_at("/usr/bin/env", {"which", name}, folder).exit_code == 0;
}

TEST(WebPage, DrawsTheLibrarysBytesInChromium) {
  const TestFolder folder;
  const auto tool = tool_path("export");
  if (!tool) GTEST_SKIP() << "PBGEN_TOOLS names no folder that holds export; `make test` sets it";
  const std::filesystem::path bin = std::filesystem::path(*tool).parent_path();
  const std::string variant = bin.parent_path().filename().string();
  if (!variant.starts_with("release")) GTEST_SKIP() << "the page is tried with the library of the release alone";
  for (const char* const program : {"python3", "node"})
    if (!runs_program(program, folder.path())) GTEST_SKIP() << "there is no " << program << ": run `make deps-web`";
  const char* const browsers[] = {"chromium", "chromium-browser", "google-chrome"};  // those of tests/web/browser.py
  if (std::none_of(std::begin(browsers), std::end(browsers), [&](const char* name) { return runs_program(name, folder.path()); }))
    GTEST_SKIP() << "there is no chromium: run `make deps-web`";
  const std::string web = (bin / "../../web").lexically_normal().string();
  if (!std::filesystem::exists(web + "/index.html")) GTEST_SKIP() << "the page is not built: run `make wasm`";
  const Arguments script = {"python3", "-B", "tests/web/run.py", "--bin", bin.string(), "--web", web};
  const ToolRun result = run_tool_at("/usr/bin/env", script, folder.path());
  EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
}

}  // namespace
}  // namespace pbgen
