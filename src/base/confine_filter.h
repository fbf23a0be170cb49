/* confine_filter.h - a program by which the kernel refuses system calls, for seccomp(2)
 *
 * It is classic BPF over struct seccomp_data. What a run does not keep is refused in it.
 */
#ifndef BASE_CONFINE_FILTER_H
#define BASE_CONFINE_FILTER_H

#include <stdint.h>

/* The processors that are known; SOCKIT_PROCESSOR (configure) is the one that this is built for. */
enum processor {
	PROCESSOR_OTHER,
	PROCESSOR_X86_64,
	PROCESSOR_I386,
	PROCESSOR_AARCH64,
	PROCESSOR_RISCV64,
	PROCESSOR_S390X
};

/* struct sock_filter of linux/filter.h */
struct filter_instruction {
	uint16_t code;
	uint8_t when_true, when_false;
	uint32_t k;
};

#define FILTER_MOST 256

/* Writes the program for process SELF on PROCESSOR, which is a known one, to OUT: its run keeps
 * KEEPS, a sum of enum keep (base/confine.h). Returns how many instructions it has. */
unsigned short confine_filter(enum processor processor, unsigned keeps, uint32_t self,
			      struct filter_instruction out[FILTER_MOST]);

#endif
