// How fast a server's words are read, beside memchr over the same bytes: the floor of one pass that
// finds nothing, and of one that must stop at each line, which any parser of lines must.
// Every row says bytes a second, and how often memory was asked for in each round.
#include <benchmark/benchmark.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <new>
#include <sstream>
#include <string>
#include <vector>

#include "smtp/capabilities.h"
#include "smtp/reply.h"
#include "starttls/transcript_text.h"
#include "tamper/tamper.h"

namespace {

std::atomic<std::size_t> allocations{0};

}  // namespace

void* operator new(std::size_t size) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  if (void* memory = std::malloc(size)) return memory;
  std::abort();
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}

namespace {

using namespace pawl;

const std::string& typical() {
  static const std::string kReply =
      "250-mail.example.org\r\n250-PIPELINING\r\n250-SIZE 10240000\r\n250-VRFY\r\n250-ETRN\r\n"
      "250-STARTTLS\r\n250-AUTH PLAIN LOGIN\r\n250-ENHANCEDSTATUSCODES\r\n250-8BITMIME\r\n"
      "250-DSN\r\n250-SMTPUTF8\r\n250 CHUNKING\r\n";
  return kReply;
}

// As many lines as are taken, each of the length that rfc5321#4.5.3.1.5 grants.
const std::string& large() {
  static const std::string kReply = [] {
    std::string reply;
    for (int i = 0; i < 255; ++i) reply += "250-XLONG " + std::string(500, 'a') + "\r\n";
    return reply + "250 STARTTLS\r\n";
  }();
  return kReply;
}

// As many lines as are taken, each of them short.
const std::string& many() {
  static const std::string kReply = [] {
    std::string reply;
    for (int i = 0; i < 255; ++i) reply += "250-XEXTENSION" + std::to_string(i) + " WORD\r\n";
    return reply + "250 STARTTLS\r\n";
  }();
  return kReply;
}

struct Corpus {
  std::vector<starttls::Transcript> sessions;
  std::string bytes;  // of all, for memchr
};

const Corpus& corpus() {
  static const Corpus kCorpus = [] {
    Corpus read;
    std::filesystem::path root(PAWL_SOURCE_DIR "/tests/vectors/transcripts/clean");
    for (const auto& file : std::filesystem::directory_iterator(root)) {
      std::ifstream in(file.path());
      std::stringstream text;
      text << in.rdbuf();
      auto session = starttls::read_transcript(text.str());
      if (!session) std::abort();
      for (const auto& entry : session->entries) read.bytes += entry.bytes;
      read.sessions.push_back(std::move(*session));
    }
    return read;
  }();
  return kCorpus;
}

// One session whose capability list is as large as it may be.
const starttls::Transcript& large_session() {
  static const starttls::Transcript kSession = [] {
    using Kind = starttls::TranscriptEntry::Kind;
    starttls::Transcript session;
    append(session, {.kind = Kind::server, .bytes = "220 mail.example.org ESMTP\r\n"});
    append(session, {.kind = Kind::client, .bytes = "EHLO x\r\n"});
    append(session, {.kind = Kind::server, .bytes = large()});
    return session;
  }();
  return kSession;
}

// How each row tells its speed.
class Measured {
 public:
  Measured(benchmark::State& state, std::size_t bytes) : state_(state), bytes_(bytes) {}
  ~Measured() {
    auto rounds = static_cast<double>(state_.iterations());
    state_.SetBytesProcessed(static_cast<std::int64_t>(state_.iterations()) *
                             static_cast<std::int64_t>(bytes_));
    state_.counters["allocations"] = static_cast<double>(allocations - before_) / rounds;
  }
  Measured(const Measured&) = delete;
  Measured& operator=(const Measured&) = delete;

 private:
  benchmark::State& state_;
  std::size_t bytes_;
  std::size_t before_ = allocations;
};

void memchr_once(benchmark::State& state, const std::string& bytes) {
  Measured measured(state, bytes.size());
  for (auto _ : state) {
    benchmark::DoNotOptimize(std::memchr(bytes.data(), 0xff, bytes.size()));
  }
}

void memchr_lines(benchmark::State& state, const std::string& bytes) {
  Measured measured(state, bytes.size());
  for (auto _ : state) {
    std::string_view rest = bytes;
    std::size_t lines = 0;
    while (const void* end = std::memchr(rest.data(), '\n', rest.size())) {
      rest.remove_prefix(static_cast<std::size_t>(static_cast<const char*>(end) - rest.data()) + 1);
      ++lines;
    }
    benchmark::DoNotOptimize(lines);
  }
}

void reply(benchmark::State& state, const std::string& bytes) {
  smtp::ReplyReader reader;
  Measured measured(state, bytes.size());
  for (auto _ : state) {
    reader.feed(bytes);
    auto next = reader.next();
    if (!next || !*next) std::abort();
    benchmark::DoNotOptimize(**next);
  }
}

// As smtp::Client does it: into the capabilities that are there.
void reply_and_capabilities(benchmark::State& state, const std::string& bytes) {
  smtp::ReplyReader reader;
  smtp::Capabilities capabilities;
  Measured measured(state, bytes.size());
  for (auto _ : state) {
    reader.feed(bytes);
    auto next = reader.next();
    if (!next || !*next) std::abort();
    smtp::read_capabilities(**next, capabilities);
    benchmark::DoNotOptimize(capabilities);
  }
}

void detector(benchmark::State& state, const starttls::Transcript& session) {
  std::size_t bytes = 0;
  for (const auto& entry : session.entries) bytes += entry.bytes.size();
  Measured measured(state, bytes);
  for (auto _ : state) benchmark::DoNotOptimize(tamper::examine(session));
}

void detector_corpus(benchmark::State& state) {
  Measured measured(state, corpus().bytes.size());
  for (auto _ : state) {
    for (const auto& session : corpus().sessions)
      benchmark::DoNotOptimize(tamper::examine(session));
  }
}

void with_all(const std::string& name, const std::string& bytes) {
  benchmark::RegisterBenchmark((name + "/memchr").c_str(), memchr_once, bytes);
  benchmark::RegisterBenchmark((name + "/memchr_lines").c_str(), memchr_lines, bytes);
  benchmark::RegisterBenchmark((name + "/reply").c_str(), reply, bytes);
  benchmark::RegisterBenchmark((name + "/reply_and_capabilities").c_str(), reply_and_capabilities,
                               bytes);
}

}  // namespace

int main(int argc, char** argv) {
  with_all("typical", typical());
  with_all("many_lines", many());
  with_all("large", large());
  benchmark::RegisterBenchmark("large/detector", detector, large_session());
  benchmark::RegisterBenchmark("corpus/memchr", memchr_once, corpus().bytes);
  benchmark::RegisterBenchmark("corpus/memchr_lines", memchr_lines, corpus().bytes);
  benchmark::RegisterBenchmark("corpus/detector", detector_corpus);
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
