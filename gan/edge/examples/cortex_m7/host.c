/* The same program on a computer: what the Cortex-M7 must draw. */
#include <stdio.h>

#include "board.h"

void print(const char* text) { fputs(text, stdout); }
void stack_watch(void) {}
size_t stack_used(void) { return 0; }
uint32_t million_instructions(void) { return 0; }

int main(void) { return draw(); }
