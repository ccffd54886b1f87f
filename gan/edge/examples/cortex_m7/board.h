/* What main.c wants of the machine that it runs on: board.c for a Cortex-M7 without a system, host.c for a computer. */
#pragma once

#include <stddef.h>
#include <stdint.h>

void print(const char* text);

/* Bytes of stack below the caller that are written from stack_watch to stack_used; 0 where nobody watches. */
void stack_watch(void);
size_t stack_used(void);

/* Millions of instructions since the start, as qemu counts them with -icount shift=0; 0 where nobody counts. */
uint32_t million_instructions(void);

int draw(void);
