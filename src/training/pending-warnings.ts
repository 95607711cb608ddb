/** The warnings of a call that no report has had yet. */
export class PendingWarnings {
  #pending: string[] = [];

  /** Adds sentences; undefined ones are left out. */
  add(...warnings: readonly (string | undefined)[]): void {
    for (const warning of warnings) if (warning) this.#pending.push(warning);
  }

  /** The warnings for a report, as its property, which is left out if there are none. No later report has them. */
  take(): { warnings?: readonly string[] } {
    const warnings = this.#pending;
    this.#pending = [];
    return warnings.length > 0 ? { warnings } : {};
  }
}
