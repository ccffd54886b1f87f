/* A Cortex-M7 from its reset on, on ARM's MPS2+ board with AN500, which qemu-system-arm knows as mps2-an500.  The debugger, or qemu, prints
 * (semihosting); another board wants its own linker script, clocks and caches, and a serial port in place of print. */
#include "board.h"

/* mps2_an500.ld */
extern uint32_t stack_low[], stack_top[], data_load[], data_begin[], data_end[], bss_begin[], bss_end[];

#define REGISTER(address) (*(volatile uint32_t*)(address))
#define COPROCESSOR_ACCESS REGISTER(0xe000ed88u)
/* The board's timer 0 counts down at 25 MHz. */
#define TIMER_CONTROL REGISTER(0x40000000u)
#define TIMER_VALUE REGISTER(0x40000004u)
#define TIMER_RELOAD REGISTER(0x40000008u)

/* Arm's semihosting: an operation and its argument to whoever debugs. */
enum { WRITE_TEXT = 0x04, EXIT_WITH_CODE = 0x20, APPLICATION_EXIT = 0x20026 };
static void ask_debugger(uint32_t operation, const void* argument) {
  register uint32_t r0 __asm__("r0") = operation;
  register const void* r1 __asm__("r1") = argument;
  __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
}

void print(const char* text) { ask_debugger(WRITE_TEXT, text); }

static _Noreturn void finish(uint32_t code) {
  const uint32_t block[] = {APPLICATION_EXIT, code};
  for (;;) ask_debugger(EXIT_WITH_CODE, block);
}

enum { UNWRITTEN = 0xa5, OWN_BYTES = 64 };
static uint8_t* watched; /* where the caller's stack ends */

void stack_watch(void) {
  watched = __builtin_frame_address(0);
  for (volatile uint8_t* at = (uint8_t*)stack_low; at < watched - OWN_BYTES; ++at) *at = UNWRITTEN;
}

size_t stack_used(void) {
  const volatile uint8_t* at = (uint8_t*)stack_low;
  while (at < watched - OWN_BYTES && *at == UNWRITTEN) ++at;
  return (size_t)(watched - at);
}

/* With -icount shift=0 an instruction takes a nanosecond of the board's time. */
uint32_t million_instructions(void) { return (UINT32_MAX - TIMER_VALUE) / (25u * 1000u); }

_Noreturn void reset(void) {
  COPROCESSOR_ACCESS |= 0xfu << 20; /* the floating-point unit: off at reset, and no float before */
  __asm__ volatile("dsb\n\tisb" ::: "memory");
  for (uint32_t *to = data_begin, *from = data_load; to < data_end; ++to, ++from) *to = *from;
  for (uint32_t* to = bss_begin; to < bss_end; ++to) *to = 0;
  TIMER_RELOAD = UINT32_MAX;
  TIMER_VALUE = UINT32_MAX;
  TIMER_CONTROL = 1;
  finish((uint32_t)draw());
}

static void fault(void) {
  print("the processor met a fault\n");
  finish(1);
}

/* Stack, reset, NMI, and the faults: hard, memory, bus, usage. */
union Vector {
  void* stack;
  void (*handler)(void);
};
__attribute__((section(".vectors"), used)) static const union Vector vectors[] = {
    {.stack = stack_top}, {.handler = reset}, {.handler = fault}, {.handler = fault},
    {.handler = fault},   {.handler = fault}, {.handler = fault}};
