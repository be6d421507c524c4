// Which instruction sets this process computes with; LANEGRAD_EXPECT_ISAS says which it must be, best first. Under an
// emulated processor that lacks the others, an instruction that the list does not answer for ends the other tests.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../core/dispatch.h"
#include "check.h"

using namespace lanegrad;

int main() {
  const IsaList& list = available_isas();
  char names[64] = "";
  for (int i = 0; i < list.count; ++i) {
    if (i > 0) strcat(names, " ");
    strcat(names, list.tables[i]->name);
    CHECK(find_isa(list.tables[i]->name) == list.tables[i]);
  }
  CHECK(find_isa("baseline") == list.tables[list.count - 1]);
  CHECK(find_isa("sse9") == nullptr);
  printf("dispatch: %s\n", names);
  const char* expected = getenv("LANEGRAD_EXPECT_ISAS");
  CHECK(expected == nullptr || strcmp(names, expected) == 0);
  return 0;
}
