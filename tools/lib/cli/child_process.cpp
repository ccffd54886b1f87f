#include "tools/lib/cli/child_process.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <thread>

#include "core/base/check.h"
#include "core/files/file.h"
#include "core/files/file_lock.h"
#include "tools/lib/cli/program.h"
#include "tools/lib/cli/signals.h"

namespace pbgen {
namespace {

namespace fs = std::filesystem;

constexpr int kAttempts = 4;
constexpr std::chrono::milliseconds kAttemptPause(50);

// "process 123", whose stdout the file is; "" where none is found.
std::string writer_of(const std::string& path) {
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator("/proc", error)) {
    const std::string name = entry.path().filename().string();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    // For other users' processes this is an error, and the answer is no.
    if (fs::equivalent(entry.path() / "fd" / "1", path, error) && !error) return "process " + name;
  }
  return "";
}

// What posix_spawn takes beside the program and its arguments.
class SpawnSetup {
 public:
  explicit SpawnSetup(int output) {
    posix_spawn_file_actions_init(&actions_);
    posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions_, output, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions_, output, STDERR_FILENO);
    posix_spawnattr_init(&attributes_);
    posix_spawnattr_setpgroup(&attributes_, 0);
    const sigset_t defaults = signals_of_our_own();
    posix_spawnattr_setsigdefault(&attributes_, &defaults);
    sigset_t none;
    sigemptyset(&none);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  }
  ~SpawnSetup() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }
  SpawnSetup(const SpawnSetup&) = delete;
  SpawnSetup& operator=(const SpawnSetup&) = delete;

  const posix_spawn_file_actions_t* actions() const { return &actions_; }
  const posix_spawnattr_t* attributes() const { return &attributes_; }

 private:
  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
};

std::vector<std::string> environment_with(const std::vector<std::string>& additions) {
  std::vector<std::string> all;
  for (char** entry = environ; *entry != nullptr; ++entry) all.emplace_back(*entry);
  for (const std::string& addition : additions)
    if (std::getenv(addition.substr(0, addition.find('=')).c_str()) == nullptr) all.push_back(addition);
  return all;
}

// As exec takes them; the texts outlive the pointers.
std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (std::string& text : texts) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

}  // namespace

// It is closed in every other child, which would hold the lock as well.
LockedOutput::LockedOutput(const std::string& path) {
  if (std::optional<LockedOutput> free = unless_taken(path)) {
    file_ = std::move(free->file_);
    return;
  }
  const std::string writer = writer_of(path);
  fail(ErrorKind::usage, path, ": another process is at this job already", writer.empty() ? "" : concat(" (", writer, ")"),
       "; wait for it, or end it, and start again");
}

std::optional<LockedOutput> LockedOutput::unless_taken(const std::string& path) {
  Descriptor file = open_to_append(path);
  // is_taken holds it, too, for a moment.
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    if (try_lock(file.get(), path)) return LockedOutput(std::move(file));
    std::this_thread::sleep_for(kAttemptPause);
  }
  return std::nullopt;
}

bool LockedOutput::is_taken(const std::string& path) {
  std::error_code error;
  return fs::is_regular_file(path, error) && !try_lock(open_to_append(path).get(), path);
}

std::int64_t LockedOutput::size() const {
  struct stat status = {};
  return ::fstat(file_.get(), &status) == 0 ? status.st_size : 0;
}

ChildProcess::ChildProcess(const std::string& program, const std::vector<std::string>& arguments,
                           const std::vector<std::string>& environment, const LockedOutput& output) {
  const SpawnSetup setup(output.descriptor());
  std::vector<std::string> words = {program};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<std::string> variables = environment_with(environment);
  const int error =
      ::posix_spawn(&pid_, program.c_str(), setup.actions(), setup.attributes(), pointers(words).data(), pointers(variables).data());
  if (error == ENOENT) fail(ErrorKind::input_output, program, ": is missing; build it with `make`");
  if (error != 0) fail(ErrorKind::input_output, program, ": cannot be started: ", std::strerror(error));
}

std::optional<ChildEnd> ChildProcess::poll() const {
  int status = 0;
  const pid_t changed = ::waitpid(pid_, &status, WNOHANG);
  if (changed == 0 || (changed < 0 && errno == EINTR)) return std::nullopt;
  ChildEnd end;
  if (changed == pid_ && WIFEXITED(status)) end.exit_code = WEXITSTATUS(status);
  if (changed == pid_ && WIFSIGNALED(status)) end.signal = WTERMSIG(status);
  return end;
}

void ChildProcess::send(int signal) const { ::kill(pid_, signal); }

std::string sibling_tool(const std::string& name) {
  std::error_code error;
  const fs::path self = fs::read_symlink("/proc/self/exe", error);
  return error ? concat("./tools/", name) : (self.parent_path() / name_beside(self.filename().string(), name)).string();
}

}  // namespace pbgen
