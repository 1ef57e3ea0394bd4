# programs.sh - sourced by run and instructions: the programs, over the release build, in build/bench.
make -s build/release/libportico.a
mkdir -p build/bench
build() { ${CC:-gcc} -std=gnu17 -D_GNU_SOURCE -O2 -g -Isrc "$@"; }
for program in engines auth; do
    build "tests/bench/engines/$program.c" build/release/libportico.a \
        -lpcre2-8 -lcrypto -lm -lpthread -o "build/bench/$program"
done
