// Draws chains of cases on a canvas: numbers, rows and ties come computed from the server; the table says the same.

const COLUMN = 90;
const ROW = 22;
const RADIUS = 6;
const EDGE = 40;
const LABELS_FROM = 0.55;
const AXIS = 26;
const INK = "#14231f";
const TIE = "#7c9491";
const NODE = "#0d5c63";
const CHOSEN = "#ffc843";

class Graph {
  constructor(section, data) {
    this.section = section;
    this.text = section.dataset;
    this.canvas = section.querySelector("canvas");
    this.paper = this.canvas.getContext("2d");
    this.said = section.querySelector("[data-said]");
    this.first = data.first ? new Date(`${data.first}T00:00:00Z`) : null;
    this.communes = data.communes;
    this.nodes = data.nodes.map(([id, generation, day, row, commune, drill, name]) =>
      ({ id, generation, day, row, commune, drill, name, into: [], out: [] }));
    this.ties = data.ties.map(([from, to, byHand]) => ({ from: this.nodes[from], to: this.nodes[to], byHand }));
    for (const tie of this.ties) {
      tie.from.out.push(tie.to);
      tie.to.into.push(tie.from);
    }
    this.byNumber = new Map(this.nodes.map((node) => [node.id, node]));
    this.byName = new Map(this.nodes.map((node) => [node.name.toLowerCase(), node]));
    this.across = "generation";
    this.chosen = null;
    this.scale = 1;
    this.left = this.top = 0;
    this.wider = 1;
    this.pointers = new Map();
    this.waits = false;
    this.place();
    section.classList.toggle("graph--small", this.height < 8 * ROW);
    this.listen();
    this.fit();
  }

  place() {
    for (const node of this.nodes) {
      node.x = COLUMN * (this.across === "day" ? node.day : node.generation - 1);
      node.y = ROW * node.row;
    }
    this.width = Math.max(0, ...this.nodes.map((node) => node.x));
    this.height = Math.max(0, ...this.nodes.map((node) => node.y));
  }

  // The size of the paper in the page, and of its pixels; called whenever the page's width changes.
  measure() {
    const dots = window.devicePixelRatio || 1;
    this.wide = this.canvas.clientWidth;
    this.high = this.canvas.clientHeight;
    this.canvas.width = Math.round(this.wide * dots);
    this.canvas.height = Math.round(this.high * dots);
    this.dots = dots;
    this.redraw();
  }

  fit() {
    this.measure();
    const across = (this.wide - 2 * EDGE) / Math.max(1, this.width);
    const down = (this.high - AXIS - 2 * EDGE) / Math.max(1, this.height);
    this.scale = Math.min(1.8, Math.max(0.01, Math.min(across, down)));
    this.wider = this.stretch(this.scale);
    this.left = Math.max(EDGE, (this.wide - this.width * this.wider) / 2);
    this.top = Math.max(EDGE + AXIS, (this.high + AXIS - this.height * this.scale) / 2);
    this.redraw();
  }

  // Columns never come closer together than it takes to fill the paper: a tall drawing stays readable.
  stretch(scale) {
    const room = (this.wide - 2 * EDGE) / Math.max(1, this.width);
    return Math.max(scale, Math.min(1, room));
  }

  zoom(by, x = this.wide / 2, y = this.high / 2) {
    const scale = Math.min(4, Math.max(0.01, this.scale * by));
    this.left = x - (x - this.left) * (this.stretch(scale) / this.stretch(this.scale));
    this.top = y - (y - this.top) * (scale / this.scale);
    this.scale = scale;
    this.wider = this.stretch(scale);
    this.redraw();
  }

  redraw() {
    if (this.waits) return;
    this.waits = true;
    requestAnimationFrame(() => {
      this.waits = false;
      const started = performance.now();
      this.draw();
      this.section.dataset.frame = (performance.now() - started).toFixed(1);
      this.section.dataset.drawn = this.nodes.length;
    });
  }

  at(node) {
    return [this.left + node.x * this.wider, this.top + node.y * this.scale];
  }

  draw() {
    const paper = this.paper;
    this.wider = this.stretch(this.scale);
    paper.setTransform(this.dots, 0, 0, this.dots, 0, 0);
    paper.clearRect(0, 0, this.wide, this.high);
    paper.lineWidth = 1;
    paper.strokeStyle = TIE;
    for (const byHand of [0, 1]) this.drawTies(byHand);
    const radius = Math.max(1.5, Math.min(9, RADIUS * Math.sqrt(this.scale)));
    paper.fillStyle = NODE;
    paper.beginPath();
    const labelled = [];
    for (const node of this.nodes) {
      const [x, y] = this.at(node);
      if (x < -60 || y < -20 || x > this.wide + 20 || y > this.high + 20) continue;
      paper.moveTo(x + radius, y);
      paper.arc(x, y, radius, 0, 7);
      if (this.scale >= LABELS_FROM) labelled.push([node, x, y]);
    }
    paper.fill();
    paper.fillStyle = INK;
    paper.font = "13px system-ui, sans-serif";
    for (const [node, x, y] of labelled) {
      this.write(node.drill ? `${node.name} (${this.text.textDrill})` : node.name, x + radius + 4, y + 4.5);
    }
    if (this.chosen) this.drawChosen(radius);
    this.drawAxis();
  }

  drawTies(byHand) {
    this.paper.setLineDash(byHand ? [5, 4] : []);
    this.paper.beginPath();
    for (const tie of this.ties) {
      if (tie.byHand !== byHand) continue;
      const [x, y] = this.at(tie.from);
      const [to, below] = this.at(tie.to);
      if (Math.max(x, to) < 0 || Math.min(x, to) > this.wide) continue;
      if (Math.max(y, below) < 0 || Math.min(y, below) > this.high) continue;
      this.paper.moveTo(x, y);
      this.paper.lineTo(to, below);
    }
    this.paper.stroke();
    this.paper.setLineDash([]);
  }

  drawChosen(radius) {
    const paper = this.paper;
    const [x, y] = this.at(this.chosen);
    paper.lineWidth = 3;
    paper.strokeStyle = INK;
    paper.beginPath();
    for (const other of [...this.chosen.into, ...this.chosen.out]) {
      paper.moveTo(x, y);
      paper.lineTo(...this.at(other));
    }
    paper.stroke();
    paper.fillStyle = CHOSEN;
    paper.beginPath();
    paper.arc(x, y, radius + 4, 0, 7);
    paper.fill();
    paper.stroke();
    paper.fillStyle = INK;
    paper.font = "bold 15px system-ui, sans-serif";
    this.write(this.chosen.name, x + radius + 9, y + 5);
  }

  // On a light ground of its own, so that ties do not run through the figures.
  write(text, x, y) {
    this.paper.lineWidth = 4;
    this.paper.strokeStyle = "#fff";
    this.paper.strokeText(text, x, y);
    this.paper.fillText(text, x, y);
  }

  // What the columns are, along the upper edge: as many words as have room.
  drawAxis() {
    const paper = this.paper;
    paper.fillStyle = "#eef5f4";
    paper.fillRect(0, 0, this.wide, AXIS);
    paper.fillStyle = INK;
    paper.font = "13px system-ui, sans-serif";
    const step = Math.max(1, Math.ceil(100 / (COLUMN * this.wider)));
    for (let column = 0; column <= this.width / COLUMN; column += step) {
      const x = this.left + column * COLUMN * this.wider;
      const said = this.across === "day" ? this.date(column) : `${this.text.textGeneration} ${column + 1}`;
      if (x > -90 && x < this.wide) paper.fillText(said, Math.max(4, x - 22), 18);
    }
  }

  date(day) {
    const on = new Date(this.first.getTime() + day * 86400000);
    return `${on.getUTCDate()}/${on.getUTCMonth() + 1}/${on.getUTCFullYear()}`;
  }

  choose(node, moves = true) {
    this.chosen = node;
    const facts = [
      `${this.text.textCase} ${node.name}${node.drill ? ` (${this.text.textDrill})` : ""}`,
      `${this.text.textOnset} ${this.date(node.day)}`,
      `${this.text.textGeneration} ${node.generation}`,
      this.communes[node.commune],
    ];
    if (node.into.length) facts.push(`${this.text.textBy} ${node.into.map((one) => one.name).join(", ")}`);
    if (node.out.length) facts.push(`${this.text.textInfected} ${node.out.map((one) => one.name).slice(0, 12).join(", ")}`);
    this.said.textContent = facts.join(" · ");
    if (moves) this.bring(node);
    this.redraw();
  }

  // Moves the paper only as far as needed, so that the eye keeps its place.
  bring(node) {
    const [x, y] = this.at(node);
    if (x < EDGE) this.left += EDGE - x;
    if (x > this.wide - 2 * EDGE) this.left -= x - (this.wide - 2 * EDGE);
    if (y < EDGE + AXIS) this.top += EDGE + AXIS - y;
    if (y > this.high - EDGE) this.top -= y - (this.high - EDGE);
  }

  find(name) {
    const node = this.byName.get(name.toLowerCase());
    if (!node) {
      this.said.textContent = this.text.textUnknown;
      return;
    }
    if (this.scale < 0.8) this.zoom(0.8 / this.scale);
    const [x, y] = this.at(node);
    this.left += this.wide / 2 - x;
    this.top += this.high / 2 - y;
    this.choose(node);
    this.canvas.focus();
  }

  near(x, y) {
    let best = null;
    let least = 14 * 14;
    for (const node of this.nodes) {
      const [nodeX, nodeY] = this.at(node);
      const far = (nodeX - x) ** 2 + (nodeY - y) ** 2;
      if (far < least) [best, least] = [node, far];
    }
    return best;
  }

  neighbour(key) {
    const from = this.chosen;
    if (!from) return this.nodes[0];
    if (key === "ArrowRight") return [...from.out].sort((one, other) => one.y - other.y)[0];
    if (key === "ArrowLeft") return [...from.into].sort((one, other) => one.y - other.y)[0];
    const down = key === "ArrowDown";
    const beyond = this.nodes.filter((node) => node.x === from.x && (down ? node.y > from.y : node.y < from.y));
    return beyond.sort((one, other) => (down ? one.y - other.y : other.y - one.y))[0];
  }

  open() {
    if (!this.chosen) return;
    const page = this.chosen.id < 0 ? this.text.report : this.text.case;
    window.location.assign(page.replace("/0/", `/${Math.abs(this.chosen.id)}/`));
  }

  listen() {
    const canvas = this.canvas;
    canvas.addEventListener("keydown", (event) => this.onKey(event));
    canvas.addEventListener("pointerdown", (event) => this.onDown(event));
    canvas.addEventListener("pointermove", (event) => this.onMove(event));
    for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, (event) => this.onUp(event));
    canvas.addEventListener("dblclick", () => this.open());
    canvas.addEventListener("wheel", (event) => {
      if (document.activeElement !== canvas && !event.ctrlKey) return;
      event.preventDefault();
      this.zoom(event.deltaY < 0 ? 1.2 : 1 / 1.2, event.offsetX, event.offsetY);
    }, { passive: false });
    new ResizeObserver(() => this.measure()).observe(canvas);
    this.section.querySelector("[data-search]").addEventListener("submit", (event) => {
      event.preventDefault();
      this.find(event.target.querySelector("input").value.trim());
    });
    for (const button of this.section.querySelectorAll("[data-zoom]")) {
      button.addEventListener("click", () =>
        ({ in: () => this.zoom(1.4), out: () => this.zoom(1 / 1.4), all: () => this.fit() })[button.dataset.zoom]());
    }
    for (const button of this.section.querySelectorAll("[data-across]")) {
      button.addEventListener("click", () => this.turn(button.dataset.across));
    }
  }

  turn(across) {
    this.across = across;
    for (const button of this.section.querySelectorAll("[data-across]")) {
      button.setAttribute("aria-pressed", String(button.dataset.across === across));
    }
    this.place();
    this.fit();
  }

  onKey(event) {
    const acts = { "+": () => this.zoom(1.25), "=": () => this.zoom(1.25), "-": () => this.zoom(0.8),
      0: () => this.fit(), Enter: () => this.open() };
    if (event.key.startsWith("Arrow")) {
      const node = this.neighbour(event.key);
      if (node) this.choose(node);
    } else if (acts[event.key] && !event.ctrlKey && !event.metaKey) acts[event.key]();
    else return;
    event.preventDefault();
  }

  onDown(event) {
    this.canvas.setPointerCapture(event.pointerId);
    this.pointers.set(event.pointerId, [event.offsetX, event.offsetY]);
    this.moved = 0;
  }

  onMove(event) {
    const before = this.pointers.get(event.pointerId);
    if (!before) return;
    const [x, y] = [event.offsetX, event.offsetY];
    if (this.pointers.size === 2) {
      const [other] = [...this.pointers].filter(([id]) => id !== event.pointerId).map(([, at]) => at);
      const [was, is] = [before, [x, y]].map(([ax, ay]) => Math.hypot(ax - other[0], ay - other[1]));
      if (was > 0) this.zoom(is / was, (x + other[0]) / 2, (y + other[1]) / 2);
    } else {
      this.left += x - before[0];
      this.top += y - before[1];
      this.redraw();
    }
    this.moved += Math.abs(x - before[0]) + Math.abs(y - before[1]);
    this.pointers.set(event.pointerId, [x, y]);
  }

  onUp(event) {
    this.pointers.delete(event.pointerId);
    if (this.moved > 5 || event.type === "pointercancel") return;
    const node = this.near(event.offsetX, event.offsetY);
    if (node) this.choose(node, false);
  }
}

async function begin(section) {
  section.hidden = false;
  try {
    const answer = await fetch(section.dataset.graph, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(String(answer.status));
    const graph = new Graph(section, await answer.json());
    const chosen = graph.byNumber.get(Number(section.dataset.chosen));
    if (chosen) graph.choose(chosen);
  } catch {
    section.querySelector("[data-said]").textContent = section.dataset.textFailed;
  }
}

for (const section of document.querySelectorAll("[data-graph]")) begin(section);
