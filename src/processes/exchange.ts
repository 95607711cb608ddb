import { LBFGS, PANEL_UNITS } from '../../assembly/abi.js';
import { Header, LayerRow } from '../core/header.js';
import type { Mpi } from './mpi-library.js';

// What the core has processes exchange, and where it lies in the memory. Each has computed some rows of the batch and
// some panels of the parameters; assembly/team.ts divides them, and this file must divide them in the same way. Nothing
// is added up, so that the number of processes cannot change a bit.

/** A part of the memory, of which each process has computed some floats. */
interface Region {
  readonly floats: Float32Array;
  readonly counts: Int32Array;
  readonly starts: Int32Array;
}

/** The number of the optimizer's slots: behind the state lies a copy of the parameters and of the state, then x. */
export function slotsIn({ x, state, parameterFloats }: Pick<Header, 'x' | 'state' | 'parameterFloats'>): number {
  return ((x - state) / (4 * parameterFloats) - 1) / 2;
}

/** The exchanges of one network. */
export class Exchange {
  readonly #mpi: Mpi;
  readonly #memory: WebAssembly.Memory;
  /** The regions of a number of rows, and those of the parameters, while nothing in the memory moves. */
  readonly #rows = new Map<number, Region[]>();
  #parameters: Region[] = [];
  #isCurrent = false;
  /** The rows of the chunk whose rows have been exchanged last; 0: none have been since `begin`. */
  lastRows = 0;

  constructor(mpi: Mpi, memory: WebAssembly.Memory) {
    this.#mpi = mpi;
    this.#memory = memory;
  }

  /** A call begins: regions may have moved since the last one. */
  begin(): void {
    this.#isCurrent = false;
    this.lastRows = 0;
  }

  /** The functions that the core calls. */
  get imports(): WebAssembly.ModuleImports {
    return {
      exchangeRows: (rows: number) => {
        this.lastRows = rows;
        this.#all(this.#regionsOfRows(rows));
      },
      exchangeGradients: () => this.#all(this.#regionsAt(this.#header.gradients)),
      exchangeParameters: () => {
        const header = this.#header;
        // L-BFGS moves no parameters in the core: its gradient with the penalties lies in the first slot
        if (header.optimizer === LBFGS) this.#all(this.#regionsAt(header.state));
        else this.#all(this.#parameters);
      },
    };
  }

  /** Each process gets the whole state of the optimizer and all gradients. */
  state(): void {
    this.#prepare();
    const header = this.#header;
    const bytes = 4 * header.parameterFloats;
    for (let slot = 0; slot < slotsIn(header); slot++) this.#all(this.#regionsAt(header.state + slot * bytes));
    this.#all(this.#regionsAt(header.gradients));
  }

  /** Each process gets the rest of the last chunk: what the gradients are not computed from. */
  rest(): void {
    const rows = this.lastRows;
    if (rows === 0) return;
    const layers = this.#layers;
    for (const [l, layer] of layers.entries()) {
      const { z, a, stride, dropped, dropoutMask } = layer;
      this.#all([this.#regionOfRows(z, stride, rows)]);
      if (dropped || l === layers.length - 1) this.#all([this.#regionOfRows(a, stride, rows)]);
      if (dropped) this.#all([this.#regionOfRows(dropoutMask, stride, rows)]);
      if (dropped && l === layers.length - 1) this.#all([this.#regionOfRows(dropped, stride, rows)]);
    }
  }

  #all(regions: readonly Region[]): void {
    for (const { floats, counts, starts } of regions) this.#mpi.exchange(floats, counts, starts);
  }

  get #header(): Header {
    return new Header(this.#memory.buffer as ArrayBuffer);
  }

  get #layers(): LayerRow[] {
    const buffer = this.#memory.buffer as ArrayBuffer;
    return Array.from({ length: this.#header.layerCount }, (_, l) => new LayerRow(buffer, l));
  }

  #prepare(): void {
    if (this.#isCurrent) return;
    this.#isCurrent = true;
    this.#rows.clear();
    this.#parameters = this.#regionsAt(this.#header.parameters);
  }

  #regionsOfRows(rows: number): readonly Region[] {
    this.#prepare();
    const known = this.#rows.get(rows);
    if (known) return known;
    const regions: Region[] = [];
    for (const [l, layer] of this.#layers.entries()) {
      // each process has gathered all of x itself
      if (l > 0) regions.push(this.#regionOfRows(layer.input, layer.inputStride, rows));
      regions.push(this.#regionOfRows(layer.delta, layer.stride, rows));
      if (layer.slopeDelta) regions.push(this.#regionOfRows(layer.slopeDelta, layer.stride, rows));
    }
    regions.push(this.#regionOfRows(this.#header.rowCosts, 8, rows));
    this.#rows.set(rows, regions);
    return regions;
  }

  /** A matrix with a row for each row of the batch, `stride` bytes apart. */
  #regionOfRows(address: number, stride: number, rows: number): Region {
    const { size } = this.#mpi;
    return this.#region(address, rows, stride / 4, (rank) => Math.floor((rows * rank) / size));
  }

  /** A region that is laid out like the parameters. */
  #regionsAt(address: number): Region[] {
    const { size } = this.#mpi;
    const { parameters } = this.#header;
    return this.#layers.flatMap(({ units, fanIn, weights, biases, slopes }) => {
      const panels = Math.ceil(units / PANEL_UNITS);
      const panelsBefore = (rank: number) => Math.floor((2 * panels * rank + size - 1) / (2 * size));
      const region = (start: number, floats: number) =>
        this.#region(address + start - parameters, panels, floats, panelsBefore);
      return [
        region(weights, fanIn * PANEL_UNITS),
        region(biases, PANEL_UNITS),
        ...(slopes ? [region(slopes, PANEL_UNITS)] : []),
      ];
    });
  }

  /** `count` things of `floats` floats each, of which `before(rank)` belong to the processes before that one. */
  #region(address: number, count: number, floats: number, before: (rank: number) => number): Region {
    const ranks = Array.from({ length: this.#mpi.size }, (_, rank) => rank);
    return {
      floats: new Float32Array(this.#memory.buffer, address, count * floats),
      counts: Int32Array.from(ranks, (rank) => (before(rank + 1) - before(rank)) * floats),
      starts: Int32Array.from(ranks, (rank) => before(rank) * floats),
    };
  }
}
