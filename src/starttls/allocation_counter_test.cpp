#include <gtest/gtest.h>

#include <cstdlib>
#include <new>
#include <string>

#include "starttls/test_allocations.h"

namespace {
std::size_t g_allocations = 0;
}  // namespace

// All forms of new and delete without alignment end here.
void* operator new(std::size_t size) {
  ++g_allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}

namespace pawl::starttls {

std::size_t allocations() {
  return g_allocations;
}

namespace {

TEST(AllocationCounter, Counts) {
  std::size_t before = allocations();
  std::string text(100, 'x');
  EXPECT_EQ(allocations(), before + 1);
}

}  // namespace
}  // namespace pawl::starttls
