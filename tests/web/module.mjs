// Draws with a module under node, for tests/web/run.py: node tests/web/module.mjs MODULE MODEL COUNT
//
// Writes to standard output, for each pair of seeds 0 and 1, 1 and 2, .., the RGBA image at a third of the way between them; to standard
// error a line of JSON: imports, exports, what pbgen_layers tells, milliseconds an image, and what the module said where it refused.
import {readFileSync, writeSync} from "node:fs";

const [modulePath, modelPath, count] = process.argv.slice(2);
const module = new WebAssembly.Module(readFileSync(modulePath));
const api = new WebAssembly.Instance(module, {}).exports;
const file = readFileSync(modelPath);
const view = () => new DataView(api.memory.buffer);
const told = {imports: WebAssembly.Module.imports(module), exports: WebAssembly.Module.exports(module).map(({name}) => name)};

const take = (bytes) => {
  const at = api.pbgen_take_memory(bytes) >>> 0;
  if (at === 0 || at % 64 !== 0) throw new Error(`${bytes} bytes: the module gave ${at}`);
  return at;
};
const check = (code) => {
  if (code === 0) return;
  const all = new Uint8Array(api.memory.buffer);
  const at = api.pbgen_error_text(code);
  throw new Error(Buffer.from(all.subarray(at, all.indexOf(0, at))).toString());
};

try {
  const data = take(file.length);
  new Uint8Array(api.memory.buffer).set(file, data);
  const info = take(32);
  check(api.pbgen_query(data, file.length, 0, info));
  const [width, height, , zDim] = [0, 4, 8, 12].map((offset) => view().getInt32(info + offset, true));
  const layers = take(5 * 40);
  check(api.pbgen_layers(data, file.length, layers));
  told.layers = [0, 1, 2, 3, 4].map((layer) => [0, 4, 8, 12].map((offset) => view().getInt32(layers + 40 * layer + offset, true))
    .concat([16, 24, 32].map((offset) => Number(view().getBigUint64(layers + 40 * layer + offset, true)))));
  const arenaBytes = view().getUint32(info + 24, true);
  const arena = take(arenaBytes);
  const place = take(4);
  check(api.pbgen_open(data, file.length, 0, arena, arenaBytes, place));
  const [z, from, to] = [0, 1, 2].map(() => take(4 * zDim));
  const pixels = take(4 * width * height);
  const target = take(40);
  new Uint8Array(api.memory.buffer, target, 40).fill(0);
  view().setUint32(target, pixels, true);
  view().setInt32(target + 16, 3, true);
  told.milliseconds = [];
  for (let i = 0; i < Number(count); ++i) {
    check(api.pbgen_latent(BigInt(i), 0n, zDim, from));
    check(api.pbgen_latent(BigInt(i + 1), 0n, zDim, to));
    check(api.pbgen_walk(1, from, to, 1 / 3, zDim, z));
    const begun = performance.now();
    check(api.pbgen_draw(view().getUint32(place, true), z, target));
    told.milliseconds.push(performance.now() - begun);
    writeSync(1, Buffer.from(api.memory.buffer, pixels, 4 * width * height));
  }
  told.memory = api.memory.buffer.byteLength;
  told.most = api.pbgen_take_memory(2 ** 30) >>> 0;
  told.kept = api.memory.buffer.byteLength === told.memory;
} catch (error) {
  told.error = error.message;
  told.trapped = error instanceof WebAssembly.RuntimeError;
}
console.error(JSON.stringify(told));
