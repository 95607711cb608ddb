import { Hero, type Line } from '../model/hero.js';
import { startCopyButtons } from '../view/copy.js';
import { byId, tableRow } from '../view/element.js';
import { startExample } from '../view/example.js';
import { FrameLoop, painted } from '../view/frames.js';
import { HeatMap } from '../view/heat-map.js';
import { short, subscript, whole } from '../view/numbers.js';
import { drawPoints, pixelOf } from '../view/scatter.js';
import { startScrollBoxes } from '../view/scroll-box.js';
import { colour, onTheme, startTheme } from '../view/theme.js';

/** So few steps a frame that a visitor can watch the network learn. */
const STEPS_A_FRAME = 25;
/** Numbers that change faster than this could not be read. */
const NUMBERS_MS = 300;
const SAMPLES = [3, 120, 301, 422];
const UNIT = 0;

const canvas = byId<HTMLCanvasElement>('picture');
const context = canvas.getContext('2d') as CanvasRenderingContext2D;
const runButton = byId('run');
const sampleSelect = byId<HTMLSelectElement>('sample');

let hero: Hero;
let seed = 1;
let map: HeatMap;
let numbersAt = 0;
/** Training pauses once when little is left to learn. A visitor may let it go on. */
let goesOn = false;
const chosen = () => Number(sampleSelect.value);

function drawPicture(): void {
  const size = canvas.width;
  map.set(hero.map(), 0, 1);
  map.draw(context, 0, 0, size);
  drawPoints(context, hero.points, size, { radius: 2.5 });
  const { x1, x2 } = hero.points[chosen()];
  context.strokeStyle = colour('--ink');
  context.lineWidth = 2.5;
  context.beginPath();
  context.arc(pixelOf(x1, size), pixelOf(-x2, size), 7, 0, 2 * Math.PI);
  context.stroke();
}

const line = (id: string, text: string, { right, library }: Line) => {
  // a no-break space keeps the number behind its word
  byId(id).textContent = `${text} = ${short(right)}   library\u00a0${short(library)}`;
};

function writeNumbers(): void {
  const { z, a, delta, weightGradients, bp1, bp2, bp3, bp4 } = hero.look(chosen(), UNIT);
  const [aL, y, slopeL] = bp1.terms.map(short);
  line('bp1', `δ³ = (a³ − y) σ′(z³) = (${aL} − ${y}) · ${slopeL}`, bp1);
  const [w, deltaL, slope] = bp2.terms.map(short);
  line('bp2', `δ²₁ = w³₁₁ δ³ σ′(z²₁) = ${w} · ${deltaL} · ${slope}`, bp2);
  line('bp3', '∂C/∂b²₁ = δ²₁', bp3);
  const [delta1, x1] = bp4.terms.map(short);
  line('bp4', `∂C/∂w²₁₁ = δ²₁ a¹₁ = ${delta1} · ${x1}`, bp4);
  byId('units').replaceChildren(
    ...Array.from(z, (zj, j) => {
      const numbers = [zj, a[j], delta[j], weightGradients[2 * j], weightGradients[2 * j + 1]];
      return tableRow(subscript(j + 1), ...numbers.map(short));
    }),
  );
  const pace = hero.trainingMs > 0 ? `, ${whole((1000 * hero.samples) / hero.trainingMs)} samples a second` : '';
  byId('progress').textContent = `epoch ${whole(hero.epochs)}, cost ${short(hero.cost)}${pace}`;
}

function draw(): void {
  drawPicture();
  writeNumbers();
}

const loop = new FrameLoop(
  async () => {
    hero.train(STEPS_A_FRAME);
    drawPicture();
    const now = performance.now();
    const pauses = hero.isDone && !goesOn;
    if (now - numbersAt >= NUMBERS_MS || pauses) {
      numbersAt = now;
      writeNumbers();
    }
    if (pauses) {
      goesOn = true;
      pause();
    }
  },
  (error) => {
    byId('progress').textContent = String(error);
  },
);

function pause(): void {
  loop.stop();
  runButton.textContent = 'Train on';
}

function start(): void {
  loop.start();
  runButton.textContent = 'Pause';
}

function listSamples(): void {
  const last = sampleSelect.selectedIndex;
  sampleSelect.replaceChildren(
    ...SAMPLES.map(
      (index, i) => new Option(`sample ${i + 1}, ${hero.points[index].y > 0 ? 'blue' : 'orange'}`, `${index}`),
    ),
  );
  sampleSelect.selectedIndex = Math.max(0, last);
}

async function begin(): Promise<void> {
  loop.stop();
  const last = hero;
  hero = await Hero.create(seed);
  goesOn = false;
  last?.dispose();
  map = new HeatMap(hero.gridSize);
  listSamples();
  hero.train(1);
  draw();
}

sampleSelect.addEventListener('change', draw);
runButton.addEventListener('click', () => {
  if (loop.isRunning) {
    pause();
    draw();
  } else start();
});
byId('again').addEventListener('click', async () => {
  seed++;
  await begin();
  start();
});

startTheme();
startCopyButtons();
startScrollBoxes();
startExample(() => new Worker(new URL('./runner.ts', import.meta.url), { type: 'module' }));
await painted();
await begin();
onTheme(draw);
// for visitors who prefer less motion, training does not start by itself
if (matchMedia('(prefers-reduced-motion: reduce)').matches) pause();
else start();
