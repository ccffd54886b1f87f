#!/bin/sh
# One training over two machines that are network namespaces of this one, joined by a veth pair whose rate (and delay, where the kernel has
# netem) tc sets: the bytes are those of one process; a rank that is killed, a link that is cut and one that is slow end as they should.
#
#   make MPI=1 && sudo sh tests/mpi/namespaces.sh [TOOLS]      TOOLS: the folder of train_gan, build/release/bin
#
# Needs root, iproute2 and Open MPI (make deps-mpi).  Prints times an iteration for each rate; closes on 'N passed, N failed'.
set -eu

tools=$(cd "${1:-build/release/bin}" && pwd)
scratch=$(mktemp -d)
name=pbgen$$
passed=0
failed=0

[ "$(id -u)" -eq 0 ] || { echo 'namespaces.sh: network namespaces want root; run it with sudo' >&2; exit 1; }
command -v mpirun >/dev/null || { echo 'namespaces.sh: there is no mpirun; run `make deps-mpi`' >&2; exit 1; }

end() {
  pkill -KILL -f "$scratch" 2>/dev/null || true
  for n in 0 1; do ip netns del "$name-$n" 2>/dev/null || true; done
  rm -rf "$scratch"
}
trap end EXIT

for n in 0 1; do ip netns add "$name-$n"; done
ip link add v0 netns "$name-0" type veth peer name v1 netns "$name-1"
for n in 0 1; do
  ip -n "$name-$n" addr add "10.77.0.$((n + 1))/24" dev "v$n"
  ip -n "$name-$n" link set "v$n" up
  ip -n "$name-$n" link set lo up
done

# What mpirun calls in place of ssh: agent HOST COMMAND...
cat >"$scratch/agent" <<EOF
#!/bin/sh
n=\$((\${1##*.} - 1))
shift
exec ip netns exec $name-\$n unshare --uts sh -c "hostname $name-\$n; \$*"
EOF
chmod +x "$scratch/agent"

# on_two ARGUMENTS...: train_gan with a rank on each machine.
on_two() {
  ip netns exec "$name-0" unshare --uts sh -c "hostname $name-0; exec \"\$@\"" sh mpirun --allow-run-as-root --mca plm rsh \
    --mca plm_rsh_agent "$scratch/agent" --mca btl tcp,self --mca btl_tcp_if_include 10.77.0.0/24 --mca oob_tcp_if_include 10.77.0.0/24 \
    -host 10.77.0.1:1,10.77.0.2:1 -n 2 --bind-to none "$tools/train_gan" "$@"
}

# rate RATE DELAY: of what both ends send; "" for none.
rate() {
  for n in 0 1; do
    tc -n "$name-$n" qdisc del dev "v$n" root 2>/dev/null || true
    if [ -n "$2" ] && tc -n "$name-$n" qdisc add dev "v$n" root netem delay "$2" rate "$1" 2>/dev/null; then continue; fi
    [ -z "$1" ] || tc -n "$name-$n" qdisc add dev "v$n" root tbf rate "$1" burst 256kb latency 50ms
  done
}

result() {
  if [ "$1" -eq 0 ]; then passed=$((passed + 1)); echo "passed: $2"; else failed=$((failed + 1)); echo "FAILED: $2"; fi
}

common="--swd-every 0 --sample-every 0 --shards 2 --threads 1 --synthetic-images 512 --seed 3"
small="$common --size 32 --gf-dim 16 --df-dim 16 --batch 32"

# Where the kernel has no netem, only rates are made.
delay=1ms
if ! tc -n "$name-0" qdisc add dev v0 root netem delay 1ms 2>/dev/null; then
  delay=
  echo 'this kernel has no netem: links have a rate, but no delay'
fi
rate '' ''

"$tools/train_gan" $small --setting H --iterations 20 --out "$scratch/alone" >/dev/null 2>&1
on_two $small --setting H --iterations 20 --out "$scratch/two" >/dev/null 2>&1
cmp -s "$scratch/alone/checkpoints/00000020.safetensors" "$scratch/two/checkpoints/00000020.safetensors" && same=0 || same=1
result $same 'two machines write the bytes of one process'

rate 20mbit "$delay"
on_two $small --setting H --iterations 20 --out "$scratch/slow" --mpi-timeout 2 >/dev/null 2>&1
cmp -s "$scratch/alone/checkpoints/00000020.safetensors" "$scratch/slow/checkpoints/00000020.safetensors" && same=0 || same=1
result $same 'a link of 20 Mbit/s takes longer, and is not taken for a dead one'
rate '' ''

# fails WHAT SECONDS COMMAND...: begins a run without an end, waits for its first checkpoint and does COMMAND; within SECONDS nothing of it
# is left, its exit code is not 0, and what it said is in $scratch/said.
fails() {
  what=$1
  most=$2
  shift 2
  run=$scratch/run$passed$failed
  on_two $small --setting H --iterations 1000000 --checkpoint-every 5 --mpi-timeout 3 --out "$run" >"$scratch/said" 2>&1 &
  job=$!
  waited=0
  until ls "$run"/checkpoints/*.safetensors >/dev/null 2>&1 || [ $waited -ge 300 ]; do sleep 0.2; waited=$((waited + 1)); done
  begun=$(date +%s)
  "$@"
  wait $job && code=0 || code=$?
  left=0
  while pgrep -f "train_gan.*$run" >/dev/null && [ $left -lt 300 ]; do sleep 0.1; left=$((left + 1)); done
  took=$(($(date +%s) - begun))
  { [ $code -ne 0 ] && [ $took -le "$most" ] && ! pgrep -f "train_gan.*$run" >/dev/null; } && good=0 || good=1
  result $good "$what: ended with $code after $took s"
  last=$(ls "$run/checkpoints" | sed -n '$s/^0*\([0-9]*\).*/\1/p')
  "$tools/train_gan" --resume "$run" --iterations "$((last + 5))" >/dev/null 2>&1 && good=0 || good=1
  result $good "$what: the run goes on from its last checkpoint, by one process"
}
rank_of() {
  for p in $(pgrep -f "train_gan.*$scratch"); do
    if tr '\0' '\n' <"/proc/$p/environ" | grep -qx "OMPI_COMM_WORLD_RANK=$1"; then echo "$p"; fi
  done
}
kill_rank() { kill -KILL $(rank_of "$1"); }
cut_link() { ip -n "$name-0" link set v0 down; }

fails 'a rank of the other machine killed' 10 kill_rank 1
fails 'a rank of this machine killed' 10 kill_rank 0
fails 'the link cut' 40 cut_link
grep -q 'has not answered' "$scratch/said" && said=0 || said=1
result $said 'the link cut: a rank says who does not answer'
ip -n "$name-0" link set v0 up

# Times.  The paper's network, batch 64.
for setting in A H; do
  for link in '' 10gbit 1gbit 100mbit; do
    rate "$link" "$delay"
    on_two $common --setting $setting --preset paper --iterations 4 --out "$scratch/time-$setting-$link" >"$scratch/said" 2>&1
    seconds=$(awk -F, 'NR > 2 { print 64 / $7 }' "$scratch/time-$setting-$link/log.csv" | tail -n 1)
    echo "$setting, batch 64, two ranks of one thread, link ${link:-without a limit}${delay:+, delay $delay}: $seconds s an iteration"
  done
done

echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
