import type { Point } from '../model/datasets.js';
import { messageOf } from '../model/message.js';
import { loadReader } from '../model/own-data.js';
import { readLink, writeLink } from '../model/playground-link.js';
import { DEFAULT_STATE, LIMITS, type PlaygroundState, shapeOf } from '../model/playground-state.js';
import { Session } from '../model/session.js';
import { Controls, type Pace } from '../view/controls.js';
import { DataPanel } from '../view/data-panel.js';
import { byId, element } from '../view/element.js';
import { FrameLoop, painted } from '../view/frames.js';
import type { Inside } from '../view/inside.js';
import type { Change, Changes, Lab } from '../view/lab.js';
import { LayersPanel } from '../view/layers-panel.js';
import { NetworkView, type UnitAt } from '../view/network-view.js';
import { short, whole } from '../view/numbers.js';
import { OutputView } from '../view/output-view.js';
import { ScoreCurves } from '../view/score-curves.js';
import { onTheme, startTheme } from '../view/theme.js';

/**
 * The milliseconds of a frame of 16 ms for training and pictures. The browser needs the rest; if frames are late, there
 * are fewer.
 */
const MOST_WORK_MS = 11;
const LEAST_WORK_MS = 4;
const LEAST_TRAIN_MS = 2;
/** What a frame in time adds; a late one takes a tenth away. At 8 ms of work, one frame in 40 is late then. */
const MORE_WORK_MS = 0.02;
/** A frame that comes later than this after the one before is late. */
const LATE_MS = 19;
/** The mean time that pictures may take of a frame; larger networks are drawn less often. */
const DRAW_MS = 5;
/** Numbers and curves change this often. */
const SLOW_MS = 100;

class Playground implements Lab {
  state: PlaygroundState = DEFAULT_STATE;
  session!: Session;
  point!: Point;
  chosen: UnitAt = { layer: 0, unit: 0 };
  readonly #loop = new FrameLoop(
    () => this.#frame(),
    (error) => this.fail(error),
  );
  readonly #controls: Controls;
  readonly #data: DataPanel;
  readonly #layers: LayersPanel;
  readonly #network: NetworkView;
  readonly #output: OutputView;
  readonly #curves = new ScoreCurves();
  #inside: Inside | undefined;
  readonly #holder = document.createElement('div');
  #pace: Pace = 'full';
  /** Training begins when there are enough points. */
  #waitsForPoints = false;
  #frames = 0;
  #drawMs = 1;
  #workMs = MOST_WORK_MS;
  #frameAt = 0;
  #slowAt = 0;
  #samplesAt = { samples: 0, time: 0 };
  /** Changes that were made while a network was being created. */
  #changing: Promise<void> = Promise.resolve();

  constructor() {
    const change: Change = (changes) => this.change(changes);
    this.#controls = new Controls(byId('controls'), {
      toggle: () => (this.#loop.isRunning ? this.pause() : this.play()),
      step: () => void this.#step(),
      reset: () => void this.change({}),
      adjust: (changes) => this.#adjust(changes),
      change,
      view: (changes) => this.#view(changes),
    });
    this.#data = new DataPanel(byId('data'), change);
    this.#layers = new LayersPanel(byId('network'), change);
    this.#network = new NetworkView({
      choose: (at) => this.#choose(at),
      preview: (at) => {
        this.#output.preview(at);
        this.#output.draw(this.point);
      },
      edit: ({ layer, unit, input }, value) => {
        this.session.setWeight(layer, unit, input, value);
        this.redraw();
      },
    });
    this.#holder.className = 'holder';
    this.#holder.append(this.#network.element);
    const legend =
      'Below each map, as far as there is room: δ = ∂C/∂b and a of the sample with the ring, and |∇w|, the length of ' +
      'its gradient by the weights of the unit. Point at a line for the gradient of its weight.';
    byId('network').append(this.#holder, element('p', { class: 'quiet caption' }, legend));
    this.#output = new OutputView({ click: (x1, x2) => this.#click(x1, x2) });
    byId('output').append(this.#output.element, this.#curves.element);
    new ResizeObserver(() => this.#fit()).observe(this.#holder);
    onTheme(() => {
      if (!this.session) return;
      this.#network.show(this.session, this.chosen, this.#holder.clientWidth);
      this.#output.show(this.session);
      this.redraw();
    });
  }

  /** Begins with the state of the address. */
  async open(): Promise<void> {
    const { state, fingerprint, problems } = readLink(location.hash);
    this.state = DEFAULT_STATE;
    await this.change(state);
    byId('message').textContent = problems.join(' ');
    if (fingerprint) await (await this.openInside()).compare(fingerprint);
  }

  /** Loads the panels below the network. */
  async openInside(): Promise<Inside> {
    const { Inside } = await import('../view/inside.js');
    // from here on, the inspector is loaded for every new network
    this.#inside ??= new Inside(this, byId('inside'));
    const { session } = this;
    await Promise.all([session.openInspector(), this.#curves.load()]).catch((error) => {
      // if another network has replaced this one meanwhile, nothing is needed
      if (session === this.session) throw error;
    });
    this.#inside.update();
    return this.#inside;
  }

  play(): void {
    if (this.state.data === 'own' && this.state.own.length < LIMITS.points.least) {
      this.#waitsForPoints = true;
      byId('message').textContent = `Draw ${LIMITS.points.least} points or more: the network learns from them.`;
      return;
    }
    this.#waitsForPoints = false;
    this.#loop.start();
    this.#controls.showPlaying(true);
  }

  pause(): void {
    this.#waitsForPoints = false;
    this.#loop.stop();
    this.#controls.showPlaying(false);
  }

  change(changes: Changes): Promise<void> {
    this.#changing = this.#changing.then(() => this.#begin(changes)).catch((error) => this.fail(error));
    return this.#changing;
  }

  async #begin(changes: Changes): Promise<void> {
    const wasRunning = this.#loop.isRunning || this.#waitsForPoints;
    this.pause();
    const state = { ...this.state, ...(typeof changes === 'function' ? changes(this.state) : changes) };
    const session = await Session.create(state);
    // a frame may still be at work on the old network
    await this.#loop.idle();
    if (this.#inside) await session.openInspector();
    this.session?.dispose();
    this.session = session;
    this.state = state;
    this.point = session.training[0];
    const { layers } = session.net;
    const layer = Math.min(this.chosen.layer, layers.length - 1);
    this.chosen = { layer, unit: Math.min(this.chosen.unit, layers[layer].units - 1) };
    byId('message').textContent = '';
    this.#showState();
    this.#network.show(session, this.chosen, this.#holder.clientWidth);
    this.#output.show(session);
    this.#curves.clear();
    this.#samplesAt = { samples: 0, time: performance.now() };
    this.#drawMs = 1;
    this.redraw();
    await this.#slow();
    if (wasRunning) this.play();
  }

  #showState(): void {
    this.#controls.show(this.state);
    this.#data.show(this.state);
    this.#layers.show(this.state);
    history.replaceState(null, '', writeLink(this.state));
  }

  /** Settings that the present network takes. */
  #adjust(changes: Partial<PlaygroundState>): void {
    this.state = { ...this.state, ...changes };
    const { net } = this.session;
    net.l1 = this.state.l1;
    net.l2 = this.state.l2;
    this.#showState();
  }

  #view({ isDiscrete, showsTest, pace }: { isDiscrete?: boolean; showsTest?: boolean; pace?: Pace }): void {
    if (isDiscrete !== undefined) this.#output.isDiscrete = isDiscrete;
    if (showsTest !== undefined) this.#output.showsTest = showsTest;
    if (pace) this.#pace = pace;
    this.#output.updatePoints();
    this.redraw();
  }

  #choose(at: UnitAt): void {
    this.chosen = at;
    this.#network.choose(at);
    this.redraw();
  }

  #click(x1: number, x2: number): void {
    if (this.#data.draw(x1, x2)) return;
    this.point = nearest(this.session.training, x1, x2);
    this.redraw();
  }

  /** The width of the page has changed. */
  #fit(): void {
    if (!this.session || this.#holder.clientWidth === 0) return;
    this.#network.show(this.session, this.chosen, this.#holder.clientWidth);
    this.redraw();
  }

  redraw(): void {
    this.#output.updateMap();
    this.#network.updateMaps();
    this.#network.updateNumbers(this.session.look(this.point));
    this.#draw();
    this.#inside?.update();
  }

  #draw(): void {
    this.#output.draw(this.point);
    this.#network.draw();
  }

  async #step(): Promise<void> {
    this.pause();
    await this.#loop.idle();
    try {
      this.session.step(this.state);
      await this.#slow();
      this.redraw();
    } catch (error) {
      this.fail(error);
    }
  }

  async #frame(): Promise<void> {
    const { session } = this;
    const now = performance.now();
    const isLate = now - this.#frameAt > LATE_MS;
    this.#frameAt = now;
    this.#workMs = isLate
      ? Math.max(LEAST_WORK_MS, 0.9 * this.#workMs)
      : Math.min(MOST_WORK_MS, this.#workMs + MORE_WORK_MS);
    if (this.#pace === 'full') await session.train(Math.max(LEAST_TRAIN_MS, this.#workMs - this.#drawMs), this.state);
    else for (let i = this.#pace === 'ten' ? 10 : 1; i > 0; i--) session.step(this.state);
    if (this.#frames === 0) {
      performance.mark('trained');
      void this.openInside().catch((error) => this.fail(error));
    }
    const started = performance.now();
    // the two halves of the picture take turns
    this.#frames++;
    const every = Math.max(1, Math.round(this.#drawMs / DRAW_MS));
    if (this.#frames % (2 * every) === 0) {
      this.#network.updateMaps();
      this.#network.draw();
    } else if (this.#frames % (2 * every) === every) {
      this.#output.updateMap();
      this.#output.draw(this.point);
    }
    if (started - this.#slowAt > SLOW_MS) {
      this.#slowAt = started;
      await this.#slow();
      this.#network.updateNumbers(session.look(this.point));
      this.#inside?.update();
    } else if (this.#frames % every === 0) {
      this.#drawMs += 0.1 * (performance.now() - started - this.#drawMs);
    }
  }

  /** What changes some times a second: costs, curves and numbers. */
  async #slow(): Promise<void> {
    const { session } = this;
    const { training, test } = await session.scores();
    this.#curves.add(session.epochs, training.cost, test?.cost);
    this.#curves.draw();
    const now = performance.now();
    const pace = (1000 * (session.samples - this.#samplesAt.samples)) / (now - this.#samplesAt.time);
    this.#samplesAt = { samples: session.samples, time: now };
    const right = test?.accuracy === undefined ? '' : `, ${(100 * test.accuracy).toFixed(1)} % right`;
    const parts = [
      `${shapeOf(this.state)}, ${whole(session.net.parameters)} parameters`,
      `epoch ${whole(Math.floor(session.epochs))}`,
      `cost ${short(training.cost)}${test ? `, test ${short(test.cost)}${right}` : ''}`,
    ];
    if (this.#loop.isRunning) parts.push(`${whole(pace)} samples a second`);
    this.#controls.read(parts.join(' · '));
  }

  fail(error: unknown): void {
    this.pause();
    const message = byId('message');
    message.textContent = messageOf(error);
    message.scrollIntoView({ block: 'nearest' });
  }
}

function nearest(points: readonly Point[], x1: number, x2: number): Point {
  const distance = (point: Point) => Math.hypot(point.x1 - x1, point.x2 - x2);
  return points.reduce((best, point) => (distance(point) < distance(best) ? point : best));
}

startTheme();
await painted();
const playground = new Playground();
await playground.open();
addEventListener('hashchange', () => void playground.open());
// for visitors who prefer less motion, training does not start by itself
if (matchMedia('(prefers-reduced-motion: reduce)').matches) await playground.openInside();
else playground.play();
// code that is loaded later must be available even if the connection is lost
setTimeout(
  () => void Promise.allSettled([loadReader(), import('../model/race.js').then((race) => race.loadOptimizers())]),
  1000,
);
