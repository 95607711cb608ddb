// The result of each check, and their counts. An environment that is missing on this machine has failed.

export class Results {
  #name;
  #passed = 0;
  #failed = 0;

  /** `name`: what is tried, such as a runtime; checks are counted by name. */
  constructor(name) {
    this.#name = name;
  }

  /** Tries one thing. `check` throws if simdprop fails in it, and may return a note. */
  async try(name, check) {
    const started = Date.now();
    const print = (outcome, note) => {
      const seconds = ((Date.now() - started) / 1000).toFixed(1);
      console.log(`${outcome} ${name} (${seconds} s)${note ? `: ${note}` : ''}`);
    };
    try {
      const note = await check();
      this.#passed++;
      print('passed', note);
    } catch (error) {
      this.#failed++;
      print('FAILED', error?.message ?? error);
    }
  }

  /** Prints the counts. Returns false if something has failed or nothing was tried. */
  finish() {
    console.log(`${this.#name}: ${this.#passed} passed, ${this.#failed} failed`);
    return this.#failed === 0 && this.#passed > 0;
  }
}
