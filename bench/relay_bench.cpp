// Pawl beside Postfix, in one interleaved run: plain SMTP in, a durable queue, STARTTLS out to a
// sink. usage: relay_bench PAWL LOAD SINK [RUNS [SESSIONS BYTES MESSAGES]]
//
// Both ends of the line and both relays stand on the same cores, in a network namespace where only
// lo exists. A figure counts only when every message arrived and none of them in clear. CPU is what
// the relay's process and all its descendants used, exited children included, from the first
// connection to the last message at the sink. Prints one line per cell and the ratios; needs root
// (Postfix).
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>

#include "lab/child.h"
#include "lab/namespace.h"
#include "lab/scratch.h"
#include "tests/interop/peers.h"
#include "tls/authority.h"

namespace pawl::bench {
namespace {

namespace fs = std::filesystem;

struct Figure {
  double per_second = 0;
  double cpu_ms = 0;  // of the relay, per message
};

struct Cell {
  int sessions;
  int bytes;
  int messages;
};

// CPU seconds of a process, its descendants, and what they reaped: /proc/PID/stat, proc(5).
double cpu_seconds(pid_t root) {
  struct Row {
    pid_t parent;
    double own;
    double reaped;
  };
  std::map<pid_t, Row> rows;
  const double tick = static_cast<double>(sysconf(_SC_CLK_TCK));
  for (const auto& entry : fs::directory_iterator("/proc")) {
    std::string name = entry.path().filename();
    pid_t pid = 0;
    if (std::from_chars(name.data(), name.data() + name.size(), pid).ec != std::errc{}) continue;
    std::ifstream file(entry.path() / "stat");
    std::string text(std::istreambuf_iterator<char>(file), {});
    std::size_t close = text.rfind(')');
    if (close == std::string::npos) continue;
    char state = 0;
    int parent = 0;
    unsigned long user = 0;
    unsigned long system = 0;
    long child_user = 0;
    long child_system = 0;
    if (std::sscanf(text.c_str() + close + 1,
                    " %c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu %ld %ld", &state, &parent,
                    &user, &system, &child_user, &child_system) == 6) {
      rows[pid] = {parent, static_cast<double>(user + system) / tick,
                   static_cast<double>(child_user + child_system) / tick};
    }
  }
  double total = 0;
  for (const auto& [pid, row] : rows) {
    std::set<pid_t> seen;
    for (pid_t up = pid; rows.contains(up) && seen.insert(up).second; up = rows[up].parent) {
      if (up == root) {
        total += row.own + row.reaped;
        break;
      }
    }
  }
  return total;
}

struct Tools {
  std::string pawl;
  std::string load;
  std::string sink;
};

constexpr const char* kSinkAt = "127.0.0.1:2526";
const Endpoint kRelayAt{IpAddress::v4(127, 0, 0, 1), 2525};

// Runs the load against whatever listens on kRelayAt until the sink has everything.
Result<Figure> measure(const Tools& tools, const interop::Identity& identity, pid_t relay,
                       const Cell& cell, const lab::Scratch& scratch) {
  std::string report = scratch.file("sink.out");
  fs::remove(report);
  TRY(lab::Child sink, lab::Child::start({tools.sink, kSinkAt, identity.certificate_file,
                                          identity.key_file, fmt::format("{}", cell.messages)},
                                         report));
  auto printed = [&] {
    std::ifstream file(report);
    return std::string(std::istreambuf_iterator<char>(file), {});
  };
  if (!interop::eventually([&] { return printed().starts_with("ready"); })) {
    return fail(Code::timeout, "the sink did not start: " + printed());
  }
  double cpu = cpu_seconds(relay);
  timespec start{};
  clock_gettime(CLOCK_MONOTONIC, &start);
  TRY(std::string accepted,
      lab::run_program({tools.load, kRelayAt.text(), fmt::format("{}", cell.sessions),
                        fmt::format("{}", cell.messages), fmt::format("{}", cell.bytes)},
                       "/"));
  if (!interop::eventually([&] { return !sink.running(); }, std::chrono::seconds(120))) {
    sink.stop();
    return fail(Code::timeout, "not every message arrived: " + printed() + accepted);
  }
  cpu = cpu_seconds(relay) - cpu;
  std::string text = printed();
  long messages = 0;
  long clear = 0;
  double last = 0;
  if (std::sscanf(text.c_str(), "ready messages %ld clear %ld handshakes %*d first %*f last %lf",
                  &messages, &clear, &last) != 3 ||
      messages != cell.messages || clear != 0) {
    return fail(Code::internal, "the sink says: " + text);
  }
  double seconds =
      last - (static_cast<double>(start.tv_sec) + static_cast<double>(start.tv_nsec) * 1e-9);
  return Figure{cell.messages / seconds, cpu * 1000 / cell.messages};
}

// As an expert tunes it for throughput; the settings that matter are named in docs/performance.md.
Result<Figure> measure_postfix(const Tools& tools, const interop::Identity& identity,
                               const std::string& ca_file, const Cell& cell) {
  TRY(lab::Scratch scratch, lab::Scratch::make());
  TRY(auto postfix,
      interop::Postfix::start(
          scratch,
          {.name = "postfix",
           .hostname = "relay.test",
           .listen = kRelayAt,
           .relay_host = "[127.0.0.1]:2526",
           .settings = {"default_process_limit = 100", "qmgr_message_active_limit = 20000",
                        "in_flow_delay = 0", "initial_destination_concurrency = 20",
                        "default_destination_concurrency_limit = 20",
                        "receive_override_options = no_address_mappings, no_header_body_checks, "
                        "no_milters",
                        "smtpd_peername_lookup = no", "smtpd_error_sleep_time = 0",
                        "smtp_tls_security_level = secure",
                        "smtp_tls_secure_cert_match = sink.test", "smtp_tls_CAfile = " + ca_file,
                        "smtp_tls_session_cache_database = btree:${data_directory}/smtp_scache",
                        "smtp_tls_connection_reuse = yes", "smtp_connection_cache_on_demand = yes",
                        "smtp_connection_cache_destinations = [127.0.0.1]:2526",
                        "smtp_tls_loglevel = 0"}}));
  auto figure = measure(tools, identity, postfix->pid(), cell, scratch);
  if (figure) return figure;
  std::string log = postfix->log();
  std::size_t most = std::min<std::size_t>(4000, log.size());
  return fail(figure.error().code, figure.error().detail + "Postfix says, at the end:\n" +
                                       log.substr(log.size() - most));
}

Result<Figure> measure_pawl(const Tools& tools, const interop::Identity& identity,
                            const std::string& ca_file, const Cell& cell) {
  TRY(lab::Scratch scratch, lab::Scratch::make());
  TRY(std::string config,
      scratch.write("pawl.toml", fmt::format("hostname = \"relay.test\"\n"
                                             "store = \"sqlite:{}\"\n"
                                             "relayhost = \"[127.0.0.1]:2526\"\n"
                                             "[[listen]]\naddress = \"{}\"\ntls = \"none\"\n"
                                             "[[rule]]\nmatch = \"*\"\nlevel = \"secure\"\n"
                                             "names = [\"sink.test\"]\n"
                                             "[tls]\nca_file = \"{}\"\n"
                                             "[limits]\nsessions_per_client = 200\n"
                                             "[log]\nlevel = \"warning\"\n",
                                             scratch.file("pawl.db"), kRelayAt.text(), ca_file)));
  std::string log = scratch.file("pawl.log");
  TRY(lab::Child relay, lab::Child::start({tools.pawl, "relay", "-c", config}, log));
  bool up = interop::eventually(
      [&] { return !relay.running() || interop::accepts_connections(kRelayAt); });
  if (!up || !relay.running()) {
    TRY(std::string why, lab::read_file(log));
    return fail(Code::io, "pawl relay did not start: " + why);
  }
  return measure(tools, identity, relay.pid(), cell, scratch);
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

// Appends of 4 KiB, each made durable, on the disk the queues stand on: what one session at a time
// can be measured against.
double durable_appends_per_second(const lab::Scratch& scratch) {
  int file = open(scratch.file("appends").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  std::string block(4096, 'x');
  auto start = std::chrono::steady_clock::now();
  double seconds = 0;
  int count = 0;
  while (seconds < 1) {
    if (write(file, block.data(), block.size()) < 0 || fdatasync(file) != 0) break;
    ++count;
    seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }
  close(file);
  return count / seconds;
}

Result<> run(const Tools& tools, int runs, std::vector<Cell> cells) {
  TRY_VOID(lab::enter_namespace());
  TRY_VOID(interop::mount_peers());
  TRY(lab::Scratch scratch, lab::Scratch::make());
  WallTime now = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  TRY(tls::Authority authority, tls::Authority::make("bench", now));
  TRY(tls::Identity leaf, authority.issue(tls::leaf_for({"sink.test"}, now)));
  TRY(std::string ca_file, scratch.write("ca.pem", authority.certificate_pem()));
  interop::Identity identity;
  TRY(identity.certificate_file, scratch.write("sink.pem", leaf.certificate_pem));
  TRY(identity.key_file, scratch.write("sink.key", leaf.key_pem));

  fmt::print("{:>8} {:>7} {:>9} | {:>10} {:>8} | {:>10} {:>8} | {:>6} {:>6}\n", "sessions", "bytes",
             "messages", "Postfix/s", "CPU ms", "Pawl/s", "CPU ms", "times", "CPU 1/");
  for (const Cell& cell : cells) {
    std::vector<double> rate[2];
    std::vector<double> cpu[2];
    for (int i = 0; i < runs; ++i) {
      TRY(Figure postfix, measure_postfix(tools, identity, ca_file, cell));
      TRY(Figure pawl, measure_pawl(tools, identity, ca_file, cell));
      rate[0].push_back(postfix.per_second);
      rate[1].push_back(pawl.per_second);
      cpu[0].push_back(postfix.cpu_ms);
      cpu[1].push_back(pawl.cpu_ms);
    }
    fmt::print("{:>8} {:>7} {:>9} | {:>10.0f} {:>8.2f} | {:>10.0f} {:>8.3f} | {:>6.1f} {:>6.1f}\n",
               cell.sessions, cell.bytes, cell.messages, median(rate[0]), median(cpu[0]),
               median(rate[1]), median(cpu[1]), median(rate[1]) / median(rate[0]),
               median(cpu[0]) / median(cpu[1]));
    if (cell.sessions == 1) {
      double limit = durable_appends_per_second(scratch);
      fmt::print("         one session: {:.2f} of the disk's {:.0f} durable appends/s\n",
                 median(rate[1]) / limit, limit);
    }
    std::fflush(stdout);
  }
  return {};
}

}  // namespace
}  // namespace pawl::bench

int main(int argc, char** argv) {
  using namespace pawl;
  if (argc < 4) {
    std::fprintf(stderr, "usage: %s PAWL LOAD SINK [RUNS [SESSIONS BYTES MESSAGES]]   (as root)\n",
                 argv[0]);
    return 64;
  }
  int runs = argc > 4 ? std::atoi(argv[4]) : 3;
  std::vector<bench::Cell> cells = {
      {20, 2048, 5000}, {100, 2048, 5000}, {20, 65536, 1500}, {100, 65536, 1500}, {1, 2048, 500}};
  if (argc > 7) cells = {{std::atoi(argv[5]), std::atoi(argv[6]), std::atoi(argv[7])}};
  auto done = bench::run({argv[1], argv[2], argv[3]}, runs, cells);
  if (!done) std::fprintf(stderr, "relay_bench: %s\n", done.error().sentence().c_str());
  return done ? 0 : 1;
}
