/** A stream of a page, with the one function that is used here. */
export interface PartsStream {
  /**
   * Begins to read, as the method of a ReadableStream does.
   *
   * @returns an object whose `read` gives the parts one by one
   */
  getReader(): {
    read(): Promise<{ readonly done: boolean; readonly value?: unknown }>;
    cancel(): Promise<unknown>;
  };
}

/** The parts of a stream. The streams of some browsers are not iterable themselves. */
export async function* readAll(stream: PartsStream): AsyncGenerator<unknown, void, undefined> {
  const reader = stream.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel();
  }
}
