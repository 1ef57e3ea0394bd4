# Executables.  Included by the Makefile.

all: $(BUILD)/release/libportico.a ## the executables
