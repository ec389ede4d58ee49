#include <cstdio>

int main() {
  std::puts("pawl 0.1.0");
  return 0;
}
