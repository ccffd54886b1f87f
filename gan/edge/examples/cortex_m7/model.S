/* The exported model MODEL as a part of the program: read where it lies, in flash. */
  .section .rodata
  .balign 64
  .globl model_begin
  .globl model_end
model_begin:
  .incbin MODEL
model_end:
#if defined(__ELF__) && defined(__linux__)
  .section .note.GNU-stack,"",%progbits
#endif
