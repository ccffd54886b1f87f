// The page's script: models, each drawn by a module of its own in a worker, and what a person does with them.
"use strict";

// ---- In a worker, which is given this function's text: one model.  tools/web/module.h says what the module exports.

function engine() {
  const kSpherical = 1, kRgba = 3, kLayers = 5;  // PBGEN_WALK_SPHERICAL, PBGEN_RGBA8888, PBGEN_LAYERS
  const kInfoBytes = 32, kTargetBytes = 40, kLayerBytes = 40;  // of C structs, for 32 bits
  let module, info, model, z, from, to, target, pixels;

  const memory = () => new DataView(module.memory.buffer);  // made anew: a memory that grew has another buffer
  const bytes = (at, count) => new Uint8Array(module.memory.buffer, at, count);
  const text = (at) => {
    const all = new Uint8Array(module.memory.buffer);
    return new TextDecoder().decode(all.subarray(at, all.indexOf(0, at)));
  };
  const check = (code) => {
    if (code !== 0) throw new Error(text(module.pbgen_error_text(code)));
  };
  const take = (count) => {
    const at = module.pbgen_take_memory(count) >>> 0;
    if (at === 0) throw new Error(`it wants ${Math.ceil(count / 1e6)} MB more memory than the page can get: a model has a gigabyte at most`);
    return at;
  };

  const ask = {
    open({module: code, file}) {
      module = new WebAssembly.Instance(new WebAssembly.Module(code), {}).exports;
      const data = take(file.byteLength);
      bytes(data, file.byteLength).set(new Uint8Array(file));
      const facts = take(kInfoBytes);
      check(module.pbgen_query(data, file.byteLength, 0, facts));
      const fact = (at) => memory().getUint32(facts + at, true);
      info = {width: fact(0), height: fact(4), channels: fact(8), zDim: fact(12), arenaBytes: fact(24), fileBytes: file.byteLength};
      const layers = take(kLayers * kLayerBytes);
      check(module.pbgen_layers(data, file.byteLength, layers));
      info.layers = Array.from({length: kLayers}, (_, i) => {
        const at = layers + i * kLayerBytes;
        const whole = (offset) => Number(memory().getBigUint64(at + offset, true));
        const [cIn, cOut, side, bits] = [0, 4, 8, 12].map((offset) => memory().getInt32(at + offset, true));
        return {cIn, cOut, side, bits, weights: whole(16), weightBytes: whole(24), scaleBytes: whole(32)};
      });
      const arena = take(info.arenaBytes);
      const place = take(4);
      check(module.pbgen_open(data, file.byteLength, 0, arena, info.arenaBytes, place));
      model = memory().getUint32(place, true);
      [z, from, to] = [0, 1, 2].map(() => take(4 * info.zDim));
      pixels = take(4 * info.width * info.height);
      target = take(kTargetBytes);
      bytes(target, kTargetBytes).fill(0);
      memory().setUint32(target, pixels, true);
      memory().setInt32(target + 16, kRgba, true);
      return [info];
    },

    // A point of the way from a seed to another: t of [0, 1].
    draw({seed, next, t}) {
      check(module.pbgen_latent(BigInt(seed), 0n, info.zDim, from));
      check(module.pbgen_latent(BigInt(next), 0n, info.zDim, to));
      check(module.pbgen_walk(kSpherical, from, to, t, info.zDim, z));
      const begun = performance.now();
      check(module.pbgen_draw(model, z, target));
      const took = performance.now() - begun;
      const image = bytes(pixels, 4 * info.width * info.height).slice().buffer;
      return [{image, took}, [image]];
    },
  };

  onmessage = ({data: {id, what, request}}) => {
    try {
      const [result, transferred] = ask[what](request);
      postMessage({id, result}, transferred || []);
    } catch (error) {  // a trap of the module too
      postMessage({id, error: error instanceof WebAssembly.RuntimeError ? `the module stopped (${error.message})` : String(error.message)});
    }
  };
}

// ---- A model, from here.

const kMostFileBytes = 256e6;
const kRecent = 60;  // drawings that the time of an image is the mean of

class Model {
  // file: an ArrayBuffer, which is handed over.  Rejected with the library's sentence.
  static async open(name, file, code) {
    const model = new Model(name);
    try {
      model.info = await model.ask("open", {module: code, file}, [file]);
      return model;
    } catch (error) {
      model.close();
      throw error;
    }
  }

  constructor(name) {
    this.name = name;
    this.waiting = new Map();
    this.asked = 0;
    this.times = [];
    const address = URL.createObjectURL(new Blob([`"use strict";(${engine})()`], {type: "text/javascript"}));
    this.worker = new Worker(address);
    URL.revokeObjectURL(address);
    this.worker.onmessage = ({data: {id, result, error}}) => {
      const {resolve, reject} = this.waiting.get(id);
      this.waiting.delete(id);
      error === undefined ? resolve(result) : reject(new Error(error));
    };
    this.worker.onerror = (event) => {
      event.preventDefault();
      this.close(`the browser stopped it (${event.message || "no reason given"})`);
    };
  }

  ask(what, request, transferred = []) {
    const id = this.asked++;
    return new Promise((resolve, reject) => {
      if (this.closed) return reject(new Error(this.closed));
      this.waiting.set(id, {resolve, reject});
      this.worker.postMessage({id, what, request}, transferred);
    });
  }

  async draw(point) {
    const {image, took} = await this.ask("draw", point);
    this.times.push(took);
    if (this.times.length > kRecent) this.times.shift();
    return new ImageData(new Uint8ClampedArray(image), this.info.width, this.info.height);
  }

  // The mean, for browsers round the time of one to a tenth or a whole millisecond.
  get milliseconds() { return this.times.reduce((sum, time) => sum + time, 0) / this.times.length; }

  // What was asked for and what is asked for from now on is rejected with the reason.
  close(why = "it was closed") {
    this.closed = why;
    this.worker.terminate();
    for (const {reject} of this.waiting.values()) reject(new Error(why));
    this.waiting.clear();
  }
}

// ---- What lies in the page, or beside it.

const $ = (selector) => document.querySelector(selector);

async function bytes_of(element) {
  if (element.dataset.src === undefined) {
    const characters = atob(element.textContent.trim());
    return Uint8Array.from(characters, (character) => character.charCodeAt(0)).buffer;
  }
  const answer = await fetch(element.dataset.src);
  return answer.ok ? answer.arrayBuffer() : undefined;
}

// i8x16.popcnt of i8x16.splat 0: what a browser without SIMD does not take.
const kSimdModule = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11);

function which_module() {
  const wanted = new URLSearchParams(location.search).get("module");
  return wanted !== "scalar" && WebAssembly.validate(kSimdModule) ? "simd" : "scalar";
}

// ---- The page.

const kTiles = 16;
const kSeedsASecond = 0.5;
const kTimesShown = 250;  // milliseconds between two figures that a person is to read
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const slider = $("#place");
const views = [];  // {model, figure, screen, ...}: one, or two side by side
let code;          // of the module
let first = 0;     // seed of the first tile
let playing = false;
let drawing = false;
let stale = true;  // the screens do not show the slider's place
let sheet = 0;     // counts how often the tiles were begun
let times_shown = 0;

const count_text = (count) => count.toLocaleString("en");
const bytes_text = (bytes) => bytes < 999500 ? `${(bytes / 1e3).toFixed(0)} kB` : `${(bytes / 1e6).toFixed(bytes < 1e7 ? 2 : 1)} MB`;
const time_text = (time) => time < 9.95 ? `${time.toFixed(1)} ms` : time < 9999.5 ? `${time.toFixed(0)} ms` : `${(time / 1e3).toFixed(0)} s`;
const float_bytes = (info) => info.layers.reduce((sum, layer) => sum + 4 * layer.weights + layer.scaleBytes, header_bytes(info));
const header_bytes = (info) => info.layers.reduce((left, layer) => left - layer.weightBytes - layer.scaleBytes, info.fileBytes);

function element(name, text, attributes = {}) {
  const made = document.createElement(name);
  made.textContent = text;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

function say_fault(text) {
  $("#fault span").textContent = text;
  $("#fault").hidden = text === "";
}

// Where the slider stands: between two seeds.
function place() {
  const at = Math.min(Number(slider.value), kTiles);
  const tile = Math.floor(at) % kTiles;
  return {tile, next_tile: (tile + 1) % kTiles, t: Math.floor(at) === kTiles ? 0 : at - Math.floor(at)};
}
function point() {
  const {tile, next_tile, t} = place();
  return {seed: first + tile, next: first + next_tile, t: Math.fround(t)};
}

function show_place() {
  const {tile, next_tile, t} = place();
  const percent = Math.floor(100 * t);
  const text = percent === 0 ? `at seed ${first + tile}` : `from seed ${first + tile} to seed ${first + next_tile}, ${percent} %`;
  $("#where").textContent = percent === 0 ? `seed ${first + tile}` : `${first + tile} → ${first + next_tile}, ${percent} %`;
  slider.setAttribute("aria-valuetext", text);
  for (const view of views) view.screen.setAttribute("aria-label", `Image of ${view.model.name}, ${text}`);
  document.querySelectorAll(".tile").forEach((button, i) => button.setAttribute("aria-pressed", String(i === (t < 0.5 ? tile : next_tile))));
}

function show_times() {
  if (performance.now() - times_shown < kTimesShown) return;
  times_shown = performance.now();
  for (const view of views)
    if (view.model.times.length > 0) view.time.textContent = `${time_text(view.model.milliseconds)} an image`;
  const main = views[0];
  $("#time").textContent = main !== undefined && main.model.times.length > 0 ? time_text(main.model.milliseconds) : "–";
}

// Draws the slider's place on all screens, one drawing at a time: what moves meanwhile is drawn next.
async function refresh() {
  stale = true;
  if (drawing || views.length === 0) return;
  drawing = true;
  while (stale) {
    stale = false;
    const shown = [...views];
    const at = point();
    const drawn = await Promise.allSettled(shown.map(({model}) => model.draw(at)));
    const failed = drawn.findIndex(({reason}, i) => reason !== undefined && views.includes(shown[i]));
    if (failed >= 0) {
      pause();
      say_fault(`${shown[failed].model.name} cannot be drawn: ${drawn[failed].reason.message}`);
      break;
    }
    drawn.forEach(({value}, i) => value && shown[i].screen.getContext("2d").putImageData(value, 0, 0));
    frames.count += 1;
    show_times();
  }
  drawing = false;
}

async function draw_tiles() {
  const mine = ++sheet;
  const {model} = views[0];
  const buttons = document.querySelectorAll(".tile");
  $("#seeds-title").textContent = `Seeds ${first} to ${first + kTiles - 1}`;
  if (first === 0 && document.activeElement === $("#earlier")) $("#later").focus();  // a disabled button would lose the focus
  $("#earlier").disabled = first === 0;
  for (let i = 0; i < kTiles; ++i) {
    const seed = first + i;
    buttons[i].setAttribute("aria-label", `Seed ${seed}`);
    buttons[i].querySelector("span").textContent = seed;
    const screen = buttons[i].querySelector("canvas");
    let image;
    try {
      image = await model.draw({seed, next: seed, t: 0});
    } catch {
      return;  // of a closed model; another fault is told by refresh()
    }
    if (mine !== sheet) return;
    [screen.width, screen.height] = [model.info.width, model.info.height];
    screen.getContext("2d").putImageData(image, 0, 0);
  }
  times_shown = 0;
  show_times();
  document.body.dataset.tiles = `${model.name} ${first}`;
}

const frames = {count: 0, since: 0, last: 0};

function step(now) {
  if (!playing) return;
  const seconds = Math.min((now - frames.last) / 1e3, 0.1);  // a tab that was hidden goes on where it was
  frames.last = now;
  slider.value = (Number(slider.value) + kSeedsASecond * seconds) % kTiles;
  show_place();
  refresh();
  if (now - frames.since >= 1000) {
    if (frames.since > 0 && now - frames.since < 2000) $("#frames").textContent = (frames.count * 1e3 / (now - frames.since)).toFixed(0);
    [frames.count, frames.since] = [0, now];
  }
  requestAnimationFrame(step);
}

function show_button() {
  $("#play span").textContent = playing ? "Pause" : "Play";
  $("#play path").setAttribute("d", playing ? "M2 1h4v12H2zM8 1h4v12H8z" : "M3 1l10 6-10 6z");
}
function play() {
  if (playing || views.length === 0) return;
  playing = true;
  slider.step = "any";
  [frames.count, frames.since, frames.last] = [0, 0, performance.now()];
  show_button();
  requestAnimationFrame(step);
}
function pause() {
  playing = false;
  slider.step = "0.01";
  $("#frames").textContent = "–";
  show_button();
}

function go_to(tile) {
  slider.value = tile;
  show_place();
  refresh();
}

function show_seeds_from(seed) {
  first = Math.max(0, seed);
  show_place();
  refresh();
  draw_tiles();
}

// ---- Models come and go.

const kNames = ["Linear", "Deconv 1", "Deconv 2", "Deconv 3", "Deconv 4"];

function layer_table({name, info}) {
  const table = element("table", "");
  const caption = element("caption", "");
  caption.append(element("h2", name));
  const head = element("thead", "");
  const titles = element("tr", "");
  for (const title of ["Layer", "Weights", "Bits", "Bytes"]) titles.append(element("th", title, {scope: "col"}));
  head.append(titles);
  const body = element("tbody", "");
  const row = (title, note, weights, bits, bytes) => {
    const line = element("tr", "");
    const label = element("th", title, {scope: "row"});
    label.append(element("small", note));
    const size = element("td", count_text(bytes));
    const percent = Math.round(100 * bytes / info.fileBytes);
    size.append(element("span", "", {class: "bar", style: `width:${percent}%`}));
    line.append(label, element("td", weights), element("td", bits, bits === 1 ? {class: "one"} : {}), size);
    body.append(line);
  };
  info.layers.forEach((layer, i) => {
    const from = i === 0 ? `${layer.cIn}` : `${layer.side / 2}²×${layer.cIn}`;
    row(kNames[i], `${from} → ${layer.side}²×${layer.cOut}`, count_text(layer.weights), layer.bits, layer.weightBytes);
  });
  row("Scales, shifts", "", "", 32, info.layers.reduce((sum, layer) => sum + layer.scaleBytes, 0));
  row("Header", "", "", "", header_bytes(info));
  const foot = element("tfoot", "");
  const total = element("tr", "");
  total.append(element("th", "File", {scope: "row"}), element("td", count_text(info.layers.reduce((sum, layer) => sum + layer.weights, 0))),
               element("td", ""), element("td", count_text(info.fileBytes)));
  foot.append(total);
  table.append(caption, head, body, foot);
  const ratio = float_bytes(info) / info.fileBytes;
  const box = element("div", "");
  const smaller = ratio < 1.05 ? "All weights are floats" : `${ratio.toFixed(1)} times smaller than with 32 bits a weight`;
  box.append(table, element("p", `${smaller}; drawing takes ${bytes_text(info.arenaBytes)} of memory besides.`, {class: "quiet sum"}));
  return box;
}

function make_figure(model, closes) {
  const figure = element("figure", "");
  const screen = element("canvas", "", {class: "screen", role: "img"});
  [screen.width, screen.height] = [model.info.width, model.info.height];
  const caption = element("figcaption", "");
  const time = element("span", "", {class: "quiet time"});
  const {width, height, fileBytes} = model.info;
  caption.append(element("span", model.name, {class: "name"}), element("span", `${width}×${height}, ${bytes_text(fileBytes)}`, {class: "quiet"}), time);
  if (closes) {
    const close = element("button", "Close", {type: "button", class: "close", "aria-label": `Close ${model.name}`});
    close.addEventListener("click", () => {
      remove_view(1);
      show_models();
      $("#beside").focus();
    });
    caption.append(close);
  }
  figure.append(screen, caption);
  return {model, figure, screen, time};
}

function remove_view(index) {
  for (const view of views.splice(index, 1)) {
    view.model.close();
    view.figure.remove();
  }
}

function show_models() {
  const some = views.length > 0;
  $("main").hidden = !some;
  $("#empty").hidden = some;
  $("#beside-label").hidden = !some;
  if (!some) return;
  document.body.classList.toggle("pair", views.length === 2);
  $("#tables").replaceChildren(...views.map(({model}) => layer_table(model)));
  const {info} = views[0].model;
  const one_bit = info.layers.filter(({bits}) => bits === 1).length;
  $("#summary").textContent = `A generator of ${bytes_text(info.fileBytes)}${one_bit > 0 ? `, ${one_bit} of its 5 layers in one bit a weight` : ""}. ` +
    "It runs in this page, and nothing leaves it.";
  $("h1").textContent = `Images from ${one_bit > 0 ? "one-bit" : "float"} weights`;
  show_place();
  refresh();
}

// Where: 0 the model, 1 the one beside it.
async function open_model(name, file, where) {
  let model;
  try {
    if (file.byteLength === 0) throw new Error("the file is empty");
    model = await Model.open(name, file, code);
  } catch (error) {
    say_fault(`${name}: ${error.message}`);
    return false;
  }
  const at = views.length === 0 ? 0 : where;
  remove_view(at);
  const view = make_figure(model, at === 1);
  views.splice(at, 0, view);
  $("main").insertBefore(view.figure, at === 0 ? $("main").firstElementChild : $("#transport"));
  show_models();
  if (at === 0) draw_tiles();
  $("#said").textContent = `${name} is open`;
  return true;
}

// Files of a person: one for `where`, or two, side by side.
async function open_files(files, where) {
  say_fault("");
  if (files.length > 2) return say_fault(`${files.length} files: give one, or two to compare them`);
  for (const [i, file] of [...files].entries()) {
    let bytes;
    try {
      if (file.size > kMostFileBytes) throw new Error(`${bytes_text(file.size)}: larger than the ${bytes_text(kMostFileBytes)} that this page opens`);
      bytes = await file.arrayBuffer();
    } catch (error) {
      return say_fault(`${file.name}: ${error.name === "Error" ? error.message : "it cannot be read: is it a folder?"}`);
    }
    if (!await open_model(file.name, bytes, files.length === 2 ? i : where)) return;
  }
}

function make_tiles() {
  for (let i = 0; i < kTiles; ++i) {
    const button = element("button", "", {type: "button", class: "tile", "aria-pressed": "false"});
    button.append(element("canvas", "", {width: 1, height: 1}), element("span", "", {"aria-hidden": "true"}));
    button.addEventListener("click", () => go_to(i));
    $(".tiles").append(button);
  }
}

function listen() {
  $("#play").addEventListener("click", () => playing ? pause() : play());
  slider.addEventListener("input", () => {
    show_place();
    refresh();
  });
  $("#later").addEventListener("click", () => show_seeds_from(first + kTiles));
  $("#earlier").addEventListener("click", () => show_seeds_from(first - kTiles));
  $("#fault button").addEventListener("click", () => say_fault(""));
  for (const [where, id] of [[0, "#open"], [1, "#beside"]])
    $(id).addEventListener("change", async ({target}) => {
      await open_files(target.files, where);
      target.value = "";  // the same file may be opened again
    });
  addEventListener("keydown", (event) => {
    if (event.key !== " " || event.repeat || views.length === 0 || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("button, input[type=file]")) return;
    event.preventDefault();
    playing ? pause() : play();
  });

  let inside = 0;  // elements that a dragged file is over
  const holds_files = (event) => [...event.dataTransfer.types].includes("Files");
  addEventListener("dragenter", (event) => {
    if (!holds_files(event)) return;
    event.preventDefault();
    ++inside;
    $("#veil").hidden = false;
  });
  addEventListener("dragleave", (event) => {
    if (holds_files(event)) $("#veil").hidden = --inside <= 0;
  });
  addEventListener("dragover", (event) => {
    if (holds_files(event)) event.preventDefault();
  });
  addEventListener("drop", (event) => {
    if (!holds_files(event)) return;
    event.preventDefault();
    inside = 0;
    $("#veil").hidden = true;
    open_files(event.dataTransfer.files, event.target.closest?.("figure") === views[1]?.figure && views.length === 2 ? 1 : 0);
  });
}

async function begin() {
  make_tiles();
  listen();
  show_button();
  if (typeof WebAssembly !== "object") return say_fault("This browser has no WebAssembly, or it is switched off: the page cannot draw.");
  const which = which_module();
  try {
    code = await bytes_of($(`#${which}`));
  } catch {
    code = undefined;
  }
  if (code === undefined) return say_fault("The module is not there: run `make wasm`, and open build/web/index.html.");
  $("#module").textContent = `The module: ${bytes_text(code.byteLength)}, ${which === "simd" ? "with" : "without"} SIMD.`;
  let where = 0;
  for (const script of document.querySelectorAll('script[type="application/pbgen"]')) {
    const file = await bytes_of(script).catch(() => undefined);
    const name = script.dataset.name ?? script.dataset.src.split("/").pop();
    if (file !== undefined && await open_model(name, file, where)) where = 1;
  }
  show_models();
  if (!calm.matches) play();
  document.body.dataset.begun = "";
}

begin();
