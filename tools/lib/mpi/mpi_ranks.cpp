// MPI's C functions alone: its C++ classes are of another library.
#define OMPI_SKIP_MPICXX 1
#define MPICH_SKIP_MPICXX 1
#include <fcntl.h>
#include <mpi.h>
#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <climits>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "core/base/check.h"
#include "core/base/thread.h"
#include "tools/lib/mpi/joined_ranks.h"

namespace pbgen {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kMessageTag = 1;
constexpr int kQuestionTag = 2;  // whether a rank is there
constexpr int kAnswerTag = 3;
constexpr double kAnswerSeconds = 5.0;  // at most half of the patience
constexpr auto kListening = std::chrono::milliseconds(50);  // between two looks for questions

double seconds_since(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

// What launchers set for the processes that they start together.
bool was_launched() {
  constexpr std::array kVariables{"OMPI_COMM_WORLD_SIZE", "PMIX_RANK", "PMI_SIZE"};
  return std::any_of(kVariables.begin(), kVariables.end(), [](const char* name) { return std::getenv(name) != nullptr; });
}

int int_of(std::int64_t bytes) {
  if (bytes > INT_MAX)
    fail(ErrorKind::usage, "ranks would send one another ", bytes, " bytes at once, at most ", INT_MAX,
         " go; take a narrower network, or one "
         "process");
  return static_cast<int>(bytes);
}

void require(int code, const char* what) {
  if (code == MPI_SUCCESS) return;
  std::array<char, MPI_MAX_ERROR_STRING + 1> text{};
  int length = 0;
  MPI_Error_string(code, text.data(), &length);
  fail(ErrorKind::input_output, "MPI: ", what, ": ", text.data(), "; another rank or the network has failed");
}

// Answers, from a thread of its own, that this process is there: whoever computes, samples or decodes for minutes is not taken for dead,
// and whoever is stopped or cut off does not answer.
class Presence {
 public:
  explicit Presence(MPI_Comm questions) : questions_(questions) {
    thread_ = start_thread("the thread that answers other ranks", [this] { answer(); });
  }
  ~Presence() {
    stop_ = true;
    thread_.join();
  }
  Presence(const Presence&) = delete;
  Presence& operator=(const Presence&) = delete;

 private:
  void answer() {
    for (; !stop_; std::this_thread::sleep_for(kListening)) {
      int asked = 0;
      MPI_Status status;
      while (MPI_Iprobe(MPI_ANY_SOURCE, kQuestionTag, questions_, &asked, &status) == MPI_SUCCESS && asked) {
        char byte = 0;
        MPI_Recv(&byte, 1, MPI_BYTE, status.MPI_SOURCE, kQuestionTag, questions_, MPI_STATUS_IGNORE);
        MPI_Request sent = MPI_REQUEST_NULL;
        if (MPI_Isend(&kHere, 1, MPI_BYTE, status.MPI_SOURCE, kAnswerTag, questions_, &sent) == MPI_SUCCESS) MPI_Request_free(&sent);
      }
    }
  }

  static constexpr char kHere = 1;
  MPI_Comm questions_;
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

// Ends the launcher that started this process, mpirun or its daemon, should it still be there some seconds after a rank was lost: it would
// wait for its daemon behind a cut link until TCP gives up, a quarter of an hour.  Two interrupts are its own way to be ended at once.
void end_launcher_soon() {
  const pid_t launcher = ::getppid();
  std::array<char, 64> path{};
  std::snprintf(path.data(), path.size(), "/proc/%ld/comm", static_cast<long>(launcher));
  if (::fork() != 0) return;
  // In a copy of a process of several threads, of which this one alone goes on: nothing that takes a lock.
  ::setsid();
  ::close_range(0, ~0u, 0);  // its output would be waited for
  constexpr unsigned kSeconds = 5;
  for (const int signal : {SIGINT, SIGINT, SIGKILL}) {
    ::sleep(signal == SIGKILL ? 1 : kSeconds);
    std::array<char, 16> name{};
    const int file = ::open(path.data(), O_RDONLY | O_CLOEXEC);
    const ssize_t length = file < 0 ? 0 : ::read(file, name.data(), name.size());
    if (file >= 0) ::close(file);
    const std::string_view called(name.data(), static_cast<std::size_t>(std::max<ssize_t>(length, 0)));
    constexpr std::array<std::string_view, 5> kLaunchers{"mpirun\n", "orterun\n", "orted\n", "prterun\n", "prted\n"};
    if (std::find(kLaunchers.begin(), kLaunchers.end(), called) == kLaunchers.end())
      break;  // it has ended, and its number may be another's
    ::kill(launcher, signal);
  }
  ::_exit(0);
}

class MpiRanks final : public Ranks {
 public:
  MpiRanks() {
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    require(MPI_Comm_dup(MPI_COMM_WORLD, &gathers_), "a communicator");  // keeps what it inherits
    require(MPI_Comm_dup(MPI_COMM_WORLD, &messages_), "a communicator");
    require(MPI_Comm_dup(MPI_COMM_WORLD, &questions_), "a communicator");
    MPI_Comm_rank(MPI_COMM_WORLD, &rank_);
    MPI_Comm_size(MPI_COMM_WORLD, &count_);
    presence_ = std::make_unique<Presence>(questions_);
  }

  int rank() const override { return rank_; }
  int count() const override { return count_; }

  void all_gather(std::span<const std::byte> mine, std::span<const std::int64_t> bytes, std::span<std::byte> all) override {
    lay_out(bytes);
    MPI_Request request = MPI_REQUEST_NULL;
    require(MPI_Iallgatherv(mine.data(), int_of(std::ssize(mine)), MPI_BYTE, all.data(), counts_.data(), offsets_.data(), MPI_BYTE,
                            gathers_, &request),
            "gathering");
    wait({&request, 1});
    sent_ += std::ssize(mine) * (count_ - 1);
  }

  void gather(std::span<const std::byte> mine, std::span<const std::int64_t> bytes, std::span<std::byte> all) override {
    lay_out(bytes);
    MPI_Request request = MPI_REQUEST_NULL;
    require(MPI_Igatherv(mine.data(), int_of(std::ssize(mine)), MPI_BYTE, all.data(), counts_.data(), offsets_.data(), MPI_BYTE, 0,
                         gathers_, &request),
            "gathering");
    wait({&request, 1});
    if (rank_ != 0) sent_ += std::ssize(mine);
  }

  void broadcast(std::span<std::byte> values) override {
    constexpr std::size_t kPiece = std::size_t{1} << 28;
    for (std::size_t at = 0; at < values.size(); at += kPiece) {
      const std::span<std::byte> piece = values.subspan(at, std::min(kPiece, values.size() - at));
      MPI_Request request = MPI_REQUEST_NULL;
      require(MPI_Ibcast(piece.data(), int_of(std::ssize(piece)), MPI_BYTE, 0, gathers_, &request), "sending to all");
      wait({&request, 1});
    }
    if (rank_ == 0) sent_ += std::ssize(values) * (count_ - 1);
  }

  void begin_exchange(std::span<const std::span<const std::byte>> outgoing, std::span<const std::span<std::byte>> incoming) override {
    for (int r = 0; r < count_; ++r) {
      if (r == rank_) continue;
      const std::span<std::byte> in = incoming[static_cast<std::size_t>(r)];
      require(MPI_Irecv(in.data(), int_of(std::ssize(in)), MPI_BYTE, r, kMessageTag, messages_, &underway_.emplace_back()), "receiving");
    }
    for (int r = 0; r < count_; ++r) {
      if (r == rank_) continue;
      const std::span<const std::byte> out = outgoing[static_cast<std::size_t>(r)];
      require(MPI_Isend(out.data(), int_of(std::ssize(out)), MPI_BYTE, r, kMessageTag, messages_, &underway_.emplace_back()), "sending");
      sent_ += std::ssize(out);
    }
    progress();
  }

  void progress() override {
    if (underway_.empty()) return;
    int done = 0;
    require(MPI_Testall(int_of(std::ssize(underway_)), underway_.data(), &done, MPI_STATUSES_IGNORE), "exchanging");
    if (done) underway_.clear();
  }

  void finish() override {
    wait(underway_);
    underway_.clear();
  }

  void meet() override {
    MPI_Request request = MPI_REQUEST_NULL;
    require(MPI_Ibarrier(gathers_, &request), "meeting");
    wait({&request, 1});
  }

  void give_up(int exit_code) override { MPI_Abort(MPI_COMM_WORLD, exit_code); }

  std::int64_t bytes_sent() const override { return sent_; }

  void set_patience(double seconds) { patience_ = seconds; }
  // Whether a rank did not answer.
  bool lost() const { return !answers_.empty(); }

 private:
  void lay_out(std::span<const std::int64_t> bytes) {
    counts_.clear();
    offsets_.clear();
    std::int64_t offset = 0;
    for (const std::int64_t n : bytes) {
      counts_.push_back(int_of(n));
      offsets_.push_back(int_of(offset));
      offset += n;
    }
  }

  // Whether all were done in so many seconds.  Not by MPI_Wait, which neither ends nor lets another rank of a crowded machine compute.
  bool done_within(std::span<MPI_Request> requests, double seconds) {
    const Clock::time_point begin = Clock::now();
    int done = 0;
    for (int tries = 0;; ++tries) {
      require(MPI_Testall(int_of(std::ssize(requests)), requests.data(), &done, MPI_STATUSES_IGNORE), "waiting");
      if (done) return true;
      constexpr int kTriesBeforeYielding = 200;
      if (tries < kTriesBeforeYielding) continue;
      if (seconds_since(begin) > seconds) return false;
      ::sched_yield();
    }
  }

  double answer_seconds() const { return std::min(kAnswerSeconds, patience_ / 2.0); }

  // For as long as all the others say that they are there.
  void wait(std::span<MPI_Request> requests) {
    const Clock::time_point begin = Clock::now();
    while (!done_within(requests, patience_ - answer_seconds())) {
      const std::string silent = silent_ranks();
      if (silent.empty()) continue;
      presence_.reset();  // nothing moves on any more what waits for memory that goes
      fail(ErrorKind::input_output, silent, " for ", std::lround(seconds_since(begin)), " s (--mpi-timeout ", patience_,
           "). The last checkpoint stands: go on with --resume, on as many ranks as divide --shards");
    }
  }

  // Who does not say that it is there: "rank 2 has not answered"; "" where all do.
  std::string silent_ranks() {
    static constexpr char kQuestion = 1;
    std::vector<char> answers(static_cast<std::size_t>(count_));
    std::vector<MPI_Request> receiving(static_cast<std::size_t>(count_), MPI_REQUEST_NULL);
    for (int r = 0; r < count_; ++r) {
      const auto i = static_cast<std::size_t>(r);
      if (r == rank_) continue;
      MPI_Request asking = MPI_REQUEST_NULL;
      require(MPI_Irecv(&answers[i], 1, MPI_BYTE, r, kAnswerTag, questions_, &receiving[i]), "asking");
      require(MPI_Isend(&kQuestion, 1, MPI_BYTE, r, kQuestionTag, questions_, &asking), "asking");
      MPI_Request_free(&asking);
    }
    if (done_within(receiving, answer_seconds())) return "";
    std::string silent;
    int missing = 0;
    for (int r = 0; r < count_; ++r)
      if (receiving[static_cast<std::size_t>(r)] != MPI_REQUEST_NULL) silent += concat(missing++ == 0 ? "" : ", ", r);
    answers_.push_back(std::move(answers));  // an answer may still come, while the process ends
    return missing == 1 ? concat("rank ", silent, " has not answered") : concat("ranks ", silent, " have not answered");
  }

  MPI_Comm gathers_ = MPI_COMM_NULL;
  MPI_Comm messages_ = MPI_COMM_NULL;
  MPI_Comm questions_ = MPI_COMM_NULL;
  int rank_ = 0;
  int count_ = 1;
  double patience_ = 60.0;
  std::vector<int> counts_;
  std::vector<int> offsets_;
  std::vector<MPI_Request> underway_;
  std::vector<std::vector<char>> answers_;
  std::int64_t sent_ = 0;
  std::unique_ptr<Presence> presence_;
};

// What ranks but the first print, kept until it is known whether somebody is to see it.
class HeldOutput {
 public:
  HeldOutput() : terminal_(::dup(STDERR_FILENO)), held_(::memfd_create("held output", MFD_CLOEXEC)) {
    const int nowhere = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (terminal_ < 0 || held_ < 0 || nowhere < 0) return;
    std::fflush(stdout);
    ::dup2(nowhere, STDOUT_FILENO);
    ::dup2(held_, STDERR_FILENO);
    ::close(nowhere);
  }
  HeldOutput(const HeldOutput&) = delete;
  HeldOutput& operator=(const HeldOutput&) = delete;

  void show_last_line(int rank) {
    std::fflush(stderr);
    constexpr off_t kMost = 4096;
    const off_t size = ::lseek(held_, 0, SEEK_END);
    std::string text(static_cast<std::size_t>(std::clamp<off_t>(size, 0, kMost)), '\0');
    if (::pread(held_, text.data(), text.size(), size - static_cast<off_t>(text.size())) < 0) return;
    while (text.ends_with('\n')) text.pop_back();
    const std::string line = concat("rank ", rank, ": ", text.substr(text.rfind('\n') + 1), "\n");
    static_cast<void>(!::write(terminal_, line.data(), line.size()));
  }

 private:
  int terminal_;
  int held_;
};

}  // namespace

class JoinedRanks::Process {
 public:
  Process() : output_(ranks.rank() == 0 ? nullptr : std::make_unique<HeldOutput>()) {}

  MpiRanks ranks;
  void show_last_line() {
    if (output_) output_->show_last_line(ranks.rank());
  }

 private:
  std::unique_ptr<HeldOutput> output_;
};

JoinedRanks::JoinedRanks() {
  if (!was_launched()) return;
  int granted = 0;
  require(MPI_Init_thread(nullptr, nullptr, MPI_THREAD_MULTIPLE, &granted), "starting");
  if (granted < MPI_THREAD_MULTIPLE)
    fail(ErrorKind::usage, "this MPI lets one thread of a process speak, and a rank answers from a second one; take Open MPI 4 or newer");
  process_ = std::make_unique<Process>();
}

JoinedRanks::~JoinedRanks() {
  if (!process_) return;
  process_.reset();  // before MPI ends for its thread
  MPI_Finalize();
}

Ranks& JoinedRanks::ranks() { return process_ ? static_cast<Ranks&>(process_->ranks) : one_process(); }

void JoinedRanks::set_patience(double seconds) {
  if (process_) process_->ranks.set_patience(seconds);
}

void JoinedRanks::end(int exit_code) {
  constexpr int kStopped = 128;  // by a signal, which all ranks have agreed on
  if (!process_ || exit_code == 0 || exit_code >= kStopped || process_->ranks.count() == 1) return;
  if (process_->ranks.rank() != 0) {
    constexpr auto kMoment = std::chrono::milliseconds(1500);
    std::this_thread::sleep_for(kMoment);
    process_->show_last_line();
  }
  std::fflush(nullptr);
  if (process_->ranks.lost()) end_launcher_soon();
  process_->ranks.give_up(exit_code);
}

}  // namespace pbgen
