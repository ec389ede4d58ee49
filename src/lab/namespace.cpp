#include "lab/namespace.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <iterator>
#include <thread>

namespace pawl::lab {
namespace {

bool entered = false;

Result<> system_failure(std::string_view what) {
  return fail(errno == EPERM ? Code::permission : Code::io,
              fmt::format("{}: {}", what, std::strerror(errno)));
}

Result<> put(const char* path, std::string_view text) {
  int file = open(path, O_WRONLY | O_CLOEXEC);
  if (file < 0) return system_failure(path);
  ssize_t written = ::write(file, text.data(), text.size());
  int error = errno;
  close(file);
  errno = error;
  if (written != static_cast<ssize_t>(text.size())) return system_failure(path);
  return {};
}

// Inside, we are root: so that ports below 1024 may be bound and mounts made.
Result<> map_to_root(uid_t uid, gid_t gid) {
  TRY_VOID(put("/proc/self/setgroups", "deny"));
  TRY_VOID(put("/proc/self/uid_map", fmt::format("0 {} 1", uid)));
  return put("/proc/self/gid_map", fmt::format("0 {} 1", gid));
}

Result<> raise_loopback() {
  int control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (control < 0) return system_failure("socket");
  ifreq request{};
  std::strncpy(request.ifr_name, "lo", sizeof request.ifr_name - 1);
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  int done = ioctl(control, SIOCSIFFLAGS, &request);
  int error = errno;
  close(control);
  errno = error;
  if (done != 0) return system_failure("bringing lo up");
  return {};
}

std::size_t thread_count() {
  std::error_code error;
  auto tasks = std::filesystem::directory_iterator("/proc/self/task", error);
  return static_cast<std::size_t>(std::distance(begin(tasks), end(tasks)));
}

// The world has some thousand sockets; the usual soft limit is 1024.
void allow_many_files() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

// The kernel finishes raising lo behind our back: for a moment an address is there, and packets to
// it are dropped. A refused connection shows that they arrive.
Result<> wait_until_reachable(const IpAddress& address) {
  sockaddr_in6 to{};
  to.sin6_family = AF_INET6;
  to.sin6_port = htons(9);  // nobody listens on discard
  std::string bytes = address.bytes();
  std::memcpy(&to.sin6_addr, bytes.data(), bytes.size());
  for (int attempt = 0; attempt < 200; ++attempt) {
    int probe = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (probe < 0) return system_failure("IPv6 socket");
    int reached = connect(probe, reinterpret_cast<sockaddr*>(&to), sizeof to);
    if (reached != 0 && errno == EINPROGRESS) {
      pollfd ready{probe, POLLOUT, 0};
      poll(&ready, 1, 50);
      socklen_t size = sizeof errno;
      getsockopt(probe, SOL_SOCKET, SO_ERROR, &errno, &size);
    }
    int error = errno;
    close(probe);
    if (reached == 0 || error == ECONNREFUSED) return {};
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return fail(Code::timeout, fmt::format("{} on lo does not answer", address.text()));
}

struct AddressRequest {
  nlmsghdr header;
  ifaddrmsg message;
  rtattr attribute;
  unsigned char address[16];
};

}  // namespace

Result<> enter_namespace() {
  if (entered) return {};
  if (thread_count() > 1) {
    // unshare(2) moves the calling thread only; the others would keep looking at the real network.
    return fail(Code::internal, "the lab's namespace is entered before the first thread starts");
  }
  allow_many_files();
  uid_t uid = geteuid();
  gid_t gid = getegid();
  // Root that may do so stays itself, so that children may become other users (Postfix, Exim).
  bool as_root = uid == 0 && unshare(CLONE_NEWNET | CLONE_NEWNS) == 0;
  if (!as_root) {
    if (unshare(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS) != 0) {
      return fail(
          Code::permission,
          fmt::format("this system forbids user namespaces ({}); allow them with "
                      "'sysctl kernel.unprivileged_userns_clone=1 user.max_user_namespaces=1000', "
                      "or run as root",
                      std::strerror(errno)));
    }
    TRY_VOID(map_to_root(uid, gid));
  }
  // Mounts made here must not show outside.
  if (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
    return system_failure("making the mounts private");
  }
  TRY_VOID(raise_loopback());
  entered = true;
  return {};
}

bool in_namespace() {
  return entered;
}

Result<> add_addresses(std::span<const IpAddress> addresses) {
  if (!entered) return fail(Code::internal, "addresses are added in the lab's namespace only");
  int netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
  if (netlink < 0) return system_failure("netlink socket");
  Result<> outcome;
  for (const IpAddress& address : addresses) {
    if (address.is_v4() || address.is_loopback()) continue;
    AddressRequest request{};
    request.header.nlmsg_len = sizeof request;
    request.header.nlmsg_type = RTM_NEWADDR;
    request.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_CREATE | NLM_F_REPLACE | NLM_F_ACK;
    request.message.ifa_family = AF_INET6;
    request.message.ifa_prefixlen = 128;
    request.message.ifa_flags = IFA_F_NODAD;  // nobody else can have it
    request.message.ifa_index = if_nametoindex("lo");
    request.attribute.rta_type = IFA_LOCAL;
    request.attribute.rta_len = RTA_LENGTH(sizeof request.address);
    std::string bytes = address.bytes();
    std::memcpy(request.address, bytes.data(), bytes.size());
    struct {
      nlmsghdr header;
      nlmsgerr body;
      char rest[256];
    } reply{};
    if (send(netlink, &request, sizeof request, 0) < 0 ||
        recv(netlink, &reply, sizeof reply, 0) < 0 || reply.body.error != 0) {
      if (reply.body.error != 0) errno = -reply.body.error;
      outcome = system_failure(fmt::format("adding {} to lo", address.text()));
      break;
    }
  }
  close(netlink);
  TRY_VOID(std::move(outcome));
  for (const IpAddress& address : addresses) {
    if (!address.is_v4()) TRY_VOID(wait_until_reachable(address));
  }
  return {};
}

namespace {

Result<> bind_over(const std::string& path, const char* target, bool& bound) {
  if (!entered) {
    return fail(Code::internal, fmt::format("{} is bound in the lab's namespace only", target));
  }
  // An earlier world's file is gone, and nothing can be mounted over what is gone.
  if (bound) umount2(target, MNT_DETACH);
  bound = false;
  // In many containers the target is a mount itself; ours lies over it.
  if (mount(path.c_str(), target, nullptr, MS_BIND, nullptr) != 0) {
    return system_failure(fmt::format("binding {}", target));
  }
  bound = true;
  return {};
}

}  // namespace

Result<> use_resolv_conf(const std::string& path) {
  static bool bound = false;
  return bind_over(path, "/etc/resolv.conf", bound);
}

Result<> use_hosts(const std::string& path) {
  static bool bound = false;
  return bind_over(path, "/etc/hosts", bound);
}

}  // namespace pawl::lab
