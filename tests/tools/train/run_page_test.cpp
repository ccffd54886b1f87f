// The report: self-contained, escaped, complete; sections without data are left out.
#include "tools/lib/train/run_page.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "tests/support/contains.h"
#include "tools/lib/html/encode.h"

namespace pbgen {
namespace {

// Every text holds markup that must not survive.
RunReport full_report() {
  const std::vector<std::uint8_t> png = {0x89, 'P', 'N', 'G', 1, 2, 3};
  RunReport report;
  report.title = "title<i>";
  report.verdict = "verdict<i>";
  report.facts = {{"fact<i>", "fact value<i>"}};
  report.warnings = {"warning<i>"};
  report.command = "./tools/train_gan --out 'a<i>'";
  report.repeating_command = "cd /here && ./tools/train_gan --config 'a<i>/config.json'";
  report.config = {{"option<i>", "option value<i>"}};
  report.swd_table = {{"level<i>", "swd"}, {{"64<i>", "0.044"}}};
  report.swd_iteration = {0, 500, 1000};
  report.swd = {0.9, 0.2, 0.1};
  report.swd_noise_floor = 0.01;
  report.swd_untrained = 0.9;
  report.loss = "dcgan";
  for (int i = 0; i < 200; ++i) {
    report.iteration.push_back(i * 10);
    report.loss_d.push_back(1.2 + 0.1 * (i % 3));
    report.loss_g.push_back(0.8 + 0.1 * (i % 5));
    report.d_real.push_back(0.6);
    report.d_fake.push_back(0.4);
  }
  report.grids = {{"iteration 0<i>", png}, {"iteration 1000<i>", png}};
  report.neighbours = {{{"sample<i>", png}, {{"distance 0.1<i>", png}}}};
  report.neighbours_note = "note<i>";
  report.layers = {{"network<i>", {{"layer<i>", "redundancy"}, {{"deconv1<i>", "496"}, {"deconv4<i>", "-960"}}}}};
  report.remarks = {"remark<i>"};
  return report;
}

TEST(Report, ShowsEverythingEscaped) {
  const std::string html = render_report(full_report());
  for (const char* text : {"title", "verdict", "fact", "fact value", "warning", "option", "option value", "level", "64", "iteration 0",
                           "iteration 1000", "sample", "distance 0.1", "note", "network", "layer", "deconv1", "deconv4", "remark"}) {
    EXPECT_TRUE(contains(html, std::string(text) + "&lt;i&gt;")) << text;
  }
  EXPECT_FALSE(contains(html, "<i>"));
  EXPECT_TRUE(contains(html, "./tools/train_gan --out &#39;a&lt;i&gt;&#39;"));
  EXPECT_TRUE(contains(html, "repeats the whole run, in a new folder:</p>\n<pre>cd /here &amp;&amp; ./tools/train_gan --config"));
  for (const char* title : {"SWD over time", "Losses", "D(real) and D(fake)", "noise floor", "untrained"})
    EXPECT_TRUE(contains(html, title)) << title;
}

TEST(Report, NeedsNothingFromOutside) {
  const std::string html = render_report(full_report());
  EXPECT_TRUE(html.starts_with("<!doctype html>") && html.ends_with("</html>\n"));
  for (const char* forbidden : {"<script", "<link", "href=", "url(", "@import", "src=\"http"})
    EXPECT_FALSE(contains(html, forbidden)) << forbidden;
  const std::vector<std::uint8_t> png = full_report().grids[0].png;
  std::size_t pictures = 0;
  for (std::size_t at = html.find("<img "); at != std::string::npos; at = html.find("<img ", at + 1), ++pictures) {
    EXPECT_TRUE(contains(html.substr(at, 200), "src=\"data:image/png;base64," + base64(png) + "\""));
  }
  EXPECT_EQ(pictures, 4u);
}

TEST(Report, APhoneGetsChartsOfItsOwn) {
  const std::string html = render_report(full_report());
  std::size_t wide = 0;
  std::size_t narrow = 0;
  for (std::size_t at = html.find("<svg "); at != std::string::npos; at = html.find("<svg ", at + 1))
    ++(contains(html.substr(at, 200), "width=\"350.0\"") ? narrow : wide);
  EXPECT_EQ(wide, 3u);
  EXPECT_EQ(narrow, 3u);
}

TEST(Report, NegativeRedundanciesStandOut) {
  const std::string html = render_report(full_report());
  EXPECT_TRUE(contains(html, "<td class=\"number negative\">-960</td>"));
  EXPECT_TRUE(contains(html, "<td class=\"number\">496</td>"));
}

TEST(Report, CaptionsExplainTheLossThatWasUsed) {
  RunReport report = full_report();
  EXPECT_TRUE(contains(render_report(report), "1.386"));
  report.loss = "lsgan";
  const std::string html = render_report(report);
  EXPECT_FALSE(contains(html, "1.386"));
  EXPECT_TRUE(contains(html, "least squares"));

  // A critic's losses are negative, and nothing is undecided at 0.5.
  report.loss = "wgan";
  for (double& loss : report.loss_d) loss = -loss;
  const std::string critic = render_report(report);
  EXPECT_TRUE(contains(critic, "Wasserstein distance of the two"));
  EXPECT_TRUE(contains(critic, "critic&#39;s output"));
  EXPECT_FALSE(contains(critic, "undecided"));
  EXPECT_TRUE(contains(html, "undecided"));
}

TEST(Report, SectionsWithoutDataAreLeftOut) {
  RunReport report;
  report.title = "nothing yet";
  const std::string html = render_report(report);
  EXPECT_TRUE(contains(html, "<h1>nothing yet</h1>"));
  EXPECT_FALSE(contains(html, "<h2>"));
  EXPECT_FALSE(contains(html, "<svg"));
}

TEST(Report, ColumnsOfDifferentLengthAreRefused) {
  RunReport report = full_report();
  report.d_fake.pop_back();
  EXPECT_THROW(render_report(report), std::logic_error);
}

TEST(EvenlySpread, KeepsFirstAndLast) {
  EXPECT_EQ(evenly_spread(0, 3), (std::vector<std::size_t>{}));
  EXPECT_EQ(evenly_spread(1, 3), (std::vector<std::size_t>{0}));
  EXPECT_EQ(evenly_spread(3, 3), (std::vector<std::size_t>{0, 1, 2}));
  EXPECT_EQ(evenly_spread(101, 5), (std::vector<std::size_t>{0, 25, 50, 75, 100}));
  EXPECT_EQ(evenly_spread(10, 2), (std::vector<std::size_t>{0, 9}));
}

}  // namespace
}  // namespace pbgen
